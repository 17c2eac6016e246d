import errno
import fcntl
import os

import pytest

from selfsup_segmentation.experiments.records.lock import BusyError, holder, one_after_the_other, only_one


def test_one_process_holds_a_run(tmp_path):
    with only_one(tmp_path, pytest.fail):
        assert holder(tmp_path).startswith(f"process {os.getpid()} on ")
        with pytest.raises(BusyError), only_one(tmp_path, pytest.fail):
            pass
    assert holder(tmp_path) is None


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_warned_of_and_works(tmp_path, monkeypatch, number):
    def flock(file, kind):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    warnings = []
    with only_one(tmp_path, warnings.append), one_after_the_other(tmp_path / "cache"):
        assert holder(tmp_path) is None
    assert warnings == [
        f"the file system of {tmp_path} has no locks: let no other process train the same runs"
    ]


def test_other_errors_of_a_lock_stay(tmp_path, monkeypatch):
    def flock(file, kind):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    for lock in (lambda: only_one(tmp_path, pytest.fail), lambda: one_after_the_other(tmp_path)):
        with pytest.raises(OSError, match="Input/output"), lock():
            pass
