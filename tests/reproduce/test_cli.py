import argparse
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.parser import parse
from selfsup_segmentation.reproduce.tables import official, table2
from tests.refused import refused
from tests.synthetic import evaluation, write_finished


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 4, "val": 2, "train_extra": 3}, size=(128, 64), seed=1)
    return root


@pytest.fixture
def scenes(pristine, tmp_path):
    """A data set of a test's own, to damage."""
    return shutil.copytree(pristine, tmp_path / "scenes with ümlaut")


def train(scenes, tmp_path, *more):
    row = [] if "--row" in more else ["--row", "SS+D/GS"]
    return ["train", "--cityscapes", scenes, "--runs", tmp_path / "runs", "--size", "64x32", *row, *more]


def test_help_imports_nothing_that_takes_time():
    program = "import sys; from selfsup_segmentation.reproduce.__main__ import main\n"
    program += "try: main(['--help'])\nexcept SystemExit: pass\n"
    program += "assert not {'tensorflow', 'keras', 'numpy', 'dataclasses'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "table1" in done.stdout


@pytest.mark.parametrize("given", ["~/weights.h5", "auto", "none"])
def test_the_weights_file_is_a_path_or_a_word(monkeypatch, tmp_path, given):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = arguments.make_options(parse(["train", "--row", "SS", "--imagenet-weights", given]))
    found = options.imagenet_weights
    assert found == (tmp_path / "weights.h5" if given.startswith("~") else given)


def test_a_folder_that_is_not_there_is_named(capsys, tmp_path):
    assert "nowhere" in refused(capsys, "table1", "--cityscapes", tmp_path / "nowhere", "--runs", tmp_path)


def test_an_empty_split_is_named_with_its_archive(capsys, scenes, tmp_path):
    shutil.rmtree(scenes / "leftImg8bit" / "val")
    sentence = refused(capsys, *train(scenes, tmp_path))
    assert "leftImg8bit" in sentence and "val" in sentence


@pytest.mark.parametrize(
    ("pattern", "content", "named"),
    [
        ("rightImg8bit/train/*/*.png", None, ""),
        ("gtFine/train/*/*_labelIds.png", np.zeros((32, 64), np.uint8), ""),
        ("gtFine/train/*/*_labelIds.png", np.full((64, 128), 77, np.uint8), "77"),
        ("leftImg8bit/train/*/*.png", "half", ""),
        ("disparity/val/*/*.png", np.zeros((64, 128), np.uint8), "16"),
    ],
    ids=["no right image", "labels of another size", "unknown label ids", "truncated", "8-bit disparity"],
)
def test_a_damaged_file_is_named(capsys, scenes, tmp_path, pattern, content, named):
    path = sorted(scenes.glob(pattern))[0]
    if content is None:
        path.unlink()
    elif isinstance(content, str):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        Image.fromarray(content).save(path)
    sentence = refused(capsys, *train(scenes, tmp_path))
    assert path.name in sentence and named in sentence


def test_a_weights_file_that_is_none(capsys, scenes, tmp_path):
    path = tmp_path / "weights.h5"
    path.write_bytes(b"no weights")
    sentence = refused(
        capsys, *train(scenes, tmp_path, "--init", "ImageNet", "--imagenet-weights", str(path))
    )
    assert path.name in sentence
    assert "md5" in sentence
    assert not list((tmp_path / "runs").rglob("run.json"))


def test_wrong_weights_are_found_before_rows_without_them_are_trained(capsys, pristine, tmp_path):
    arguments = ["--runs", tmp_path / "runs", "--imagenet-weights", tmp_path / "nowhere.h5"]
    assert "nowhere.h5" in refused(capsys, "table1", "--cityscapes", pristine, *arguments)
    assert not list((tmp_path / "runs").rglob("run.json"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--rows", "SS+X/GS"], "SS+X/GS"),
        (["--rows", "SSrandom", "--init", "ImageNet"], "--init"),
        (["--set", "disp_scale=2W"], "disp_scale"),
        (["--set", "dispscale=W"], "dispscale"),
        (["--set", "uw_init=small"], "uw_init"),
        (["--scale", "paper"], "--cityscapes"),
    ],
)
def test_options_of_table1_that_cannot_be(capsys, tmp_path, pristine, arguments, named):
    data = [] if "paper" in arguments else ["--cityscapes", pristine]
    assert named in refused(capsys, "table1", *data, "--runs", tmp_path, *arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--row", "SS+D"], "SS+D"),
        (["--row", "SS/GS"], "SS/GS"),
        (["--row", "SS+D/XX"], "XX"),
        (["--size", "100x50"], "100x50"),
        (["--size", "big"], "big"),
        (["--epochs", "0"], "--epochs"),
        (["--batch-size", "5"], "batch"),
        (["--init", "imagenet"], "imagenet"),
        (["--learning-rate", "nan"], "--learning-rate"),
        (["--set", "uw_form=gal"], "uw_form"),
        (["--set", "depth_metric=depth_m"], "depth_metric"),
        (["--set", "dwa_temperature=0"], "dwa_temperature"),
    ],
)
def test_options_of_train_that_cannot_be(capsys, tmp_path, pristine, arguments, named):
    assert named in refused(capsys, *train(pristine, tmp_path, *arguments))


def test_a_runs_folder_that_is_a_file(capsys, tmp_path, pristine):
    (tmp_path / "runs").write_text("")
    assert "--runs" in refused(capsys, "table1", "--cityscapes", pristine, "--runs", tmp_path / "runs")


def test_evaluate_wants_a_finished_run(capsys, tmp_path):
    assert str(tmp_path) in refused(capsys, "evaluate", tmp_path)


def finish(store, run, sem_miou):
    own, shared = (evaluation(("seg",), miou, constant_class_miou=0.02) for miou in (sem_miou, sem_miou / 2))
    write_finished(store, run, {"per_input": own, "shared": shared})


def test_compare_prints_what_is_measured_and_why_the_rest_is_not(capsys, tmp_path, pristine):
    store = Store(tmp_path)
    for run in catalog.table1_runs("scenes-demo"):
        if catalog.table_row(run) == "SSrandom":
            finish(store, run, sem_miou=0.123456)
        if run.init == "ImageNet":
            store.write_failure(run, "no ImageNet weights for this test")
    assert main(["compare", "--cityscapes", str(pristine), "--runs", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("DEMO SCALE on embedded street scenes")
    assert "0.123" in shown
    assert "no ImageNet weights for this test" in shown
    assert "not run" in shown
    table = json.loads((tmp_path / "tables" / "table1-scenes-demo.json").read_text())
    cells = table["cells"]
    assert cells["SSrandom"]["random"]["sem_miou"]["ours"] == pytest.approx(0.123456)
    assert cells["SS+D/GS"]["ImageNet"]["sem_miou"]["ours"] is None


def test_compare_needs_no_tensorflow(tmp_path, pristine):
    program = "import sys; from selfsup_segmentation.reproduce.__main__ import main\n"
    program += f"main(['compare', '--cityscapes', {str(pristine)!r}, '--runs', {str(tmp_path)!r}])\n"
    program += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)


def test_several_seeds_give_a_spread_and_a_reason_for_the_missing_one(capsys, tmp_path, pristine):
    store = Store(tmp_path)
    for run in catalog.table1_runs("scenes-demo", seeds=(0, 1)):
        if catalog.table_row(run) == "SSrandom":
            finish(store, run, sem_miou=0.2 + 0.1 * run.seed)
    arguments = ["compare", "--cityscapes", str(pristine), "--runs", str(tmp_path), "--seeds", "0", "1", "2"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "0.250±0.071" in shown
    assert "seed 2: not run" in shown
    assert "seed 0: not run" not in shown and "seeds 0, 1, 2" not in shown  # as it is of all seeds


def test_plan_starts_nothing_and_counts_the_steps(capsys, tmp_path, pristine):
    arguments = ["table1", "--cityscapes", str(pristine), "--runs", str(tmp_path / "r"), "--plan"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    epochs = catalog.SCHEDULES["cityscapes", "demo"].epochs
    assert f"{2 * epochs} of {2 * epochs} steps left" in shown
    assert shown.count("steps left") == 22
    assert "PFLOP" in shown
    assert not list((tmp_path / "r").rglob("run.json"))


@pytest.mark.parametrize("coarse_init", ["random", "ImageNet"])
def test_a_plan_without_the_imagenet_file_has_what_finished_runs_allow(
    capsys, tmp_path, pristine, kitti_sample, coarse_init
):
    store, chosen = Store(tmp_path), Readings(coarse_init=coarse_init)
    finish(store, catalog.make_run("scenes-paper", ("seg",), "none", "ImageNet", 0, chosen), sem_miou=0.5)
    words = ["--kitti", str(kitti_sample), "--cityscapes", str(pristine), "--runs", str(tmp_path)]
    words += ["--imagenet-weights", "none", "--set", f"coarse_init={coarse_init}", "--plan", "--json"]
    assert main(["table3", *words]) == 0
    planned = {run["folder"]: run["state"] for run in json.loads(capsys.readouterr().out)["runs"]}

    def states(row, init):
        return [state for folder, state in planned.items() if f"/{row}/{init}" in folder]

    assert states("SS", "random") == ["to do", "to do"]
    assert states("SS", "ImageNet") == ["done", "to do"]
    impossible = "no ImageNet weights"
    assert states("SS+D-UW", "ImageNet") == [impossible, impossible]
    expected = [impossible, impossible] if coarse_init == "ImageNet" else ["to do", "to do"]
    assert states("SS+D-UW", "CoarseCTS") == expected


def test_status_lists_runs_and_reasons(capsys, tmp_path):
    store = Store(tmp_path)
    run, other = catalog.table1_runs("cityscapes")[:2]
    write_json(store.folder(run) / "run.json", run.to_dict())
    (store.folder(run) / "history.csv").write_text("epoch,loss\n0,1\n1,1\n")
    store.write_failure(other, "no weights")
    assert main(["status", "--runs", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "2/100 epochs  not finished" in shown
    assert "no weights" in shown


def test_scenes_writes_both_layouts(tmp_path):
    for layout, folder in (("cityscapes", "leftImg8bit"), ("kitti", "training")):
        root = tmp_path / layout
        arguments = ["scenes", str(root), "--layout", layout, "--count", "2", "--size", "128x64"]
        assert main(arguments) == 0
        assert (root / folder).is_dir()


@pytest.mark.slow
def test_one_row_of_the_demo_twice_gives_the_same_table_and_beats_a_constant(tmp_path):
    def table(runs):
        command = [
            sys.executable,
            "-m",
            "selfsup_segmentation.reproduce",
            "table1",
            "--rows",
            "SSrandom",
            "--runs",
            str(runs),
        ]
        done = subprocess.run([*command, "--imagenet-weights", "none"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads((runs / "tables" / "table1-scenes-demo.json").read_text())

    one, other = table(tmp_path / "a"), table(tmp_path / "b")
    assert one == other
    constant = json.loads(next((tmp_path / "a").rglob("metrics.json")).read_text())
    constant = constant["results"]["per_input"]["seg"]["constant_class_miou"]
    assert one["cells"]["SSrandom"]["random"]["sem_miou"]["ours"] > 5 * constant


def test_claims_and_table_4_stand_on_what_is_finished(capsys, tmp_path, pristine):
    store = Store(tmp_path)
    for run in catalog.table1_runs("scenes-demo"):
        if catalog.table_row(run) == "SSImageNet":
            finish(store, run, sem_miou=0.333333)
    data = ["--cityscapes", str(pristine), "--runs", str(tmp_path)]
    assert main(["table4", *data]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("DEMO SCALE")
    assert "0.333" in shown
    assert main(["claims", *data]) == 0
    shown = capsys.readouterr().out
    assert "DEMO SCALE" in shown
    assert "cannot be told" in shown
    assert (tmp_path / "tables" / "claims-scenes-demo.json").exists()


def test_a_table_takes_the_readings_of_the_evaluation_from_what_runs_record(capsys, tmp_path, pristine):
    store = Store(tmp_path)
    for run in catalog.table1_runs("scenes-demo"):
        finish(store, run, sem_miou=0.5)
    data = ["compare", "--cityscapes", str(pristine), "--runs", str(tmp_path)]
    assert main([*data, "--set", "encoder_bn_eval=shared"]) == 0
    shown = capsys.readouterr().out
    assert "encoder_bn_eval=shared" in shown
    assert "0.250" in shown  # `finish` records half the number for shared statistics
    assert "0.500" not in shown
    assert "native resolution" in shown and "mean over images" in shown
    others = ["eval_resolution=network", "metric_avg=pooled", "cap_mode=clip"]
    for verb, words in (("compare", ("mean over all pixels", "beyond 50 clipped")), ("table4", ())):
        assert main([verb, *data[1:], "--set", *others]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert all(word in shown for word in ("at the network's resolution", *words))
        assert "native" not in shown


def test_table_3_says_which_runs_it_goes_on_from(capsys, tmp_path, kitti_sample):
    data = ["--kitti", str(kitti_sample), "--runs", str(tmp_path)]
    assert main(["compare", "--table", "3", *data]) == 0
    shown = capsys.readouterr().out
    assert "30 of 200 frames: contiguous split 24 / 6" in shown
    assert "not run" in shown
    (tmp_path / "scenes-demo").mkdir()
    assert main(["compare", "--table", "3", *data, "--cityscapes-runs", str(tmp_path / "scenes-demo")]) == 0
    assert "Fine-tuned from runs on scenes-demo" in capsys.readouterr().out
    assert "nowhere" in refused(capsys, "compare", "--table", "3", *data, "--cityscapes-runs", "nowhere")


def test_seeds_are_not_negative_and_count_once(capsys, tmp_path, pristine):
    data = ["compare", "--cityscapes", str(pristine), "--runs", str(tmp_path)]
    with pytest.raises(SystemExit) as stopped:
        main([*data, "--seeds", "-1"])
    assert stopped.value.code == 2
    runs = catalog.table1_runs("scenes-demo", seeds=(0, 0))
    assert len(runs) == 21


def test_a_place_for_results_that_cannot_be(capsys, tmp_path, pristine):
    (tmp_path / "file").write_text("")
    data = ["--cityscapes", str(pristine), "--runs", str(tmp_path)]
    assert "--out" in refused(capsys, "compare", *data, "--out", tmp_path / "file" / "tables")
    assert "nodir" in refused(capsys, "samples", tmp_path, tmp_path / "nodir" / "x.png")


def test_a_run_that_was_moved_needs_a_place_for_decoded_images(capsys, tmp_path, pristine):
    run = catalog.table1_runs("scenes-demo")[0]
    write_json(tmp_path / "moved" / "run.json", run.to_dict() | {"data": {"root": str(pristine)}})
    Results({}).write(tmp_path / "moved")
    assert "--cache" in refused(capsys, "evaluate", tmp_path / "moved")


def test_table_2_from_stored_scores_needs_no_tensorflow(tmp_path, pristine):
    store, scores = Store(tmp_path), dict.fromkeys(table2.OFFICIAL.values(), 0.123)
    for run in catalog.table1_runs("scenes-demo"):
        if run.init == "CoarseCTS" and catalog.table_row(run) in ("SSCoarseCTS", "SS+D/GS"):
            finish(store, run, sem_miou=0.123)
            write_json(store.folder(run) / "official.json", scores)
    arguments = ["table2", "--init", "CoarseCTS", "--cityscapes", str(pristine), "--runs", str(tmp_path)]
    program = "import sys; from selfsup_segmentation.reproduce.__main__ import main\n"
    program += f"assert main({arguments!r}) == 0\n"
    program += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("0.123") >= 8


def test_official_scores_are_those_of_the_weights_that_there_are(tmp_path, monkeypatch):
    computed = []

    def official_scores(root, results):
        computed.append(root)
        return dict.fromkeys(table2.OFFICIAL.values(), 0.1 * len(computed))

    monkeypatch.setattr(
        "selfsup_segmentation.experiments.evaluation.official.official_scores", official_scores
    )
    monkeypatch.setattr(official, "_predict", lambda *_: None)
    store, run = Store(tmp_path), catalog.table1_runs("scenes-demo")[0]
    library = argparse.Namespace(source=Source(CITYSCAPES, tmp_path))
    for state, expected in (("a", 0.1), ("a", 0.1), ("b", 0.2), ("b", 0.2)):
        write_finished(store, run, state_sha256=state)
        scores = official.scores_of(run, store, lambda: library, None)
        assert scores == dict.fromkeys(table2.OFFICIAL, expected)


@pytest.mark.parametrize("verb", [["table2"], ["figures", "--only", "2"]])
def test_predictions_do_not_change_with_how_they_are_evaluated(capsys, tmp_path, pristine, verb):
    data = [*verb, "--cityscapes", pristine, "--runs", tmp_path]
    assert "encoder_bn_eval" in refused(capsys, *data, "--set", "encoder_bn_eval=shared")


def test_a_submission_that_cannot_be_written_is_refused_at_once(capsys, tmp_path, pristine):
    data = ["table2", "--cityscapes", pristine, "--runs", tmp_path]
    assert "nodir" in refused(capsys, *data, "--submission", tmp_path / "nodir" / "best.zip")
    assert "not finished" in refused(capsys, *data, "--submission", tmp_path / "best.zip")
