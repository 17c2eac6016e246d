import dataclasses
import functools
from pathlib import Path

import pytest
from PIL import Image

from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI, LAYOUTS
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.cli import arguments, figures
from selfsup_segmentation.reproduce.cli.all import PARTS
from selfsup_segmentation.reproduce.cli.parser import VERBS, parse
from selfsup_segmentation.reproduce.cli.session import Written
from selfsup_segmentation.reproduce.tables import table2
from selfsup_segmentation.reproduce.tables.readings_table import variants
from tests.refused import refused, reproduce
from tests.synthetic import KINDS, evaluation


@pytest.fixture(autouse=True)
def small_scenes(monkeypatch):
    counts = {"train": 3, "val": 2, "test": 1, "train_extra": 2}
    for layout, demo in ((CITYSCAPES, counts), (KITTI, 5)):
        small = dataclasses.replace(layout, demo_counts=demo, demo_size=(64, 32))
        monkeypatch.setitem(LAYOUTS, layout.name, small)


def finish_everything(root):
    store, kitti = Store(root), ("scenes-kitti-demo", "scenes-demo")
    runs = [*catalog.table1_runs("scenes-demo"), *catalog.table3_runs(*kitti)]
    runs += catalog.grid_search_runs("scenes-demo", "CoarseCTS")
    for row, label, start in (("SS+D/GS", "scenes-demo", ""), ("SS+D/UW", *kitti)):
        make = functools.partial(catalog.make_run, label, *arguments.parse_row(row), "random", start=start)
        runs += [run for variant in variants(make, Readings(), (0,)) for run in variant.runs]
    for run in catalog.with_dependencies(runs):
        scores = dict.fromkeys(KINDS, evaluation(run.tasks))
        Results(scores, {"abs_rel": 0.3}).write(store.folder(run))
        write_json(store.folder(run) / "official.json", dict.fromkeys(table2.OFFICIAL.values(), 0.25))


def test_one_page_shows_everything_and_says_what_is_missing(capsys, tmp_path):
    finish_everything(tmp_path)
    words = ["all", "--runs", tmp_path, "--without", "text-numbers", "--imagenet-weights", "none"]
    assert "Figure" in refused(capsys, *words)  # these runs have no weights to draw figures with
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


def test_pages_made_before_a_figure_was_drawn_show_it(monkeypatch, tmp_path):
    def draw(request):
        name = "figure4-scenes-kitti-demo.png" if 4 in request.only else "figure2-scenes-demo.png"
        path = Path(request.out) / name
        Image.new("RGB", (20, 10)).save(path)
        return Written([path])

    monkeypatch.setattr(figures, "run", draw)
    finish_everything(tmp_path)
    without = ["--without", "text-numbers", "claims", "grid-search", "readings"]
    assert reproduce("all", "--runs", tmp_path, *without, "--imagenet-weights", "none") == 0
    for number in (1, 2, 3, 4):
        label, figure = ("scenes-kitti-demo", 4) if number == 3 else ("scenes-demo", 2)
        page = (tmp_path / "tables" / f"report-table{number}-{label}.html").read_text()
        figure = f"figure{figure}-{label}.png"
        assert page.count("<img") == page.count(f'alt="{figure}"') == 1


def test_a_plan_starts_nothing_and_writes_nothing(capsys, tmp_path):
    assert reproduce("all", "--runs", tmp_path, "--plan") == 0
    output = capsys.readouterr().out
    assert output.count("hours on 1 GPU at 1 TFLOP/s each, assumed") == 6
    assert output.count("trains nothing") == len(PARTS) - 6
    assert not list(tmp_path.rglob("run.json"))
    assert not (tmp_path / "tables" / "index.html").exists()


def test_parts_without_their_data_set_are_left_out(capsys, tmp_path):
    arguments.demo_scenes(tmp_path, "kitti")
    root = next((tmp_path / "data").iterdir())
    assert reproduce("all", "--runs", tmp_path, "--kitti", root, "--plan", "--without", "readings") == 0
    assert capsys.readouterr().out.count("left out: no --cityscapes was given.") == 7


@pytest.mark.parametrize("verb", [*VERBS["the paper"], *VERBS["beyond the paper"]])
def test_verbs_of_the_paper_are_parts_but_for_views_of_them(verb):
    apart = ("all", "compare", "weightings")  # the last asks another question, with 28 runs of its own
    assert (verb in {part[1] for part in PARTS}) == (verb not in apart)
    assert parse([verb]).verb == verb
