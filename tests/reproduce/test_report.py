"""The page of a table: valid, self-contained, escaped, with the numbers of the table and nothing else."""

import html.parser
import json
import os
import re
import subprocess
import sys

import pytest
from PIL import Image

from selfsup_segmentation.data.labels import CLASS_NAMES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.tasks import TASKS
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.claims import verdicts
from selfsup_segmentation.reproduce.claims.claims import CLAIMS
from selfsup_segmentation.reproduce.formats.numbers import signed
from selfsup_segmentation.reproduce.report import curves
from selfsup_segmentation.reproduce.report.classes import class_scores
from selfsup_segmentation.reproduce.report.images import best_and_baseline, draw_samples, embed
from selfsup_segmentation.reproduce.report.pages import PageContext, claims_html, missing, table_html
from selfsup_segmentation.reproduce.report.provenance import provenance
from selfsup_segmentation.reproduce.report.svg import WIDTH
from selfsup_segmentation.reproduce.tables import table1, table2
from selfsup_segmentation.reproduce.tables.collect import collect, machine_notes
from tests.reproduce.report_runs import ABSENT, finish, finish_table1
from tests.synthetic import write_finished

NOTE = "DEMO SCALE on embedded street scenes: not comparable with the paper."
UNFINISHED = "scenes-demo/SS+C-UW/ImageNet/seed0"
NASTY = "<script>alert('a')</script> & \"quotes\""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Table 1 but for one run."""
    store = Store(tmp_path_factory.mktemp("runs"))
    finish_table1(store, without=[UNFINISHED])
    return store


def shown_runs():
    runs = [*catalog.table1_runs("scenes-demo"), *catalog.single_task_runs("scenes-demo")]
    return [(catalog.table_row(run), run) for run in runs]


def make_table(store, unavailable=None):
    runs = [run for _, run in shown_runs()]
    return table1.build(*collect(runs, store, Readings(), unavailable=unavailable or {}), [NOTE])


def make_page(store, **fields):
    return table_html(
        make_table(store), PageContext(shown_runs(), store, Readings(), "scenes-demo", **fields)
    )


@pytest.fixture(scope="module")
def page(store):
    return make_page(store)


class Elements(html.parser.HTMLParser):
    """Every element with its attributes, and whether tags are closed in order."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def text_of(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_the_page_is_valid_and_needs_no_other_file(page):
    elements = Elements(page)
    assert not elements.open
    assert not elements.all("script")
    sources = [a.get(key) for _, a in elements.elements for key in ("src", "href") if a.get(key)]
    assert all(source.startswith(("#", "data:")) for source in sources)
    assert not re.search(r"https?://|@import|url\((?!#)", page)
    names = [attributes["id"] for _, attributes in elements.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert {source[1:] for source in sources if source.startswith("#")} <= set(names)
    assert page.index(NOTE) < page.index("<table")


def test_charts_have_titles_and_the_colors_of_the_page_and_table_cells_have_headings(page):
    elements = Elements(page)
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) == 20 + 24  # classes of a row, curves of a run
    for chart in charts:
        (svg,) = Elements(chart).all("svg")
        assert svg["role"] == "img"
        assert f"<title>{html.escape(svg['aria-label'])}</title>" in chart
        assert "<text" in chart
        colors = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", chart))
        assert "currentColor" in colors
        assert colors <= {"none", "currentColor", "var(--grid)", *(f"var(--{task.name})" for task in TASKS)}
    assert all("scope" in heading for heading in elements.all("th") if heading)
    assert len(elements.all("figure")) == len(elements.all("figcaption"))


def test_every_number_of_the_table_is_on_the_page_and_an_empty_cell_holds_none(store, page):
    table = make_table(store)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    lines = [(row, init) for group in table.groups for row in group.rows for init in row.inits]
    for (row, init), markup in zip(lines, rows, strict=True):
        assert text_of(markup).startswith(row.label)
        fields = re.split(r"<td class=\"first", markup)[1:]
        for column, field in zip(table.columns, fields, strict=True):
            cell, text = table.cell(row.name, init, column.metric), text_of(f"<td {field}")
            if not cell.applies:
                assert text == "n/a"
            elif cell.values:
                assert text.startswith(f"{cell.mean:.3f}")
                assert cell.difference is None or text.endswith(signed(cell.difference))
                assert cell.gain is None or signed(cell.gain) in text
                assert not re.search("better|worse|▲|▼", field)  # one seed
            else:
                assert text.startswith("— 1")  # the number of its reason
                assert not re.search(r"\d\.\d{3}", text)


def test_significant_gains_alone_have_color_and_mark(store):
    seeds = {seed: {"sem_miou": 0.5 + seed / 1000} for seed in range(3)}
    higher = {seed: {"sem_miou": 0.6 + seed**2 / 1000} for seed in range(3)}
    rows = {("SSImageNet", "ImageNet"): seeds, ("SS+D/GS", "ImageNet"): higher}
    rows["SS+D/UW", "ImageNet"] = {**seeds, 1: {"sem_miou": 0.51}}
    page = table_html(table1.build(rows, {}), PageContext([], store, Readings(), "scenes-demo"))
    marked = re.findall(r'<small class="(better|worse)">(. .\d.\d+)', page)
    assert marked == [("better", "▲ +0.101")]


def test_what_is_missing_is_listed_with_its_reason(store, page):
    table = make_table(store, {UNFINISHED: "no ImageNet weights"})
    assert missing(table) == [("no ImageNet weights", ["SS + C (UW), ImageNet"])]
    assert "24 of 25" not in page  # runs of the rows alone: colorization and depth are none
    assert "20 of 21 runs finished" in page


def test_whatever_comes_from_outside_is_escaped(store):
    measured, _ = collect([run for _, run in shown_runs()], store, Readings())
    table = table1.build(measured, {("SS+C/UW", "ImageNet"): NASTY}, [NASTY])
    page = table_html(table, PageContext(shown_runs(), store, Readings(), NASTY, no_images=NASTY))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert not Elements(page).open


def test_each_class_is_compared_with_the_network_of_the_same_start(store):
    charts = class_scores(make_table(store), shown_runs(), store, Readings())
    by_row = {(chart.label, chart.init): chart for chart in charts}
    assert len(charts) == 20
    assert by_row["SSrandom", "random"].baseline is None
    chart = by_row["SS + D (UW)", "CoarseCTS"]
    assert chart.baseline == "SSCoarseCTS"
    runs = {(row, run.init): run for row, run in shown_runs()}

    def recorded(row):
        return store.metrics(runs[row, "CoarseCTS"]).of("seg", Readings()).native.per_class

    for score in chart.scores:
        assert score.ours == recorded("SS+D/UW")[score.name]
        assert score.baseline == recorded("SSCoarseCTS")[score.name]
    assert [score.name for score in chart.scores] == list(CLASS_NAMES)
    assert [score.name for score in chart.scores if score.ours is None] == [ABSENT]


def test_the_score_of_several_seeds_is_their_mean(tmp_path):
    store, seeds = Store(tmp_path), (0, 1, 2)
    runs = [run for run in catalog.table1_runs("scenes-demo", seeds) if run.row == "SS"]
    for run in runs:
        finish(store, run)
    table = table1.build({("SSrandom", "random"): {0: {"sem_miou": 0.5}}}, {})
    chart = class_scores(table, [(catalog.table_row(run), run) for run in runs], store, Readings())[0]
    random = [store.metrics(run).of("seg", Readings()) for run in runs if run.init == "random"]
    roads = [result.native.per_class["road"] for result in random]
    assert chart.scores[0].ours == pytest.approx(sum(roads) / 3)


@pytest.fixture(scope="module")
def charts(store):
    """Training curves of `shown_runs` by (row, init)."""
    return {(one.row, one.run.init): one for one in curves.training_curves(shown_runs(), store)}


def described(chart):
    """{title of a panel: its description for screen readers}."""
    (text,) = re.findall(r"<title>(.*?)</title>", chart.chart)
    return dict(re.findall(r"([^:.]+): (.*? at the end)\.(?: |$)", text))


def test_curves_show_losses_and_changing_weights_of_each_run(charts):
    assert len(charts) == 24
    of_gradients = [title for title in curves.PANELS if "gradient" in title]
    assert list(described(charts["SS+C+D/DWA", "ImageNet"])) == [
        title for title in curves.PANELS if title not in of_gradients
    ]
    for row, init in (("SS+D/GS", "ImageNet"), ("SSrandom", "random")):
        assert list(described(charts[row, init])) == ["mean loss, log scale", "validation mIoU"]
    assert list(described(charts["D", "ImageNet"])) == ["mean loss, log scale"]
    assert "weights SS 1, D 100" in charts["SS+D/GS", "ImageNet"].facts
    losses = described(charts["SS+C+D/UW", "ImageNet"])["mean loss, log scale"]
    titles = re.findall("[a-z]+(?= [0-9.]+ after epoch 1)", losses)
    assert titles == ["segmentation", "colorization", "disparity"]


def test_weightings_of_gradients_have_their_curves_too(tmp_path):
    store, run = Store(tmp_path), catalog.weighting_runs("scenes-demo", "random")[4]
    columns = {"loss_seg": 1.0, "norm_seg": 2.0, "norm_color": 0.1, "cosine_seg": 1.0, "cosine_color": -0.2}
    write_finished(
        store, run, history=[{"epoch": e} | {k: v / (1 + e) for k, v in columns.items()} for e in (0, 1)]
    )
    (chart,) = curves.training_curves([(run.row, run)], store)
    shown = described(chart)
    assert "colorization 0.1 after epoch 1, 0.05" in shown["length of the encoder gradient, log scale"]
    assert "colorization -0.2 after epoch 1, -0.1" in shown["cosine with the gradient of the main task"]


def test_all_runs_share_their_axes_and_have_the_same_bytes_again(store, charts):
    texts = [re.findall(">([^<]*)</text>", c.chart) for c in charts.values() if len(described(c)) > 1]
    assert len({tuple(words[: words.index("mean loss, log scale")]) for words in texts}) == 1  # ticks
    curves._draw.cache_clear()
    assert curves.training_curves(shown_runs(), store) == list(charts.values())


def test_a_long_history_becomes_a_short_line_that_ends_where_it_ends(tmp_path):
    store, run = Store(tmp_path), catalog.table1_runs("scenes-demo")[0]
    finish(store, run, epochs=1007)
    (chart,) = curves.training_curves([("SSrandom", run)], store)
    path = next(path for path in re.findall(r' d="(.*?)"', chart.chart, re.DOTALL) if path.count("L") > 20)
    points = [tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]]
    assert len(points) <= curves.MAX_POINTS + 1
    assert (points[0][0], points[-1][0]) == pytest.approx((WIDTH * 0.14, WIDTH * 0.96), abs=1)


def test_numbers_that_cannot_be_drawn_leave_the_others():
    losses = [1.0, None, 0.0, -1.0, float("nan"), 0.5]
    history = [{"epoch": float(i), "loss_seg": loss, "weight_seg": 1.0} for i, loss in enumerate(losses)]
    lines = curves.panel_lines(history)
    assert lines.pop("mean loss, log scale") == {"seg": ((1.0, 1.0), (6.0, 0.5))}
    assert not any(lines.values())


def test_a_run_under_way_shows_its_history_and_a_damaged_one_says_so(store, tmp_path):
    unfinished = catalog.make_run("scenes-demo", ("seg", "color"), "UW", "ImageNet")
    assert unfinished.folder == UNFINISHED
    folder = tmp_path / UNFINISHED
    folder.mkdir(parents=True)
    path = folder / "history.csv"
    path.write_text("epoch,loss_seg,loss_color\n0,2.0,1.0\n1,1.5,0.9\n2,1.1,0.8\n")
    (chart,) = curves.training_curves([("SS+C/UW", unfinished)], Store(tmp_path))
    assert chart.facts[0] == "3 of 8 epochs, not finished"
    assert list(described(chart)) == ["mean loss, log scale"]
    path.write_text("epoch,loss_seg\n0,2.0\nbroken")
    (chart,) = curves.training_curves([("SS+C/UW", unfinished)], Store(tmp_path))
    assert "history.csv is damaged" in chart.facts[0]
    assert not chart.chart


def test_a_learning_rate_that_changes_is_a_curve_and_a_constant_one_a_number(charts):
    changing, constant = charts["SS+C/DWA", "ImageNet"], charts["SS+C/GS", "ImageNet"]
    assert described(changing)["learning rate"] == "all tasks 0.001 after epoch 1, 0.0001 at the end"
    assert re.findall(r">(0\.000\d)</text>", changing.chart)  # no factor beside the axis
    assert not any("learning rate" in fact for fact in changing.facts)
    assert "learning rate 0.001" in constant.facts


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_a_run_from_before_rates_were_recorded_has_no_curve_of_them(tmp_path, schedule):
    store, readings = Store(tmp_path), Readings(lr_schedule=schedule)
    run = catalog.make_run("scenes-demo", ("seg",), "none", "random", readings=readings)
    write_finished(store, run, history=[{"epoch": e, "loss_seg": 3.0 - e} for e in range(3)])
    (chart,) = curves.training_curves([("SSrandom", run)], store)
    assert list(described(chart)) == ["mean loss, log scale"]
    assert ("learning rate 0.001" in chart.facts) == (schedule == "constant")
    assert ("learning rate 0.001 at first" in chart.facts) == (schedule == "plateau")


def record_machine(store, run, *machines, **fields):
    """As if sessions on these machines had trained a run; None for a session of an older version."""
    path = store.folder(run) / "run.json"
    described = json.loads(path.read_text())
    session = {"versions": {"tensorflow": "2.21.0", "keras": "3.12.0"}} | fields
    described["sessions"] = [session | ({"machine": machine} if machine else {}) for machine in machines]
    write_json(path, described)


def test_a_table_says_when_its_runs_were_trained_under_different_circumstances(tmp_path):
    store, runs = Store(tmp_path), [run for run in catalog.table1_runs("scenes-demo") if run.row == "SS"][:2]
    for run in runs:
        finish(store, run)
    here = {"gpu": None, "cpu": "A processor", "cores": 2, "threads": [0, 0], "onednn": "default"}
    for there, said in (({}, None), ({"ram_gib": 8}, None), ({"cores": 1, "gpu": "A card"}, "cores 2 or 1")):
        record_machine(store, runs[0], here)
        record_machine(store, runs[1], here | there)
        notes = machine_notes(runs, store)
        assert len(notes) == bool(said) and all(
            said in note and "gpu None or A card" in note for note in notes
        )
    record_machine(store, runs[1], {"cpu": "Another"})  # by a version that recorded less
    assert machine_notes(runs, store) == []


def test_the_page_says_on_which_machines_and_versions_the_runs_were_trained(tmp_path):
    store, runs = Store(tmp_path), [run for run in catalog.table1_runs("scenes-demo") if run.row == "SS"]
    for run in runs:
        finish(store, run)
    cpu = {"gpu": None, "cpu": "A processor", "cores": 1, "ram_gib": 23.5}
    gpu = {"gpu": "A card", "cpu": "Another", "cores": 16, "ram_gib": 128.0}
    versions = "tensorflow 2.21.0, keras 3.12.0"
    for run in runs:
        record_machine(store, run, cpu, cpu)
    one = f"A processor, 1 core, 23.5 GiB; {versions}"
    assert dict(provenance(runs, store))["Trained on"] == [f"3 runs on {one}"]

    record_machine(store, runs[1], cpu, gpu)
    record_machine(store, runs[2], None, devices=["/device:CPU:0"])
    old = f"a machine that is not recorded (/device:CPU:0); {versions}"
    assert dict(provenance(runs, store))["Trained on"] == [
        f"1 run on {one}: {runs[0].folder}",
        f"1 run on {one}, then on A card, Another, 16 cores, 128 GiB; {versions}: {runs[1].folder}",
        f"1 run on {old}: {runs[2].folder}",
    ]
    record_machine(store, runs[2], None, versions={})
    assert dict(provenance(runs, store))["Trained on"][-1].startswith(
        "1 run on a machine that is not recorded; versions not recorded"
    )


def test_the_page_of_the_claims_has_every_verdict_on_both_sides_and_the_curves(store):
    measured, _ = collect([run for _, run in shown_runs()], store, Readings())
    paper = verdicts.evaluate(CLAIMS, verdicts.published_numbers())
    ours = verdicts.evaluate(CLAIMS, verdicts.measured_numbers(measured))
    page = claims_html(paper, ours, [NOTE], PageContext(shown_runs(), store, Readings(), "scenes-demo"))
    assert not Elements(page).open
    assert page.index(NOTE) < page.index("<table")
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    for row, reported in zip(rows, zip(paper, ours, strict=True), strict=True):
        sides = [f"{verdict.answer} {verdict.reason}" for verdict in reported]
        assert html.unescape(text_of(row)) == " ".join([reported[0].claim.reading, *sides])
    text = html.unescape(text_of(page))
    assert all(f"{claim.section}: “{claim.quote}”" in text for claim in CLAIMS)
    assert {verdict.answer for verdict in ours} == {verdicts.OPEN, verdicts.ONE_SEED}
    counts = [
        sum(verdict.answer == answer for verdict in ours) for answer in (verdicts.OPEN, verdicts.ONE_SEED)
    ]
    assert f"Ours: {counts[0]} × cannot be told, {counts[1]} × cannot be told: one seed" in text
    assert page.count("<figure") == 24  # curves of each run that has begun
    assert "24 of 25 runs finished" in page


def test_whatever_a_claim_says_is_escaped(store):
    verdict = verdicts.Verdict(verdicts.Claim("1", NASTY, NASTY, "every", ()), "holds", NASTY)
    page = claims_html([verdict], [verdict], [NASTY], PageContext([], store, Readings(), NASTY))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    assert not Elements(page).open


def test_the_best_row_and_its_own_baseline_are_drawn(store):
    table = make_table(store)
    (description, best), (against, baseline) = best_and_baseline(table, shown_runs())
    cells = [c for c in table.cells if c.metric == "sem_miou" and c.values and c.baseline]
    highest = max(cells, key=lambda cell: cell.mean)
    assert (catalog.table_row(best), best.init) == (highest.row, highest.init)
    assert baseline.row == "SS"
    assert baseline.init == best.init
    gain = f"gain {signed(highest.gain)}, one seed: may be chance"
    assert (description, against) == (f"Highest mIoU here of a row with a baseline ({gain})", "Its baseline")


def test_images_are_inside_the_page_with_their_captions(store, tmp_path):
    path = tmp_path / "figure2-scenes-demo.png"
    Image.new("RGBA", (3000, 1500), (255, 0, 0, 255)).save(path)
    write_json(path.with_suffix(".json"), {"caption": [f"Figure 2 {NASTY}", "second"]})
    embedded = embed(path)
    assert embedded.size == (1400, 700)
    (image,) = Elements(make_page(store, images=[embedded])).all("img")
    assert image["src"].startswith("data:image/jpeg;base64,")
    assert image["alt"] == f"Figure 2 {NASTY}"


TABLES = {
    "table1": "report-table1-scenes-demo.html",
    "compare": "report-table1-scenes-demo.html",
    "table4": "report-table4-scenes-demo.html",
    "table2": "report-table2-scenes-demo.html",
    "claims": "report-claims-scenes-demo.html",
}


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    """Options that name tiny scenes, and a runs folder in which nothing of Table 1 is left to do."""
    data, root = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("finished")
    write_cityscapes(data, {"train": 2, "val": 2, "train_extra": 2}, size=(64, 32), seed=0)
    store = Store(root)
    runs = finish_table1(store)
    for run in catalog.with_dependencies(runs):
        if run not in runs:
            finish(store, run)
        write_json(store.folder(run) / "official.json", dict.fromkeys(table2.OFFICIAL.values(), 0.25))
    return ["--cityscapes", str(data), "--runs", str(root)]


@pytest.mark.parametrize("verb", TABLES)
def test_every_table_has_its_report(capsys, arguments, tmp_path, verb):
    assert main([verb, *arguments, "--out", str(tmp_path)]) == 0
    assert f"wrote {tmp_path / TABLES[verb]}" in capsys.readouterr().out
    page = (tmp_path / TABLES[verb]).read_text()
    assert NOTE in page
    assert "reproduce figures" in page  # how to get images


def test_a_table_of_finished_runs_starts_no_tensorflow_for_its_report(arguments, tmp_path):
    command = ["compare", *arguments, "--out", str(tmp_path)]
    program = (
        "import sys; import selfsup_segmentation.reproduce.cli.session as _; "
        "assert 'matplotlib' not in sys.modules; "
        f"from selfsup_segmentation.reproduce.__main__ import main; assert main({command!r}) == 0; "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert (tmp_path / "report-table1-scenes-demo.html").is_file()


def test_samples_are_shown_until_the_run_is_executed_again(store, tmp_path):
    run = catalog.table1_runs("scenes-demo")[0]
    assert draw_samples(run, store, None, tmp_path) is None
    path = tmp_path / "samples-scenes-demo-SS-random-seed0.png"
    Image.new("RGB", (20, 10)).save(path)
    assert draw_samples(run, store, None, tmp_path) == path
    before = store.finished_folder(run).joinpath("metrics.json").stat().st_mtime - 10
    os.utime(path, (before, before))
    assert draw_samples(run, store, None, tmp_path) is None
