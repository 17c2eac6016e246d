"""Preemption: signals of a cluster or a terminal, and Ctrl-C, are handled between two steps."""

import contextlib
import signal
import threading

STOPPING = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""SIGHUP of a closed terminal; SIGUSR1 of Slurm's ``--signal=USR1@90``, by convention, before a job ends."""
EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: the same command resumes


class Stopped(Exception):
    """The process was asked to stop by the signal ``signal``, and its state is saved."""

    def __init__(self, number):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.signal = number


_requests: list[int] = []


def requested():
    """Whether this process was asked to stop."""
    return bool(_requests)


def stop_if_requested():
    """Raise `Stopped` when this process was asked to stop; for code that has nothing to save."""
    if _requests:
        raise Stopped(_requests[0])


@contextlib.contextmanager
def listening():
    """Within this context a first SIGINT or signal of `STOPPING` is recorded; a second has its usual effect.

    Raises `Stopped` at the end if a signal arrived after the last `stop_if_requested`, so that no other run
    begins. Only the main thread can handle signals; in another thread this does nothing. An ignored signal
    stays ignored: a shell starts background jobs with SIGINT ignored, and nohup ignores SIGHUP.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {}

    def note(number, frame):
        _requests.append(number)
        signal.signal(number, usual[number])

    for number in (*STOPPING, signal.SIGINT):
        if signal.getsignal(number) != signal.SIG_IGN:
            usual[number] = signal.signal(number, note)
    try:
        yield
        stop_if_requested()
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        _requests.clear()


@contextlib.contextmanager
def stopping_at_once():
    """Within this context, except inside `listening`, a signal of `STOPPING` raises `Stopped` immediately.

    For work that has nothing to save. Ctrl-C does the same by itself.
    """

    def stop(number, frame):
        raise Stopped(number)

    in_main_thread = threading.current_thread() is threading.main_thread()
    heard = [number for number in STOPPING if in_main_thread and signal.getsignal(number) != signal.SIG_IGN]
    usual = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
