"""Printing loses no result: files are written first, and any standard output will do."""

import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

READERS = {
    "ascii": ("PYTHONIOENCODING=ascii {}", 0, r"| ours paper diff gain (paper)"),
    "head": ("{} | head -1", 0, "DEMO SCALE"),
    "full disk": ("{} > /dev/full", 2, "cannot be written (No space left on device); all files are written"),
    "latin-1": ("PYTHONIOENCODING=latin-1 {}", 0, "-¹    0.58"),
    "closed": ("{} >&-", 0, ""),
    "closed too": ("{} >&- 2>&-", 0, ""),
}
SLOW = ("latin-1", "closed too")


@pytest.mark.parametrize(
    "reader", [pytest.param(r, marks=[pytest.mark.slow] * (r in SLOW), id=r) for r in READERS]
)
def test_whatever_the_output_is_all_files_are_written_and_no_traceback(pristine, tmp_path, reader):
    line, code, words = READERS[reader]
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce", "compare", "--runs", tmp_path]
    quoted = " ".join(f"'{word}'" for word in [*command, "--cityscapes", pristine])
    shell = ["bash", "-o", "pipefail", "-c", line.format(quoted)]
    done = subprocess.run(shell, cwd=REPOSITORY, capture_output=True)
    output = (done.stdout + done.stderr).decode("latin-1")
    assert done.returncode == code, output
    assert words in output and "Traceback" not in output
    suffixes = {path.suffix for path in (tmp_path / "tables").glob("table1-scenes-demo.*")}
    assert suffixes == {".txt", ".md", ".csv", ".tex", ".json"}
    assert (tmp_path / "tables" / "report-table1-scenes-demo.html").stat().st_size > 10_000


def test_help_in_ascii():
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce", "text-numbers", "--help"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True)


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_a_terminal_of_80_columns_gets_no_longer_lines(monkeypatch, shown, tmp_path, no_color, colored):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", no_color)
    text = shown("claims", "--set", "disp_scale=W", "recon_space=rgb01", "mfb=global", "warp_border=zero")
    assert ("\x1b[" in text) is colored
    if not colored:
        assert max(len(line) for line in text.splitlines() if not line.startswith("wrote ")) <= 80
    assert max(map(len, (tmp_path / "tables/claims-scenes-demo.txt").read_text().splitlines())) > 80
