"""Precision, XLA and several devices: other ways to compute the same run."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.executors.local import run_all
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.training.network import build_model
from selfsup_segmentation.experiments.training.strategy import make_optimizer, precision, strategy_of
from tests.conftest import REPOSITORY
from tests.experiments.conftest import TINY

ALL = ("seg", "color", "depth")


def run_with(tasks=ALL, weighting="UW", **readings):
    return catalog.make_run("scenes-demo", tasks, weighting, "random", 0, Readings(**readings))


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_layers_compute_in_the_precision_and_heads_and_weights_in_float32(name):
    model = build_model(run_with(precision=name))
    assert keras.config.dtype_policy().name == "float32"
    encoder = model.get_layer("encoder")
    assert {feature.dtype for feature in encoder.outputs} == {name.removeprefix("mixed_")}
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    images = {key: np.zeros((1, 32, 64, 3), np.float32) for key in ("lab", "gray")}
    assert {logits.dtype for logits in model(images).values()} == {tf.float32}
    for task in ALL:
        head = model.get_layer(f"decoder_{task}").get_layer("final_conv")
        assert head.compute_dtype == "float32"


def test_a_network_in_bfloat16_is_the_one_in_float32_to_its_digits():
    draw = np.random.default_rng(0)
    images = {key: draw.standard_normal((2, 64, 64, 3)).astype(np.float32) for key in ("lab", "gray")}
    exact, rounded = build_model(run_with()), build_model(run_with(precision="mixed_bfloat16"))
    rounded.set_weights(exact.get_weights())
    for task, logits in exact(images).items():
        other = rounded(images)[task]
        assert 0 < np.std(other - logits) < 0.1 * np.std(logits)


@pytest.mark.parametrize("name", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)])
def test_a_run_in_another_precision_is_another_run_and_resumes_to_the_bit(name, library, quiet, tmp_path):
    run = run_with(("seg",), "none", precision=name)
    assert run.folder.endswith(f"seed0,precision={name}")
    undisturbed, resumed = Store(tmp_path / "a"), Store(tmp_path / "b")
    expected = execute(run, undisturbed, library, quiet)
    stops = iter([False, False])  # and then, before the end of the third step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("selfsup_segmentation.experiments.preemption._requests", _Requests(stops))
        with pytest.raises(Exception, match="stopped by"):
            execute(run, resumed, library, quiet)
    assert (resumed.folder(run) / "checkpoint").is_dir()
    metrics = execute(run, resumed, library, quiet)
    assert metrics.state_sha256 == expected.state_sha256
    assert FinishedRun.open(resumed.folder(run)).network.evaluate(library) == metrics.headline


class _Requests(list):
    """Of a process that is asked to stop after some looks at it."""

    def __init__(self, answers):
        super().__init__([15])
        self.answers = answers

    def __bool__(self):
        return next(self.answers, True)


def test_only_float16_scales_its_loss():
    assert isinstance(
        make_optimizer(Readings(precision="mixed_float16"), 1e-3), keras.optimizers.LossScaleOptimizer
    )
    for name in ("float32", "mixed_bfloat16"):
        assert not isinstance(
            make_optimizer(Readings(precision=name), 1e-3), keras.optimizers.LossScaleOptimizer
        )


def test_precision_ends_with_its_context():
    with pytest.raises(ZeroDivisionError), precision("mixed_bfloat16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == "float32"


def test_too_few_devices_are_said_before_anything_is_decoded(tmp_path):
    run = run_with(replicas=16)
    with pytest.raises(InputError, match="fewer --devices"):
        run_all([run], Store(tmp_path), {run.dataset: None}, Options())  # no library: it is not asked


def test_more_devices_than_there_are_and_batches_that_cannot_be_shared_out():
    with pytest.raises(InputError, match=r"replicas=16: this machine has .* fewer --devices"):
        strategy_of(run_with(replicas=16))
    with pytest.raises(ValueError, match="jit"):
        Readings(jit=True, replicas=2)


IN_ANOTHER_PROCESS = """
import json, pathlib, sys
import tensorflow as tf
from selfsup_segmentation.data.layouts import CITYSCAPES
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.records.store import Store
from tests.narrow import narrow
root, runs, descriptions = sys.argv[1:]
library = Library(Source(CITYSCAPES, pathlib.Path(root)), None)
options = Options(imagenet_weights="none", progress="none", tensorboard=False)
with narrow():
    for description in json.loads(descriptions):
        assert execute(Run.from_dict(description), Store(runs), library, options)
"""
# Where the gradient of a weight is rounding noise, Adam's first steps still have their full length, so that
# two computations of the same part; a small rate keeps that apart from what is tested.
SCHEDULE = dataclasses.replace(TINY, size=(128, 64), learning_rate=1e-5)
SHORT = dataclasses.replace(SCHEDULE, epochs=1)
SAME = 1e-5  # of a loss: what sums in another order may differ by; seen: 7e-7
RUNS = {
    "one": ({}, ("seg",), SCHEDULE),
    "two": ({"replicas": 2}, ("seg",), SCHEDULE),
    "jit": ({"jit": True}, ("seg",), SCHEDULE),
}
APART = {"one": RUNS["one"], "apart": ({"replicas": 2, "batch_norm": "per_replica"}, ("seg",), SCHEDULE)}
ALL_TASKS = {
    "one, all tasks": ({}, ALL, SHORT),
    "two, all tasks": ({"replicas": 2}, ALL, SHORT),
}


def train_elsewhere(chosen, scenes, folder):
    """Train runs in processes of their own: dict of (run, metrics, store)."""
    store = Store(folder)
    runs = {
        name: dataclasses.replace(
            run_with(tasks, "UW" if len(tasks) > 1 else "none", **readings), schedule=schedule, base=schedule
        )
        for name, (readings, tasks, schedule) in chosen.items()
    }

    def train(names):
        descriptions = json.dumps([runs[name].to_dict() for name in names])
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS, scenes.root, store.root, descriptions]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    train([name for name in runs if name != "jit"])
    if "jit" in runs:  # whose process has no op determinism
        train(["jit"])
    return {name: (run, store.metrics(run), store) for name, run in runs.items()}


@pytest.fixture(scope="module")
def computed(scenes, tmp_path_factory):
    """The same run on one device, on two and under XLA."""
    return train_elsewhere(RUNS, scenes, tmp_path_factory.mktemp("runs"))


def losses_of(computed, name):
    run, metrics, _ = computed[name]
    return np.array([[row[f"loss_{task}"] for task in run.tasks] for row in metrics.history])


@pytest.mark.parametrize("pair", [("two", "one"), ("jit", "one")])
def test_two_devices_with_synchronized_batch_norm_and_xla_train_as_one_device_does(computed, pair):
    mine, theirs = (losses_of(computed, name) for name in pair)
    np.testing.assert_allclose(mine, theirs, rtol=SAME)


@pytest.mark.slow
def test_two_devices_train_all_tasks_as_one_does(scenes, tmp_path):
    computed = train_elsewhere(ALL_TASKS, scenes, tmp_path)
    one, two = (losses_of(computed, name) for name in ALL_TASKS)
    np.testing.assert_allclose(two, one, rtol=SAME)


@pytest.mark.slow
def test_without_synchronization_they_do_not(scenes, library, tmp_path):
    computed = train_elsewhere(APART, scenes, tmp_path)
    one, apart = (losses_of(computed, name) for name in APART)
    assert np.abs(apart / one - 1).max() > 10 * SAME  # seen: 8e-4
    check_evaluation(*computed["apart"], library, "per_replica")


@pytest.mark.parametrize(("name", "said"), [("two", "replicas=2"), ("jit", "jit=True")])
def test_what_was_trained_otherwise_is_evaluated_by_one_device(computed, library, name, said):
    check_evaluation(*computed[name], library, said)


def check_evaluation(run, metrics, store, library, said):
    assert said in run.folder
    again = FinishedRun.open(store.folder(run)).network.evaluate(library)
    for key, value in metrics.headline.items():
        assert again[key] == pytest.approx(value, abs=1e-6)
