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

    Signals can be taken only by the main thread; in another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {}

    def note(number, frame):
        _requests.append(number)
        signal.signal(number, usual[number])

    for number in (signal.SIGTERM, signal.SIGINT):
        usual[number] = signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        _requests.clear()
