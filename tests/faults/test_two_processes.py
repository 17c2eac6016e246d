"""Two processes on one runs folder: they share the runs, and one takes over from one that was killed."""

import signal

from tests.faults.child import At
from tests.faults.compare import assert_same, what_a_run_left
from tests.faults.conftest import SECOND_ROW
from tests.faults.processes import ROW, STEPS, command


def test_two_processes_that_start_at_once_train_each_run_once(
    new_life, undisturbed, reference, happened, scenes
):
    life = new_life()
    other = new_life(runs=life.runs, row=SECOND_ROW)
    commands = [command(scenes, life.runs, row=row) for row in (ROW, SECOND_ROW)]
    processes = [life.start_commands(commands) for _ in range(2)]
    for process in processes:
        assert process.wait() == 0, process.why
    assert all(process.steps for process in processes), "one of them had nothing to do"
    assert sum(len(process.steps) for process in processes) == 2 * STEPS
    assert [process.out.count("made by another process") for process in processes] == [1, 1]
    happened("two processes start at once with the same two runs")
    assert_same(life.folder, reference)
    assert_same(other.folder, what_a_run_left(undisturbed[SECOND_ROW]))


def test_a_process_that_waits_takes_over_from_one_that_is_killed(life, reference, happened):
    holder = life.start(At("tests.faults.child:begin_step", 4, "", signal.SIGSTOP), minutes=0.0001)
    holder.until_frozen()
    states = life.states()
    waiting = life.start()
    waiting.until(lambda: "waiting for" in waiting.out, "it waited")
    assert f"process {holder.pid} on" in waiting.out
    assert waiting.first is None
    holder.kill()
    assert holder.wait() == -signal.SIGKILL
    assert waiting.wait() == 0, waiting.why
    assert waiting.first == states[-1]
    happened("kill -9 of the process that another one waits for", life, holder)
    assert_same(life.folder, reference)
