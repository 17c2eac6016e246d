"""What each reading of the paper changes in a run, and that it changes nothing else.

A run is set up as always, and what its training would be given is recorded. `CHANGES` names what differs
under another value of each reading; all the rest must be the same to the bit.
"""

import collections
import dataclasses
import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from selfsup_segmentation.data.kitti import VALIDATION_IDS
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
from selfsup_segmentation.experiments.evaluation.measure import estimate_by_stream
from selfsup_segmentation.experiments.execute import execute, set_up
from selfsup_segmentation.experiments.metrics import DisparityErrors
from selfsup_segmentation.experiments.readings import AT_EVALUATION, DECLARED, Readings
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints
from selfsup_segmentation.experiments.records.results import Results, headline
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.tasks.colorization import ColorResult
from selfsup_segmentation.experiments.tasks.disparity import DepthResult, Errors
from selfsup_segmentation.experiments.tasks.miou import IoU
from selfsup_segmentation.experiments.tasks.segmentation import SegmentationResult
from selfsup_segmentation.experiments.training.network import read_colors, write_colors
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.models.heads import HEADS
from selfsup_segmentation.models.multitask import MultitaskModel
from tests.experiments.conftest import ALTERNATIVES, TINY
from tests.synthetic import QUIET

ALL = ("seg", "color", "depth")
LOSSES = {f"{task} loss" for task in ALL}
LOGITS = {f"{task} logits" for task in ALL}
DECODERS = {f"decoder_{task}" for task in ALL}
DATA = {"colors", "input", "labels", "color classes", "stereo pair"}

# The run on which each reading is tried, and what it changes of that run.
CHANGES = {
    "input_norm": ("GS", {"input"}),
    "color_input": ("GS", {"embedding", "color logits"}),
    "encoder_pass": ("GS", LOGITS),
    "encoder_bn_eval": ("GS", {"headline"}),
    "decoder_init": ("GS", DECODERS | LOGITS),
    "recon_space": ("GS", {"stereo pair", "depth loss"}),
    "recon_reduce": ("GS", {"depth loss"}),
    "recon_mask_oob": ("GS", {"depth loss"}),
    "warp_border": ("GS", {"depth loss"}),
    "disp_scale": ("GS", {"depth loss"}),
    "seg_loss_norm": ("GS", {"seg loss"}),
    "color_loss_norm": ("GS", {"color loss"}),
    "mfb": ("GS", {"color loss"}),
    "uw_form": ("UW", {"weighting"}),
    "uw_init": ("UW", {"weighting"}),
    "dwa_temperature": ("DWA", {"weighting"}),
    "w_color": ("GS", {"weighting"}),
    "w_depth": ("GS", {"weighting"}),
    "lr_schedule": ("GS", {"learning rate"}),
    "augment": ("GS", {"mirrored"}),
    "kitti_fit": ("KITTI", DATA | LOSSES | {"mask"}),
    "kitti_split_seed": ("KITTI", DATA | LOSSES | {"training frames", "validation frames"}),
    "color_stats": ("KITTI", {"colors", "input", "color classes", "color loss"}),
    "kitti_load": ("KITTI", DECODERS | LOGITS),
    "uw_reset": ("KITTI", {"weighting"}),
    "depth_metric": ("GS", {"headline"}),
    "cap_mode": ("GS", {"headline"}),
    "metric_avg": ("GS", {"headline"}),
    "eval_resolution": ("GS", {"headline"}),
    "coarse_epochs": ("pre-training", {"steps"}),
    "coarse_load": ("CoarseCTS", {"decoder_color", "decoder_depth", "color logits", "depth logits"}),
}

RUNS = {
    "GS": lambda readings: catalog.make_run("scenes-demo", ALL, "GS", "random", 0, readings),
    "UW": lambda readings: catalog.make_run("scenes-demo", ALL, "UW", "random", 0, readings),
    "DWA": lambda readings: catalog.make_run("scenes-demo", ALL, "DWA", "random", 0, readings),
    "CoarseCTS": lambda readings: catalog.make_run("scenes-demo", ALL, "GS", "CoarseCTS", 0, readings),
    "pre-training": lambda readings: catalog.coarse_run("scenes-demo", readings),
    "KITTI": lambda readings: catalog.make_run(
        "kitti-demo", ALL, "UW", "random", 0, readings, start="scenes-demo"
    ),
}

BATCH = {
    "input": ("lab", "gray"),
    "labels": ("labels",),
    "color classes": ("color",),
    "stereo pair": ("left", "right"),
    "mask": ("mask",),
}
RECORDED = 9  # steps: three epochs of the scenes
DRAW = np.random.default_rng(0)
IMAGES = {name: DRAW.standard_normal((2, 32, 64, 3)).astype(np.float32) for name in ("lab", "gray")}
FIXED_LOGITS = {
    task: DRAW.standard_normal((2, 32, 64, head.channels)).astype(np.float32) for task, head in HEADS.items()
}


# --- a run that is ready to be trained --------------------------------------------------------------------


def digest(arrays):
    """Of the bytes of some arrays."""
    sha = hashlib.sha1()
    for array in map(np.ascontiguousarray, arrays):
        sha.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    return sha.hexdigest()


def unmirrored(batch):
    """A batch with its mirror images turned round again, and which they were."""
    batch = {name: values.numpy() for name, values in batch.items()}
    mirrored = batch.pop("direction", np.ones(len(batch["mask"]))) < 0
    for values in batch.values():
        values[mirrored] = np.flip(values[mirrored], axis=2)
    return batch, tuple(mirrored.tolist())


def observe(run, ready):
    """Everything that a training would be given: dict of names to values; lists have an entry a step."""
    training, weighting, objective = ready.training, ready.weighting, ready.objective
    record = collections.defaultdict(list)
    record |= {part.name: digest(part.get_weights()) for part in ready.model.layers if part.weights}
    record |= {
        "steps": training.steps_per_epoch * run.schedule.epochs,
        "colors": ready.data.statistics,
        "training frames": [frame.name for frame in ready.data.train.frames],
        "validation frames": [frame.name for frame in ready.data.val.frames],
    }
    for step, batch in zip(range(RECORDED), training.batches(), strict=False):
        batch, mirrored = unmirrored(batch)
        for part, names in BATCH.items():
            record[part].append(digest(batch[name] for name in names if name in batch))
        record["mirrored"].append(mirrored)
        record["learning rate"].append(float(training.optimizer.learning_rate))
        # The sum never falls, and the tasks go different ways.
        losses = dict(zip(ALL, (1.0 + step, 1.0, 1 / (1 + step)), strict=True))
        losses = {task: losses[task] for task in objective.tasks}
        total = weighting({task: tf.constant(loss) for task, loss in losses.items()})
        record["weighting"].append((float(total), *weighting.current_weights().values()))
        if step == 0:
            for task, loss in objective(batch, FIXED_LOGITS).items():
                record[f"{task} loss"] = float(loss)
        training.optimizer.iterations.assign_add(1)
        if (step + 1) % training.steps_per_epoch == 0:
            training.end_epoch({f"loss_{task}": loss for task, loss in losses.items()})
    for task, logits in ready.model(IMAGES, training=True).items():
        record[f"{task} logits"] = digest([logits])
    return dict(record)


class Bench:
    """Sets runs up, each once; those that others are initialized from count as finished.

    Args:
        store: of the runs.
        libraries: `Library` by data set.
    """

    def __init__(self, store, libraries):
        self.store, self.libraries, self.records = store, libraries, {}

    def observe(self, kind, **readings):
        """The record of the run of a kind with some readings, and what a table would show of it."""
        *sources, run = catalog.with_dependencies([RUNS[kind](Readings(**readings))])
        for source in sources:
            self.finish(source)
        if run.folder not in self.records:
            self.records[run.folder] = observe(run, self.set_up(run))
        return self.records[run.folder] | {"headline": headline(RESULTS, Readings(**readings))}

    def set_up(self, run):

        return set_up(run, self.store, self.libraries[run.dataset], QUIET)

    def finish(self, run):
        """Leave what a run leaves, with weights as if it had been trained."""
        if self.store.metrics(run) is None:
            ready, folder = self.set_up(run), self.store.folder(run)
            for variable in ready.model.weights + ready.weighting.trainable_variables:
                variable.assign(variable + 0.1)
            state = Checkpoints(folder / "checkpoint", model=ready.model, weighting=ready.weighting)
            state.save_as("final")
            write_colors(folder, ready.data.statistics)
            Results({}).write(folder)


def write_kitti(root):
    """200 frames of noise in the layout of KITTI, of 60x30."""
    draw = np.random.default_rng(1)
    folders = {name: root / "training" / name for name in ("image_2", "image_3", "semantic", "disp_occ_0")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    for number in range(200):
        images = {
            "image_2": draw.integers(0, 256, (30, 60, 3), dtype=np.uint8),
            "image_3": draw.integers(0, 256, (30, 60, 3), dtype=np.uint8),
            "semantic": draw.integers(0, 34, (30, 60), dtype=np.uint8),
            "disp_occ_0": draw.integers(0, 5000, (30, 60), dtype=np.uint16),
        }
        for name, image in images.items():
            Image.fromarray(image).save(folders[name] / f"{number:06d}_10.png")


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    root = tmp_path_factory.mktemp("kitti")
    write_kitti(root)
    return Library(Source(KITTI, root), None)


@pytest.fixture(scope="module")
def bench(library, kitti, tmp_path_factory):
    return Bench(Store(tmp_path_factory.mktemp("runs")), {"scenes-demo": library, "kitti-demo": kitti})


# --- every reading ----------------------------------------------------------------------------------------


# A run from ImageNet is not set up without the file; see `test_readings_of_the_pre_training_change_…`.
OBSERVED = [(name, value) for name, value in ALTERNATIVES if name != "coarse_init"]


def test_every_reading_is_tried():
    assert {name for name, _ in ALTERNATIVES} == CHANGES.keys() | {"coarse_init"}
    assert {name for name, (_, changed) in CHANGES.items() if changed == {"headline"}} == set(AT_EVALUATION)


FIRST = dict(reversed(OBSERVED)).items()  # another value of each reading; further ones are slow


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(*other, id="{}={}".format(*other), marks=() if other in FIRST else pytest.mark.slow)
        for other in OBSERVED
    ],
)
def test_a_reading_changes_what_it_is_about_and_nothing_else(bench, name, value):
    kind, expected = CHANGES[name]
    default, other = bench.observe(kind), bench.observe(kind, **{name: value})
    changed = {part for part in default | other if default.get(part) != other.get(part)}
    assert changed == expected


def test_a_record_holds_everything_that_a_reading_may_change(bench):
    for kind in RUNS:
        parts = set(bench.observe(kind))
        assert parts >= {"mirrored", "learning rate", "weighting", "steps", "headline", "encoder", "input"}
    named = set().union(*(changed for _, changed in CHANGES.values())) - {"embedding"}
    assert named <= set(bench.observe("GS"))


def test_runs_of_other_weightings_differ_in_the_weighting_alone(bench):
    default = bench.observe("GS")
    for kind in ("UW", "DWA"):
        other = bench.observe(kind)
        assert {part for part in default if default[part] != other[part]} == {"weighting"}


# --- more about some of them ------------------------------------------------------------------------------


def test_learning_rates_begin_alike_and_go_on_as_defined(bench):
    def shares(lr_schedule):
        rates = bench.observe("GS", lr_schedule=lr_schedule)["learning rate"]
        return np.array(rates) / TINY.learning_rate

    np.testing.assert_allclose(shares("constant"), np.ones(9), rtol=1e-5)
    np.testing.assert_allclose(shares("poly"), (1 - np.arange(9) / 9) ** 0.9, rtol=1e-5)
    # The second epoch is no better than the first.
    np.testing.assert_allclose(shares("plateau"), [1] * 6 + [0.1] * 3, rtol=1e-5)


def test_some_images_are_mirrored_and_never_a_whole_epoch(bench):
    epochs = np.array(bench.observe("GS", augment="flip")["mirrored"]).reshape(3, -1)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert 0 < epochs.mean() < 1
    assert not np.any(bench.observe("GS")["mirrored"])


def test_mirrored_images_and_logits_have_the_losses_of_the_images(library):
    run = RUNS["GS"](Readings())
    data = library.prepare(run)
    objective = Objective(run.tasks, run.readings, data.statistics)
    images = {
        part: np.stack([data.train.image(part, i) for i in range(2)]) for part in ("left", "right", "labels")
    }
    images["valid_size"] = np.int32([[50, 32], [64, 30]])
    plain = objective(data.preparation(images), FIXED_LOGITS)
    mirrored = data.preparation(images | {"mirrored": np.array([True, False])})
    logits = {task: np.stack([np.flip(values[0], 1), values[1]]) for task, values in FIXED_LOGITS.items()}
    for task, loss in objective(mirrored, logits).items():
        assert float(loss) == pytest.approx(float(plain[task]), rel=1e-4)
    del mirrored["direction"]
    assert float(objective(mirrored, logits)["depth"]) != pytest.approx(float(plain["depth"]), rel=1e-2)


def test_a_joint_pass_has_one_set_of_statistics_for_both_inputs(library):
    def means(encoder_pass):
        run = RUNS["GS"](Readings(encoder_pass=encoder_pass))
        layers = [keras.layers.Input((None, None, 3)), keras.layers.BatchNormalization(name="norm")]
        model = keras.Sequential([layers[0], keras.Sequential(layers, name="encoder")])
        streams = estimate_by_stream(run, model, library.prepare(run))
        return [streams[stream][0] for stream in ("lab", "gray")]

    lab, gray = means("two")
    both, same = means("joint")
    assert np.abs(lab - gray).max() > 1e-3
    np.testing.assert_array_equal(both, same)
    np.testing.assert_allclose(both, (lab + gray) / 2, atol=1e-5)


def test_the_split_of_kitti_is_complete_and_its_seed_0_the_committed_one(bench):
    splits = []
    for seed in (0, 1):
        record = bench.observe("KITTI", kitti_split_seed=seed)
        train, val = record["training frames"], record["validation frames"]
        assert (len(train), len(val)) == (170, 30)
        assert sorted(train + val) == [f"{number:06d}_10" for number in range(200)]
        splits.append([int(name[:6]) for name in val])
    assert splits[0] == list(VALIDATION_IDS) != splits[1]


def test_another_split_of_kitti_is_other_data(kitti):
    runs = [RUNS["KITTI"](Readings(kitti_split_seed=seed)) for seed in (0, 1)]
    assert kitti.fingerprint(runs[0]) != kitti.fingerprint(runs[1])


def test_readings_of_the_pre_training_change_what_a_run_goes_on_from_and_not_the_run():
    default = RUNS["CoarseCTS"](Readings())
    for changed in ({"coarse_epochs": 5}, {"coarse_init": "ImageNet"}):
        run = RUNS["CoarseCTS"](Readings(**changed))
        assert dataclasses.replace(run, readings=default.readings) == default
        source = catalog.dependency(run)
        assert source != catalog.dependency(default)
        assert source.schedule.epochs == changed.get("coarse_epochs", TINY.epochs)
        assert source.init == changed.get("coarse_init", "random")
        same = {"init": "random", "schedule": source.base}
        assert dataclasses.replace(source, **same) == catalog.dependency(default)


def test_inherited_colors_are_those_of_the_parent(bench):
    own, inherited = (bench.observe("KITTI", color_stats=kind) for kind in DECLARED["color_stats"].choices)
    assert inherited["colors"] == read_colors(bench.store.folder(RUNS["UW"](Readings()))) != own["colors"]


def test_without_its_parent_a_run_has_the_same_reason_whatever_colors_it_takes(kitti, quiet, tmp_path):
    store = Store(tmp_path)
    reasons = []
    for color_stats in DECLARED["color_stats"].choices:
        run = RUNS["KITTI"](Readings(color_stats=color_stats))
        store.write_failure(catalog.dependency(run), "no power")
        assert execute(run, store, kitti, quiet) is None
        reasons.append(store.failure(run))
    assert reasons[0] == reasons[1]
    assert "no power" in reasons[0]


def test_a_parent_that_left_no_colors_is_a_reason(kitti, quiet, tmp_path):
    store, run = Store(tmp_path), RUNS["KITTI"](Readings(color_stats="cityscapes"))
    parent = catalog.dependency(run)
    Results({}).write(store.folder(parent))
    assert execute(run, store, kitti, quiet) is None
    assert f"{parent} left no colors.json" in store.failure(run)


# --- the scale of the disparity, in the evaluation --------------------------------------------------------


def constant(logit):
    """A network that answers the same logit everywhere."""
    lab = keras.layers.Input((None, None, 3), name="lab")
    answer = keras.layers.Conv2D(
        1, 1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(logit)
    )
    encoder = keras.Sequential([keras.layers.Input((None, None, 3)), answer], name="encoder")
    return MultitaskModel({"lab": lab}, {"depth": encoder(lab)})


def test_predictions_are_scored_at_the_scale_of_the_loss(library):
    def errors(disp_scale, share):
        run = catalog.make_run(
            "scenes-demo", ("depth",), "none", "random", 0, Readings(disp_scale=disp_scale)
        )
        network = constant(np.log(share / (1 - share)))
        return Evaluator(network, run, library.prepare(run), CITYSCAPES)()["depth"].disp_half

    same = errors("0.3W", 0.5).rmse
    assert errors("W", 0.15).rmse == pytest.approx(same)
    assert errors("50px", 0.05).rmse == pytest.approx(errors("W", 0.05 * 50 / 1024).rmse)
    assert errors("W", 0.5).rmse > same


# --- readings of the evaluation ---------------------------------------------------------------------------


def numbers(*path):
    """Errors that say where they are from."""
    return {name: "/".join([*path, name]) for name in DisparityErrors.NAMES}


def results_of(kind):
    """What an evaluation returns, where each number is the place at which it is recorded."""
    depth = {
        unit: Errors(
            **numbers(kind, unit),
            pooled=Errors(**numbers(kind, unit, "pooled")),
            clipped=Errors(
                **numbers(kind, unit, "clipped"), pooled=Errors(**numbers(kind, unit, "clipped", "pooled"))
            ),
        )
        for unit in DECLARED["depth_metric"].choices
    }
    seg = {name: IoU(f"{kind}/{name}") for name in DECLARED["eval_resolution"].choices}
    return {
        "seg": SegmentationResult(**seg),
        "color": ColorResult(f"{kind}/color"),
        "depth": DepthResult(**depth),
    }


RESULTS = {kind: results_of(kind) for kind in DECLARED["encoder_bn_eval"].choices}


@pytest.mark.parametrize(
    ("readings", "sem_miou", "color_miou", "rmse"),
    [
        ({}, "per_input/native", "per_input/color", "per_input/disp_half/rmse"),
        ({"encoder_bn_eval": "shared"}, "shared/native", "shared/color", "shared/disp_half/rmse"),
        ({"eval_resolution": "network"}, "per_input/network", None, None),
        ({"depth_metric": "disp_full"}, None, None, "per_input/disp_full/rmse"),
        ({"depth_metric": "depth_m"}, None, None, "per_input/depth_m/rmse"),
        ({"cap_mode": "clip"}, None, None, "per_input/disp_half/clipped/rmse"),
        ({"metric_avg": "pooled"}, None, None, "per_input/disp_half/pooled/rmse"),
        (
            {
                "metric_avg": "pooled",
                "cap_mode": "clip",
                "depth_metric": "depth_m",
                "encoder_bn_eval": "shared",
            },
            "shared/native",
            "shared/color",
            "shared/depth_m/clipped/pooled/rmse",
        ),
    ],
    ids=lambda value: ",".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_reading_of_the_evaluation_chooses_another_recorded_number(readings, sem_miou, color_miou, rmse):
    default, chosen = headline(RESULTS, Readings()), headline(RESULTS, Readings(**readings))
    assert chosen["sem_miou"] == (sem_miou or default["sem_miou"])
    assert chosen["color_miou"] == (color_miou or default["color_miou"])
    assert chosen["rmse"] == (rmse or default["rmse"])
    for name in ("abs_rel", "sq_rel", "rmse_log"):
        assert chosen[name] == chosen["rmse"].removesuffix("rmse") + name
