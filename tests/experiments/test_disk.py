"""A disk that is full. ``/dev/full`` is one that everybody has: whatever is written to it does not fit."""

import errno
import os
from pathlib import Path

import pytest
import tensorflow as tf

from selfsup_segmentation.experiments.preemption import Stopped
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints, is_sound, system_errors
from selfsup_segmentation.experiments.records.json_files import read_json, write_json
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.reproduce.__main__ import main
from tests.experiments.conftest import tiny_run

FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def link_to_full_disk(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(FULL)


def link_temporary(path):
    """Link the temporary file of `experiments.records.json_files.write_text` to a full disk."""
    link_to_full_disk(path.with_name(f".{path.name}.{os.getpid()}.tmp"))


def test_a_full_disk_of_tensorflow_is_one_of_the_operating_system(tmp_path):
    with pytest.raises(OSError, match="No space left") as full, system_errors(tmp_path / "state"):
        tf.io.write_file(str(FULL), "x" * 100_000)
    assert full.value.errno == errno.ENOSPC
    assert full.value.filename == str(tmp_path / "state")
    with pytest.raises(OSError, match="quota"), system_errors(tmp_path):
        raise tf.errors.UnknownError(None, None, f"{tmp_path}; Disk quota exceeded")
    with pytest.raises(OSError, match="Read-only"), system_errors(tmp_path):
        raise tf.errors.FailedPreconditionError(None, None, f"{tmp_path}; Read-only file system")


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[2,64,512,1024]"),
        tf.errors.NotFoundError(None, None, "no such file"),
        OSError(errno.EIO, "Input/output error"),
        ValueError("No space left in the name"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_stay_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as seen, system_errors(tmp_path):
        raise error
    assert seen.value is error


def test_every_file_of_a_checkpoint_is_flushed_to_the_disk_before_it_is_named(tmp_path, monkeypatch):
    flushed = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.add(os.fstat(descriptor).st_ino))
    monkeypatch.setattr(Path, "rename", lambda source, target: files.update(source.iterdir()))
    files = set()
    Checkpoints(tmp_path, value=tf.Variable(1.0)).save_as("final")
    assert files and {file.stat().st_ino for file in files} <= flushed


def test_a_state_that_does_not_fit_leaves_room_and_the_states_before_it(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path / "checkpoint", value=tf.Variable(1.0))
    checkpoints.save(1)

    def write(prefix):
        Path(f"{prefix}.data").write_bytes(bytes(1000))
        tf.io.write_file(str(FULL), bytes(100_000))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints._checkpoint, "write", write)
        with pytest.raises(OSError, match="No space left") as full:
            checkpoints.save(2)
    assert full.value.filename == str(tmp_path / "checkpoint")
    (state,) = (tmp_path / "checkpoint").iterdir()
    assert state.name == "step-000000001"
    assert is_sound(state)
    checkpoints.save(2)
    assert len(checkpoints.saved()) == 2


def test_a_file_that_does_not_fit_is_named_and_the_old_one_stays(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})
    link_temporary(tmp_path / "a.json")
    with pytest.raises(OSError, match="No space left") as full:
        write_json(tmp_path / "a.json", {"new": 1})
    assert full.value.errno == errno.ENOSPC
    assert full.value.filename == str(tmp_path / "a.json")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert read_json(tmp_path / "a.json") == {"old": 1}


def ended(capsys, *arguments):
    """(exit code, the one sentence) of the command line; what else is on stderr is progress."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    (sentence,) = [line for line in errors.splitlines() if line.startswith("reproduce: ")]
    return code, sentence


def test_a_run_whose_description_does_not_fit_has_not_begun_and_begins_with_more_room(
    capsys, scenes, tmp_path, monkeypatch
):
    monkeypatch.setattr(Training, "to_the_end", lambda *arguments: pytest.fail("trained"))
    folder = tmp_path / "runs" / tiny_run(("seg",)).folder
    link_temporary(folder / "run.json")
    command = ["train", "--cityscapes", scenes.root, "--row", "SS", "--runs", tmp_path / "runs"]
    code, sentence = ended(capsys, *command)
    assert code == 2
    assert f"no space left on the disk of {folder / 'run.json'}; free some" in sentence
    assert not list(folder.glob("*.json"))
    with pytest.raises(pytest.fail.Exception, match="trained"):  # the way is free now
        main([str(word) for word in command])
    assert read_json(folder / "run.json")["folder"] == tiny_run(("seg",)).folder


def test_a_table_that_does_not_fit_is_named(capsys, scenes, tmp_path):
    table = tmp_path / "out" / "table1-scenes-demo.txt"
    link_temporary(table)
    places = ["--runs", tmp_path / "runs", "--out", table.parent]
    code, sentence = ended(capsys, "compare", "--cityscapes", scenes.root, *places)
    assert code == 2
    assert f"no space left on the disk of {table};" in sentence
    assert not table.exists()


def test_what_verify_remembers_does_not_fit(capsys, scenes, tmp_path):
    memory = tmp_path / "runs" / "verify-scenes.jsonl"
    link_to_full_disk(memory)
    options = ["--runs", memory.parent, "--fresh"]  # to read from /dev/full would take for ever
    code, sentence = ended(capsys, "verify", "--cityscapes", scenes.root, *options)
    assert code == 2
    assert f"{memory} cannot be written (No space left on device)" in sentence


def test_scenes_that_do_not_fit(capsys, tmp_path):
    out = tmp_path / "scenes"
    link_to_full_disk(out / f".scenes.incomplete.json.{os.getpid()}.part")
    code, sentence = ended(capsys, "scenes", out, "--count", "1", "--size", "64x32")
    assert code == 2
    assert f"no space left on the disk of {out};" in sentence


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (Stopped(15), 75, "stopped by SIGTERM; what was done is saved, the same command resumes"),
        (Stopped(2), 130, "stopped by SIGINT; what was done is saved, the same command resumes"),
        (KeyboardInterrupt(), 130, "interrupted; the same command resumes"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "no space left on the disk of RUNS; free some"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/a/b"), 2, "no space left on the disk of /a/b; free"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/a"),
            2,
            "permission to use /a is denied; change",
        ),
        (OSError(errno.EROFS, "Read-only", "/a"), 2, "/a lies on a read-only file system; name another path"),
        (OSError(errno.ENAMETOOLONG, "Too long", "/a"), 2, "the path /a is too long for its file system"),
        (OSError(errno.EMFILE, "Many", "/a"), 2, "too many files are open, /a at last; raise the limit"),
        (
            OSError(errno.ESTALE, "Stale"),
            2,
            "file system of RUNS does not answer or is damaged; check it, and",
        ),
    ],
    ids=[
        "SIGTERM",
        "SIGINT",
        "Ctrl-C before it is listened to",
        "full disk",
        "quota",
        "permission",
        "read-only",
        "long name",
        "open files",
        "stale handle",
    ],
)
def test_how_a_command_ends(capsys, monkeypatch, raised, expected, message):
    def end(args):
        raise raised

    monkeypatch.setattr("selfsup_segmentation.reproduce.cli.status.run", end)
    code, sentence = ended(capsys, "status", "--runs", "RUNS")
    assert code == expected
    assert message in sentence


def test_an_error_that_nobody_foresaw_keeps_its_traceback(monkeypatch):
    def end(args):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr("selfsup_segmentation.reproduce.cli.status.run", end)
    with pytest.raises(FileNotFoundError):
        main(["status"])
