"""A request to stop, SIGTERM of a cluster or Ctrl-C of a person, is heard between two steps."""

import contextlib
import signal
import threading

EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: try again, and it goes on


class Stopped(Exception):
    """The process was asked to stop, and its state is saved.

    Attributes:
        signal: number of the signal that asked.
    """

    def __init__(self, number):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.signal = number


_requests: list[int] = []


def requested():
    """Whether this process was asked to stop."""
    return bool(_requests)


def stop_if_requested():
    """Raise `Stopped` when this process was asked to stop; for places that have nothing to save."""
    if _requests:
        raise Stopped(_requests[0])


@contextlib.contextmanager
def listening():
    """Within this context a first SIGTERM or SIGINT is noted, and a second one has its usual effect.

    Signals can be taken only by the main thread; in another one this does nothing. One that is ignored stays
    so: a shell starts what runs in its background deaf to the Ctrl-C of what runs in front.

    Raises:
        Stopped: at the end, when a signal came after the last look at it: who asked to stop must not see
            the next run begin.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {}

    def note(number, frame):
        _requests.append(number)
        signal.signal(number, usual[number])

    for number in (signal.SIGTERM, signal.SIGINT):
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
    """Within this context, but not where one is `listening`, a SIGTERM raises `Stopped` there and then.

    For work that has nothing to save. Ctrl-C does the like by itself.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
        yield
        return

    def stop(number, frame):
        raise Stopped(number)

    usual = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)
