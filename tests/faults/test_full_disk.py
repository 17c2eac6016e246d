"""The disk is full: one sentence, what was saved is valid, and with more room the same command resumes."""

import signal
import subprocess

import pytest

from selfsup_segmentation.experiments.records.checkpoint import is_sound
from tests.faults.child import At
from tests.faults.compare import assert_same

CACHE = 50_000  # bytes: some of the decoded images
ONE_STATE = 4_600_000  # and half of a second one
PLENTY = 100 << 20


class Disk:
    """A file system in memory whose size can be changed."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        done = self._mount("-t", "tmpfs", "-o", f"size={PLENTY}", "none")
        if done.returncode:
            pytest.skip(f"no disk of a chosen size: {done.stderr.strip()}")

    def resize(self, size):
        done = self._mount("-o", f"remount,size={size}")
        assert not done.returncode, done.stderr

    def fill(self):
        """Leave no room; returns what takes it."""
        ballast = self.folder / "ballast"
        with pytest.raises(OSError, match="space"), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
        return ballast

    def unmount(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _mount(self, *options):
        return subprocess.run(["mount", *options, self.folder], capture_output=True, text=True)


@pytest.fixture
def disk(tmp_path):
    """A `Disk`, or the test is skipped."""
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


def test_a_run_on_a_full_disk_says_so_and_ends_as_if_there_was_room(new_life, reference, happened, disk):
    life = new_life(runs=disk.folder / "runs", minutes=0.0001)

    disk.resize(CACHE)
    process = refused(life)
    assert "--cache" in process.complaints[0]
    assert not list((life.runs / "cache").glob("*.tmp"))
    happened("full disk: images are decoded", life, process)

    disk.resize(ONE_STATE)
    process = refused(life)
    assert process.steps == [0]
    assert life.states() == [0]
    assert [path.name for path in (life.folder / "checkpoint").iterdir()] == ["step-000000000"]
    assert is_sound(life.folder / "checkpoint" / "step-000000000")
    happened("full disk: a state is saved", life, process)

    disk.resize(PLENTY)
    process = life.start(
        At("selfsup_segmentation.experiments.records.results:write_json", 1, "metrics.json", signal.SIGSTOP),
        minutes=10,
    )
    process.until_frozen()
    ballast = disk.fill()
    process.kill(signal.SIGCONT)
    assert_refused(process)
    assert not (life.folder / "metrics.json").exists()
    assert life.states()[-1] == 16
    happened("full disk: results", life, process)

    ballast.unlink()
    code, process = life.go()
    assert code == 0, process.why
    assert_same(life.folder, reference)


def refused(life):
    """A process of a life that ends because there is no room."""
    process = life.start()
    assert_refused(process)
    return process


def assert_refused(process):
    code = process.wait()
    assert code == 2, f"ended with {code}: {process.why}"
    assert "Traceback" not in process.err
    assert len(process.complaints) == 1
    assert process.complaints[0].startswith("reproduce: ")
    assert "space" in process.complaints[0]
