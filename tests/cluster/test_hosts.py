"""One run over several hosts: two processes that find each other on the loopback."""

import json
import signal
import socket

import numpy as np
import pytest

from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.training import multiworker
from tests import narrow
from tests.processes import Command
from tests.refused import refused

# Of the losses. On one machine they were equal to the bit; on another, sums over the devices may come in
# another order, and Adam takes full steps where a gradient is no more than that noise. So the rate is small
# and the first epochs are compared. Devices beside one device (tests/experiments/test_computing.py) show how
# large that noise is at this rate: 1e-7, 6e-7, 3e-6 after each epoch.
TOLERANCE, COMPARED = 1e-4, 4
EPOCHS = 5

ROW = "SS+D/UW"
PLACE = f"scenes-demo/SS+D-UW/random/seed0,epochs={EPOCHS},learning_rate=0.0001,replicas=2,size=64x32"


def train(scenes, runs, *more):
    """The command line of a run of 2 steps an epoch: it is under way when the first epoch is seen."""
    words = ["train", "--cityscapes", scenes, "--row", ROW, "--devices", 2]
    words += ["--epochs", EPOCHS, "--size", "64x32", "--learning-rate", "0.0001"]
    return [*words, "--runs", runs, "--no-tensorboard", "--checkpoint-minutes", "0.0001", *more]


def start(home, words):
    """The two processes, each on a port that was free."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    home.mkdir(parents=True, exist_ok=True)
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    configs = [json.dumps({"cluster": {"worker": workers}, "task": task}) for task in tasks]
    return [
        Command(home / f"p{k}", *words, script=narrow.SCRIPT, TF_CONFIG=config)
        for k, config in enumerate(configs)
    ]


@pytest.fixture(scope="module")
def undisturbed(scenes, tmp_path_factory):
    """Runs folder of the run that two processes shared from its beginning to its end."""
    home = tmp_path_factory.mktemp("hosts")
    processes = start(home, train(scenes, home / "runs"))
    assert [process.wait() for process in processes] == [0, 0], processes[0].err[-3000:]
    assert "process 0 has the results" in processes[1].out
    return home / "runs"


def losses(runs):
    """Losses by epoch and task, ``[epochs, 2]``."""
    return np.array(
        [[row["loss_seg"], row["loss_depth"]] for row in read_history(runs / PLACE / "history.csv")]
    )


def test_two_processes_train_as_two_devices_of_one_do(undisturbed, scenes, tmp_path):
    script = (
        "import tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)\n"
    )
    mirrored = Command(
        tmp_path / "mirrored", *train(scenes, tmp_path / "runs"), script=script + narrow.SCRIPT
    )
    assert mirrored.wait() == 0, mirrored.err[-3000:]
    hosts, devices = (losses(runs)[:COMPARED] for runs in (undisturbed, tmp_path / "runs"))
    np.testing.assert_allclose(hosts, devices, rtol=TOLERANCE)
    assert (np.ptp(hosts, axis=0) > 20 * TOLERANCE * hosts[0]).all()  # much less than what an update changes


@pytest.mark.parametrize("victim", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_process_that_dies_ends_the_other_and_the_run_goes_on_to_the_same_end(
    undisturbed, scenes, tmp_path, victim
):
    words = train(scenes, tmp_path / "runs")
    processes = start(tmp_path / "first", words)
    history = tmp_path / "runs" / PLACE / "history.csv"
    processes[victim].until(lambda: history.exists() and read_history(history), "an epoch was done")
    processes[victim].kill(signal.SIGKILL)
    assert processes[victim].wait() == -signal.SIGKILL
    other = processes[1 - victim]
    assert other.wait() == 2, other.err[-3000:]
    assert "another process of TF_CONFIG ended" in other.err and "Traceback" not in other.err
    folder = tmp_path / "runs" / PLACE
    assert max(int(path.name[5:]) for path in (folder / "checkpoint").glob("step-?????????")) >= 2
    assert not (folder / "metrics.json").exists()
    again = start(tmp_path / "second", words)
    assert [process.wait() for process in again] == [0, 0], again[0].err[-3000:]
    ends = [json.loads((place / "metrics.json").read_text()) for place in (undisturbed / PLACE, folder)]
    assert ends[0]["state_sha256"] == ends[1]["state_sha256"]
    assert ends[0]["headline"] == ends[1]["headline"]
    assert len(json.loads((folder / "run.json").read_text())["sessions"]) == 2


@pytest.mark.parametrize(
    "config",
    [
        "no JSON",
        "[]",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1", "b:1"], "ps": ["c:1"]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(config, scenes, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(multiworker.VARIABLE, config)
    assert "TF_CONFIG cannot be used" in refused(capsys, *train(scenes, tmp_path))


def test_hosts_share_one_run_and_no_table(scenes, tmp_path, capsys, monkeypatch):
    config = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv(multiworker.VARIABLE, json.dumps(config))
    for words in (["table1", "--cityscapes", scenes, "--runs", tmp_path], train(scenes, tmp_path)):
        more = ["--executor", "ray"] if words[0] == "train" else []
        assert "reproduce train; unset it" in refused(capsys, *words, *more)
