"""The environment that the Makefile makes, with a stand-in for Python that installs nothing."""

import subprocess

import pytest

from tests.conftest import REPOSITORY

PYTHON = """#!/bin/sh
case "$1 $2" in
"-c "*) echo {version} ;;
"-m venv")
  rm -rf .venv; mkdir -p .venv/bin; echo {version} > .venv/version
  {broken}
  printf '#!/bin/sh\\necho "$@" >> pip.log\\n' > .venv/bin/pip
  printf '#!/bin/sh\\n' > .venv/bin/reproduce
  chmod +x .venv/bin/* ;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Runs ``make table1`` with a Python of a version."""
    for name in ("Makefile", "setup.py", "constraints.txt"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())

    def call(version, broken=""):
        python = tmp_path / "fakepython"
        python.write_text(PYTHON.format(version=version, broken=broken))
        python.chmod(0o755)
        command = ["make", "table1", "PYTHON=./fakepython"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return call


@pytest.mark.parametrize("broken", ["exit 1", "kill -9 $$"])
def test_an_environment_that_was_not_completed_is_made_again(make, tmp_path, broken):
    assert make("3.11", broken).returncode
    assert (tmp_path / ".venv").exists()
    assert make("3.11").returncode == 0
    assert (tmp_path / "pip.log").read_text().splitlines() == ["install -q -c constraints.txt -e ."]
    assert make("3.11").returncode == 0
    assert len((tmp_path / "pip.log").read_text().splitlines()) == 1


def test_an_environment_of_another_python_is_made_again_with_its_pins(make, tmp_path):
    assert make("3.11").returncode == make("3.10").returncode == 0
    assert (tmp_path / ".venv/version").read_text() == "3.10\n"
    first, second = (tmp_path / "pip.log").read_text().splitlines()
    assert ("constraints" in first, "constraints" in second) == (True, False)


@pytest.mark.parametrize("version", ["3.9", "3.14"])
def test_a_python_that_is_not_supported_gets_one_sentence(make, tmp_path, version):
    result = make(version)
    assert result.returncode
    assert f"is Python {version}, and this project needs 3.10 to 3.13" in result.stderr
    assert not (tmp_path / ".venv").exists()
