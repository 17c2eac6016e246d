import dataclasses

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.decode import read_disparity, read_labels
from selfsup_segmentation.data.disparity import decode_cityscapes, resize_disparity
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.data.scenes import write_cityscapes, write_kitti
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import read_json
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.tasks import TASKS
from selfsup_segmentation.reproduce.figures import figures, panels, samples
from selfsup_segmentation.reproduce.figures.images import ValidationImages
from tests.experiments.conftest import TINY, tiny_run
from tests.synthetic import QUIET, write_finished

pytestmark = pytest.mark.usefixtures("narrow_network")

SEG, COLOR, DEPTH = TASKS
NOTES = ["DEMO SCALE on embedded street scenes: not comparable with the paper."]
ONE_EPOCH = {"epochs": 1, "validate_every": 0, "statistics_batches": 2}


def open_library(layout, root):
    from selfsup_segmentation.experiments.datasets.library import Library

    return Library(Source(layout, root), None)


@pytest.fixture(scope="module")
def cityscapes(tmp_path_factory):
    """Library of 4 scenes to train on and 5 to validate on."""
    root = tmp_path_factory.mktemp("figure scenes")
    write_cityscapes(root, {"train": 4, "val": 5}, size=(128, 64), seed=3)
    return open_library(CITYSCAPES, root)


@pytest.fixture(scope="module")
def finished(cityscapes, tmp_path_factory):
    """Store with a baseline and a network of all tasks after one epoch, and the two runs."""
    store = Store(tmp_path_factory.mktemp("figure runs"))
    runs = tiny_run(("seg",), **ONE_EPOCH), tiny_run(("seg", "color", "depth"), "GS", **ONE_EPOCH)
    for run in runs:
        execute_quietly(run, store, cityscapes)
    return store, *runs


def execute_quietly(run, store, library):
    from selfsup_segmentation.experiments.execute import execute

    assert execute(run, store, library, QUIET)


def predict_all(run, store, library, task):
    """Predictions of every validation image by frame, without the code under test."""
    from selfsup_segmentation.experiments.evaluation.predictor import Predictor
    from selfsup_segmentation.experiments.training.network import load_model
    from selfsup_segmentation.models.heads import HEADS
    from selfsup_segmentation.models.normalization import load_statistics, set_statistics

    folder, data = store.finished_folder(run), library.prepare(run)
    model = load_model(run, folder)
    set_statistics(model.get_layer("encoder"), load_statistics(folder / "statistics.npz")[HEADS[task].stream])
    predictor = Predictor(model, (task,), run.readings)
    return list(zip(data.val.frames, predictor.images(data.val, data.preparation), strict=True))


def opened_run(run, store):
    return FinishedRun.open(store.folder(run))


def image_miou(truth, classes):
    """Pixel sets counted one class at a time."""
    classes, truth = classes[truth != IGNORE], truth[truth != IGNORE]
    sets = [(truth == k, classes == k) for k in np.union1d(truth, classes)]
    return np.mean([(a & b).sum() / (a | b).sum() for a, b in sets])


def abs_rel(truth, disparity):
    """Over measured disparities of 0.5 to 50 px."""
    valid = (truth >= 0.5) & (truth <= 50)
    disparity, truth = disparity[valid].astype(np.float64), truth[valid].astype(np.float64)
    return np.mean(np.abs(np.clip(disparity, 0.001, 50) - truth) / truth)


@pytest.fixture
def drawn(monkeypatch):
    """The images that a test draws, by the title of their column."""
    columns = {}

    def draw(grid, *arguments):
        columns.update({column.title: column.images for column in grid})
        return panels.draw(grid, *arguments)

    monkeypatch.setattr(figures, "draw", draw)
    return columns


def opened(paths):
    """Check what was written, and return the JSON."""
    assert [path.suffix for path in paths] == [".png", ".pdf", ".json"]
    with Image.open(paths[0]) as picture:
        picture.load()
        assert picture.width >= 1800
    assert paths[1].read_bytes().startswith(b"%PDF")
    assert {path.name for path in paths} == {path.name for path in paths[0].parent.iterdir()}
    return read_json(paths[2])


def test_figure_2_shows_the_images_that_gain_and_lose_most(finished, cityscapes, tmp_path, drawn):
    store, baseline, best = finished
    where = (store, cityscapes, NOTES, tmp_path, "figure2")
    record = opened(figures.write_segmentation_figure(2, baseline, best, *where))
    truths, shown, scores = {}, {}, {}
    for which, run in (("baseline", baseline), ("best", best)):
        predicted = predict_all(run, store, cityscapes, "seg")
        truths = {frame.name: ids_to_train_ids(read_labels(frame.labels)) for frame, _ in predicted}
        shown[which] = {frame.name: maps["seg_native"][0] for frame, maps in predicted}
        scores[which] = {name: image_miou(truth, shown[which][name]) for name, truth in truths.items()}
    gains = {name: scores["best"][name] - scores["baseline"][name] for name in truths}
    order = sorted(gains, key=lambda name: (-gains[name], name))
    names = [*order[:2], order[4], order[3]]
    assert [image["frame"] for image in record["images"]] == names
    for image, name in zip(record["images"], names, strict=True):
        assert image["best"] == pytest.approx(scores["best"][name], abs=1e-9)
        assert image["baseline"] == pytest.approx(scores["baseline"][name], abs=1e-9)
        assert image["difference"] == pytest.approx(gains[name], abs=1e-9)
        assert image["chosen"].startswith("gain" if image["difference"] > 0 else "loss")
    expected = {"ground truth": truths, "baseline: SSrandom": shown["baseline"]}
    expected["best: SS+C+D/GS, random"] = shown["best"]
    assert list(drawn) == list(expected)
    for title, pictures in expected.items():
        np.testing.assert_array_equal(drawn[title], [pictures[name] for name in names])
    assert record["notes"] == NOTES
    assert record["runs"] == {"baseline": str(store.folder(baseline)), "best": str(store.folder(best))}


def test_figure_3_shows_the_lowest_and_the_highest_error(finished, cityscapes, tmp_path, drawn):
    store, _, run = finished
    record = opened(figures.write_self_supervised_figure(run, store, cityscapes, NOTES, tmp_path, "figure3"))
    errors = {}
    for frame, maps in predict_all(run, store, cityscapes, "depth"):
        disparity = maps["depth"][0, ..., 0]
        truth = resize_disparity(decode_cityscapes(read_disparity(frame.disparity)), disparity.shape)
        errors[frame.name] = abs_rel(truth, disparity)
    order = sorted(errors, key=errors.get)
    assert [image["frame"] for image in record["images"]] == [*order[:2], order[4], order[3]]
    assert [image["abs_rel"] for image in record["images"]] == pytest.approx(
        [errors[image["frame"]] for image in record["images"]], abs=1e-6
    )
    assert list(drawn) == ["original", "colorization", "measured disparity", "predicted disparity"]
    disparities = zip(drawn["measured disparity"], drawn["predicted disparity"], strict=True)
    for image, (truth, disparity) in zip(record["images"], disparities, strict=True):
        assert abs_rel(truth, disparity) == pytest.approx(errors[image["frame"]], abs=1e-6)
    ends = [image["chosen"] for image in record["images"]]
    assert ends == ["lowest", "2nd lowest", "highest", "2nd highest"]


def test_only_chosen_images_are_predicted_in_the_order_asked_for(finished, cityscapes):
    store, _, run = finished
    names = [frame.name for frame in cityscapes.prepare(run).val.frames]
    chosen = ValidationImages(opened_run(run, store), cityscapes, [names[4], names[1]])
    expected = {
        frame.name: maps["seg_native"][0] for frame, maps in predict_all(run, store, cityscapes, "seg")
    }
    np.testing.assert_array_equal(chosen.predictions(SEG), [expected[names[4]], expected[names[1]]])
    colors = np.array(chosen.predictions(COLOR))
    assert colors.shape == (2, 32, 64, 3)
    assert 0 <= colors.min() <= colors.max() <= 1


def test_a_data_set_that_the_run_did_not_see_is_refused(finished, tmp_path):
    store, baseline, best = finished
    write_cityscapes(tmp_path / "other", {"train": 4, "val": 5}, size=(128, 64), seed=4)
    other = open_library(CITYSCAPES, tmp_path / "other")
    with pytest.raises(InputError, match="made with other data"):
        figures.write_segmentation_figure(2, baseline, best, store, other, NOTES, tmp_path, "figure2")


def test_an_evaluation_without_scores_of_images_is_refused(finished, cityscapes, tmp_path):
    _, baseline, best = finished
    old = Store(tmp_path)
    for run in (baseline, best):
        write_finished(old, run)
    with pytest.raises(InputError, match="delete it and run it again"):
        figures.write_segmentation_figure(2, baseline, best, old, cityscapes, NOTES, tmp_path, "figure2")
    with pytest.raises(InputError, match="delete it and run it again"):
        figures.write_self_supervised_figure(best, old, cityscapes, NOTES, tmp_path, "figure3")


def test_samples_show_every_task(finished, cityscapes, tmp_path):
    store, _, run = finished
    samples.write_samples(opened_run(run, store), cityscapes, tmp_path / "samples.png", count=2)
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width > 1800  # six columns


def test_figure_4_cuts_padding_off_and_calls_no_difference_none(tmp_path):
    write_kitti(tmp_path / "kitti", 10, size=(120, 50), seed=1)
    library, store = open_library(KITTI, tmp_path / "kitti"), Store(tmp_path / "runs")
    schedule = dataclasses.replace(TINY, size=(128, 64), **ONE_EPOCH)
    run = catalog.make_run("scenes-kitti-demo", ("seg", "depth"), "UW", "random")
    run = dataclasses.replace(run, schedule=schedule, base=schedule)
    execute_quietly(run, store, library)
    out = tmp_path / "out"
    record = opened(figures.write_segmentation_figure(4, run, run, store, library, NOTES, out, "figure4"))
    assert [image["chosen"] for image in record["images"]] == ["no difference", "no difference"]
    assert "gain in 0, loss in 0, no difference in 2 of 2" in record["caption"][1]

    names = [image["frame"] for image in record["images"]]
    shown = ValidationImages(opened_run(run, store), library, names)
    assert {image.shape for image in shown.originals()} == {(50, 120, 3)}
    for task in (SEG, DEPTH):
        assert {image.shape for image in shown.truths(task) + shown.predictions(task)} == {(50, 120)}
