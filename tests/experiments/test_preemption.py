"""Signals to this very process, as a cluster or a person sends them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import pytest

from selfsup_segmentation.experiments import preemption
from selfsup_segmentation.experiments.preemption import Stopped, listening, requested, stop_if_requested
from tests.conftest import REPOSITORY

SIGNALS = (*preemption.STOPPING, signal.SIGINT)


@pytest.fixture
def usual():
    """Signals that had their usual effect, which is to be noted here."""
    seen = []
    before = {number: signal.signal(number, lambda number, frame: seen.append(number)) for number in SIGNALS}
    yield seen
    for number, handler in before.items():
        signal.signal(number, handler)


@contextlib.contextmanager
def stopped_by(number):
    """The block must end with `Stopped` by a signal, and leave no request behind."""
    with pytest.raises(Stopped, match=f"^stopped by {signal.Signals(number).name}$") as stopped:
        yield
    assert stopped.value.signal == number
    assert not requested()


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_first_signal_is_noted_and_a_second_one_has_its_usual_effect(usual, number):
    with stopped_by(number), listening():
        assert not requested()
        stop_if_requested()
        send(number)
        assert requested()
        assert usual == []
        send(number)
        assert usual == [number]
        stop_if_requested()
        pytest.fail("went on")


def test_the_first_of_two_kinds_is_named_and_both_are_noted(usual):
    with stopped_by(signal.SIGTERM), listening():
        send(signal.SIGTERM)
        send(signal.SIGINT)
        assert usual == []
        send(signal.SIGINT)
        assert usual == [signal.SIGINT]
        stop_if_requested()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_ctrl_c_or_sigterm_ends_the_process_at_once(number):
    program = (
        "import os\n"
        "from selfsup_segmentation.experiments.preemption import listening\n"
        "with listening():\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    print('noted', flush=True)\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout == "noted\n"
    assert done.returncode == -number  # Python, too, ends by SIGINT after a KeyboardInterrupt


def test_a_signal_after_the_last_look_at_it_is_not_forgotten(usual):
    with stopped_by(signal.SIGTERM), listening():
        send(signal.SIGTERM)
    assert usual == []


@pytest.mark.parametrize("error", [None, ValueError("no memory"), KeyboardInterrupt()], ids=repr)
def test_however_it_ends_the_handlers_are_those_from_before(usual, error):
    before = [signal.getsignal(number) for number in SIGNALS]
    expected = pytest.raises(type(error)) if error else contextlib.nullcontext()
    with expected, listening():
        assert all(signal.getsignal(number) not in before for number in SIGNALS)
        if error:
            send(signal.SIGTERM)  # noted, and no reason to hide the error
            raise error
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert not requested()
    send(signal.SIGTERM)
    assert usual == [signal.SIGTERM]


@pytest.mark.parametrize("context", [listening, preemption.stopping_at_once])
def test_what_a_process_was_started_to_ignore_stays_ignored(usual, context):
    """As a shell does for what it starts in the background."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with context():
        for number in SIGNALS:
            send(number)
        assert not requested()


def test_outside_nothing_is_noted(usual):
    send(signal.SIGTERM)
    assert usual == [signal.SIGTERM]
    assert not requested()
    stop_if_requested()


def in_another_thread(function):
    """What a function returns, or raises, in another thread."""
    found = []

    def call():
        try:
            found.append(function())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return found[0]


def test_in_another_thread_nothing_is_listened_to(usual):
    def work():
        with listening():
            return [signal.getsignal(number) for number in SIGNALS]

    before = [signal.getsignal(number) for number in SIGNALS]
    assert in_another_thread(work) == before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_the_main_thread_noted_is_seen_in_other_threads(usual):
    with stopped_by(signal.SIGINT), listening():
        send(signal.SIGINT)
        assert in_another_thread(requested) is True
        assert isinstance(in_another_thread(stop_if_requested), Stopped)


def test_where_there_is_nothing_to_save_a_sigterm_stops_at_once(usual):
    with stopped_by(signal.SIGTERM), preemption.stopping_at_once():
        send(signal.SIGTERM)
        pytest.fail("went on")
    send(signal.SIGTERM)
    assert usual == [signal.SIGTERM]


def test_inside_work_that_stops_at_once_there_may_be_some_that_saves_first(usual):
    saved = []
    with stopped_by(signal.SIGTERM), preemption.stopping_at_once(), listening():
        send(signal.SIGTERM)
        saved.append(requested())
        stop_if_requested()
    assert saved == [True]
    assert usual == []
