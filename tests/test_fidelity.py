"""docs/FIDELITY.md and the declarations of the readings; as a program, writes its table of switches."""

import re

import pytest

from selfsup_segmentation.experiments.readings import DECLARED, Readings
from selfsup_segmentation.reproduce.cli.arguments import parse_readings
from selfsup_segmentation.reproduce.cli.parser import parse
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "FIDELITY.md"
TEXT = PAGE.read_text(encoding="utf-8")
BEGIN, END = "<!-- readings: begin -->\n", "<!-- readings: end -->\n"


def regenerated():
    """The page with its table as the declarations have it."""
    rows = [
        f"| `{name}` | {reading.listed('`')} | {', '.join(reading.depends) or 'all'} | {reading.help} |\n"
        for name, reading in DECLARED.items()
        if not reading.computing
    ]
    before, after = TEXT.split(BEGIN)[0], TEXT.split(END)[1]
    head = "| switch | values | relevant to | meaning |\n|---|---|---|---|\n"
    return "".join([before, BEGIN, head, *rows, END, after])


def test_the_table_of_switches_is_that_of_the_declarations():
    assert regenerated() == TEXT, "run .venv/bin/python -m tests.test_fidelity"


def test_every_reading_of_the_text_has_its_reason():
    reasons = TEXT.split("## All switches")[0]
    assert {name for name in DECLARED if f"`{name}`" in reasons} >= {
        name for name, reading in DECLARED.items() if not reading.computing
    }


@pytest.mark.parametrize("name", DECLARED)
def test_values_are_listed_as_the_command_line_takes_them(name):
    values = re.findall("`(.*?)`", DECLARED[name].listed("`"))
    first, *others = (parse_readings(parse(["table1", "--set", f"{name}={value}"])) for value in values)
    assert first == Readings()
    assert [getattr(other, name) for other in others] == list(DECLARED[name].choices[1:])


if __name__ == "__main__":
    PAGE.write_text(regenerated(), encoding="utf-8")
