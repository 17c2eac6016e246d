"""What was done to the runs and what became of them, as a table."""

import dataclasses

from tests.faults.processes import STEPS, Life, Process


@dataclasses.dataclass
class Entry:
    """One fault.

    Attributes:
        fault: in words.
        injected: how often it was seen to happen.
        survived: of those, how often the run ended as an undisturbed one does; set when the test is over.
        wrong: what went wrong, or why it was not tried.
        steps: that were done again, where no process says so.
    """

    fault: str
    injected: int = 0
    survived: int = 0
    wrong: str = ""
    steps: int = 0
    _at: list = dataclasses.field(default_factory=list)

    def happened(self, life: Life | None = None, process: Process | None = None):
        """Count it, once the test has seen it; with the process that it happened to."""
        self.injected += 1
        if process is not None:
            self._at.append((life, process))

    @property
    def lost(self):
        """Steps that had to be done again."""
        return self.steps + sum(life.lost(process) for life, process in self._at)

    def settle(self):
        """Count the steps that were lost, while the files of the processes are there."""
        self.steps, self._at = self.lost, []

    def as_dict(self):
        """The fields of one that is settled, as plain data."""
        return {name: getattr(self, name) for name in ("fault", "injected", "survived", "wrong", "steps")}


def table(entries):
    """Lines of the faults, in order, and of all of them."""
    rows = [("fault", "injected", "survived", "lost"), *map(_row, entries)]
    faults, survived = (sum(getattr(e, name) for e in entries) for name in ("injected", "survived"))
    lost = sum(entry.lost for entry in entries)
    wrong = sum(bool(entry.wrong) and not entry.wrong.startswith("skipped") for entry in entries)
    rows.append(("all", str(faults), str(survived), f"{lost} steps; {wrong or 'nothing'} wrong"))
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    return [" | ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in rows]


def _row(entry):
    if not entry.injected:
        lost = [entry.wrong or "not injected"]
    else:
        lost = [_steps(entry.lost), entry.wrong or ("" if entry.survived else "its end was not seen")]
    return entry.fault, str(entry.injected), str(entry.survived), "; ".join(filter(None, lost))


def _steps(number):
    return f"{number} of {STEPS} steps" if number else "0 steps"
