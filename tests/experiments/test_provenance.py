"""The commit of a result is that of this project, or none."""

import subprocess

import pytest

from selfsup_segmentation.experiments.records import provenance


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("project", "tracked", "known"),
    [
        (".", True, True),
        (".", False, False),
        ("venv/selfsup_segmentation", False, False),
        ("sub", True, False),
    ],
)
def test_only_a_commit_of_this_project_is_recorded(project, tracked, known, tmp_path, monkeypatch):
    file = tmp_path / project / "experiments/records/provenance.py"
    file.parent.mkdir(parents=True)
    file.touch()
    (tmp_path / "other").touch()
    git(tmp_path, "init")
    git(tmp_path, "add", "." if tracked else "other")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.setattr(provenance, "__file__", str(file))
    assert (provenance.git_commit() is not None) == known
