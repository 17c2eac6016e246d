import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI, LAYOUTS
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.cli import arguments, figures
from selfsup_segmentation.reproduce.cli.all import PARTS
from selfsup_segmentation.reproduce.cli.parser import VERBS, parse
from selfsup_segmentation.reproduce.cli.session import Written
from selfsup_segmentation.reproduce.tables import table2
from selfsup_segmentation.reproduce.tables.readings_table import variants
from tests.synthetic import KINDS, evaluation


@pytest.fixture(autouse=True)
def small_scenes(monkeypatch):
    counts = {"train": 3, "val": 2, "test": 1, "train_extra": 2}
    for layout, demo in ((CITYSCAPES, counts), (KITTI, 5)):
        small = dataclasses.replace(layout, demo_counts=demo, demo_size=(64, 32))
        monkeypatch.setitem(LAYOUTS, layout.name, small)


def finish(store, run):
    Results(dict.fromkeys(KINDS, evaluation(run.tasks)), {"abs_rel": 0.3}).write(store.folder(run))


def finish_everything(root):
    store = Store(root)
    runs = [*catalog.table1_runs("scenes-demo"), *catalog.table3_runs("scenes-kitti-demo", "scenes-demo")]
    runs += catalog.grid_search_runs("scenes-demo", "CoarseCTS")
    for label, row, start in (
        ("scenes-demo", "SS+D/GS", ""),
        ("scenes-kitti-demo", "SS+D/UW", "scenes-demo"),
    ):
        tasks, weighting = arguments.parse_row(row)

        def make(seed, readings, label=label, tasks=tasks, weighting=weighting, start=start):
            return catalog.make_run(label, tasks, weighting, "random", seed, readings, start=start)

        runs += [run for variant in variants(make, Readings(), (0,)) for run in variant.runs]
    for run in catalog.with_dependencies(runs):
        finish(store, run)
        write_json(store.folder(run) / "official.json", dict.fromkeys(table2.OFFICIAL.values(), 0.25))


def test_one_page_shows_everything_and_says_what_is_missing(capsys, tmp_path):
    finish_everything(tmp_path)
    code = main(["all", "--runs", str(tmp_path), "--without", "text-numbers", "--imagenet-weights", "none"])
    said = capsys.readouterr().err
    assert code == 2  # these runs have no weights to draw figures with
    assert "Figure" in said.splitlines()[-1]
    folder = tmp_path / "tables"
    page = (folder / "index.html").read_text()
    for heading, verb, _, _ in PARTS:
        assert (heading in page) == (verb != "text-numbers")
    assert page.count("DEMO SCALE") >= 8
    assert page.count("Not made:") == 2
    for name in ("table1-scenes-demo.csv", "table3-scenes-kitti-demo.json", "claims-scenes-demo.md"):
        assert f'href="{name}"' in page
        assert (folder / name).is_file()
    assert 'img src="grid-search-CoarseCTS-scenes-demo.png"' in page
    assert "not made: " in (folder / "index.md").read_text()


PAGES = {
    "report-table1-scenes-demo.html": "figure2-scenes-demo.png",
    "report-table2-scenes-demo.html": "figure2-scenes-demo.png",
    "report-table3-scenes-kitti-demo.html": "figure4-scenes-kitti-demo.png",
    "report-table4-scenes-demo.html": "figure2-scenes-demo.png",
}


def test_pages_made_before_a_figure_was_drawn_show_it(monkeypatch, tmp_path):
    def draw(request):
        name = "figure4-scenes-kitti-demo.png" if 4 in request.only else "figure2-scenes-demo.png"
        path = Path(request.out) / name
        Image.new("RGB", (20, 10)).save(path)
        return Written([path])

    monkeypatch.setattr(figures, "run", draw)
    finish_everything(tmp_path)
    without = ["--without", "text-numbers", "claims", "grid-search", "readings"]
    assert main(["all", "--runs", str(tmp_path), *without, "--imagenet-weights", "none"]) == 0
    for name, figure in PAGES.items():
        page = (tmp_path / "tables" / name).read_text()
        assert page.count("<img") == page.count(f'alt="{figure}"') == 1


def test_a_plan_starts_nothing_and_writes_nothing(capsys, tmp_path):
    assert main(["all", "--runs", str(tmp_path), "--plan"]) == 0
    said = capsys.readouterr().out
    assert said.count("hours on 1 GPU at 1 TFLOP/s each, assumed") == 6
    assert said.count("trains nothing") == len(PARTS) - 6
    assert not list(tmp_path.rglob("run.json"))
    assert not (tmp_path / "tables" / "index.html").exists()


def test_parts_without_their_data_set_are_left_out(capsys, tmp_path):
    arguments.demo_scenes(tmp_path, "kitti")
    root = next((tmp_path / "data").iterdir())
    words = ["all", "--runs", str(tmp_path), "--kitti", str(root), "--plan", "--without", "readings"]
    assert main(words) == 0
    assert capsys.readouterr().out.count("left out: no --cityscapes was given.") == 7


@pytest.mark.parametrize("verb", [*VERBS["the paper"], *VERBS["beyond the paper"]])
def test_verbs_of_the_paper_are_parts_but_for_views_of_them(verb):
    assert (verb in {part[1] for part in PARTS}) == (verb not in ("all", "compare"))
    assert parse([verb]).verb == verb
