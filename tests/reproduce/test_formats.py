"""Every format says where a number comes from, and never shows a published one as ours."""

import csv
import functools
import io
import json
import re
import shutil
import string
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.claims.claims import CLAIMS
from selfsup_segmentation.reproduce.claims.document import claims_document
from selfsup_segmentation.reproduce.claims.verdicts import evaluate, measured_numbers, published_numbers
from selfsup_segmentation.reproduce.formats.numbers import superscript
from selfsup_segmentation.reproduce.published import BEST, INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables import table1, table3, table4
from selfsup_segmentation.reproduce.tables.comparison import Group, Row, compare
from selfsup_segmentation.reproduce.tables.document import CSV_FIELDS, comparison_document
from selfsup_segmentation.reproduce.tables.inference_cost import inference_document
from tests.reproduce.test_inference_cost import measured as inference_measured

BANNER = "DEMO SCALE on embedded street scenes: not comparable with the paper"
ADDRESSES = [(row, init) for row, inits in TABLE1.items() for init in inits]
ANSI = re.compile(r"\x1b\[\d+m")


def of_table(to_format):
    return functools.wraps(to_format)(lambda table, **opts: to_format(comparison_document(table), **opts))


WRITERS = (formats.to_text, formats.to_markdown, formats.to_csv, formats.to_latex, formats.to_json)
to_text, to_markdown, to_csv, to_latex, to_json = FORMATS = tuple(map(of_table, WRITERS))
FOR_PEOPLE = (to_text, to_markdown, to_latex)
every_format = pytest.mark.parametrize("to_format", FORMATS)
every_format_for_people = pytest.mark.parametrize("to_format", FOR_PEOPLE)


def results(addresses, seeds=1, offset=0.0):
    """Synthetic results: the published ones moved by ``offset``, each seed a little further."""
    return {
        (row, init): {s: {m: v + offset + 0.011 * s for m, v in numbers.items()} for s in range(seeds)}
        for row, inits in {**TABLE1, **TEXT}.items()
        for init, numbers in inits.items()
        if (row, init) in addresses
    }


def rows_of_text(text):
    """{(label of the row, label of the line): [block, ...]} over all panels of the terminal text."""
    rows, heading = {}, ""
    for line in text.splitlines():
        if line.startswith("   ") and "│" in line and line.strip(" ").split()[0] in INITS:
            label, *blocks = line.split(" │ ")
            rows.setdefault((heading, label.strip()), []).extend(blocks)
        elif line.startswith(" SS") and "│" in line:
            label, *blocks = line.split(" │ ")
            rows.setdefault((label.strip(), ""), []).extend(blocks)
        elif line.startswith(" SS"):
            heading = line.strip()
    return rows


def rows_of_markdown(text):
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def rows_of_latex(text):
    """Cells of the lines of all panels; those of a cell that spans several are the first and empty ones."""
    rows = []
    for line in text.splitlines():
        if line.endswith(r" \\"):
            rows.append([])
            for cell in re.split(r"(?<!\\)&", line[:-2]):
                span = re.match(r" *\\multicolumn{(\d+)}", cell)
                rows[-1] += [cell.strip(), *[""] * (int(span[1]) - 1 if span else 0)]
    return rows


def parsed_csv(text):
    return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))


measured_addresses = st.sets(st.sampled_from([*ADDRESSES, ("C", "ImageNet"), ("D", "CoarseCTS")]))
OURS, EMPTY = r"n/a|\d\.\d{3}(±\d\.\d{3})?", "n/a|—[¹²³⁴⁵⁶⁷⁸⁹⁰]+"


@settings(max_examples=25, deadline=None)
@given(measured_addresses, st.integers(1, 3))
def test_an_unmeasured_cell_shows_no_digit_as_ours(measured, seeds):
    table = table1.build(results(measured, seeds), {})
    lines = rows_of_text(to_text(table))
    assert len(lines) == len(ADDRESSES)
    for address, blocks in zip(ADDRESSES, lines.values(), strict=True):
        for block in blocks:
            assert re.fullmatch(OURS if address in measured else EMPTY, block.split()[0])
    for cells in rows_of_markdown(to_markdown(table)):
        if cells[1] in (*INITS, "random"):
            assert all(re.fullmatch(f"{OURS}|{EMPTY}", cell.split("<br>")[0]) for cell in cells[2:])
    shown = [row for row in rows_of_latex(to_latex(table)) if re.match(r"SS\w+$|\\quad ", row[0])]
    with_depth = sum("abs_rel" in TABLE1[row][init] for row, init in ADDRESSES)  # in all panels
    assert len(shown) == len(ADDRESSES) + 2 * with_depth
    ours = [row[index] for row in shown for index in (1, 6)]
    in_latex = r"n/a|\d\.\d{3}(\$\\pm\$\d\.\d{3})?|\\textemdash\{\}(\\textsuperscript\{\d\})+"
    assert all(re.fullmatch(in_latex, cell) for cell in ours)

    for line in parsed_csv(to_csv(table)):
        is_measured = (line["row"], line["init"]) in measured and line["status"] != "n/a"
        assert bool(line["ours"]) == bool(line["difference"]) == is_measured
    for row, inits in json.loads(to_json(table))["cells"].items():
        for init, cells in inits.items():
            for cell in cells.values():
                assert (cell["ours"] is not None) == ((row, init) in measured and cell["status"] != "n/a")


def test_the_fields_of_a_measured_line():
    measured = results([("SS+D/GS", "ImageNet"), ("SSImageNet", "ImageNet")], offset=-0.01)
    measured["SSImageNet", "ImageNet"] = {0: {"sem_miou": 0.6}}
    table = table1.build(measured, {})
    heading = "SS + D (GS: w_seg 1, w_depth 100) (Best in the paper)"
    blocks = rows_of_text(to_text(table))[heading, "ImageNet"]
    assert blocks[0].split() == ["0.630", "0.64", "−0.010", "+0.030", "(+0.03)"]
    assert blocks[1].split() == ["n/a"]
    assert blocks[2].split() == ["0.230", "0.24", "−0.010", "—", "(−0.03)"]  # depth alone is not measured
    line = next(c for c in rows_of_markdown(to_markdown(table)) if c[0] == heading)
    assert line[2:5] == [
        "0.630<br>paper 0.64<br>diff −0.010<br>gain +0.030 (+0.03)",
        "n/a",
        "0.230<br>paper 0.24<br>diff −0.010<br>gain — (−0.03)",
    ]
    rows = rows_of_latex(to_latex(table))
    number = next(n for n, row in enumerate(rows) if "Best in the paper" in row[0])
    assert r"SS + D (GS: w\_seg 1, w\_depth 100) (Best in the paper)" in rows[number][0]
    ours = [r"\quad ImageNet", "0.630", "0.64", "$-$0.010", "+0.030", "(+0.03)", "n/a"]
    assert rows[number + 1] == [*ours, "", "", "", ""]


@every_format
def test_reasons_appear(to_format):
    reasons = {
        ("SSImageNet", "ImageNet"): "no ImageNet weights (try again)",
        ("SS+C/UW", "CoarseCTS"): "diverged at epoch 3",
    }
    text = to_format(table1.build({}, reasons))
    assert all(reason in text for reason in [*reasons.values(), "not run"])


@every_format_for_people
def test_equal_reasons_share_a_number_and_stand_beside_values_of_fewer_seeds(to_format):
    reasons = {("SSImageNet", "ImageNet"): "no weights", ("SS+D/GS", "ImageNet"): "seed 2 diverged"}
    text = to_format(table1.build(results([("SS+D/GS", "ImageNet")], seeds=2), reasons))
    text = re.sub(r"\\textsuperscript{(\d)}", lambda m: superscript(int(m[1])), text)
    assert [text.count(reason) for reason in ("not run", "no weights", "seed 2 diverged")] == [1, 1, 1]
    assert re.search(r"(—|\\textemdash\{\})²", text)
    assert re.search(r"(±|\$\\pm\$)0\.\d{3} ³", text)  # 0.6³ would be a cube
    assert "⁴" not in text


@every_format
def test_the_banner_comes_first(to_format):
    text = to_format(table1.build({}, {}, [BANNER, "second note"]))
    first, second = text.index(BANNER), text.index("second note")
    assert first < second < text.index(table1.TITLE)
    if to_format is to_json:
        assert next(iter(json.loads(text).items())) == ("notes", [BANNER, "second note"])
    elif to_format is not to_latex:  # which begins with the packages that it needs
        assert BANNER in text.splitlines()[0]


@every_format
def test_every_published_number_is_shown(to_format):
    text = to_format(table1.build({}, {}))
    numbers = {v for inits in TABLE1.values() for metrics in inits.values() for v in metrics.values()}
    printed = "{}" if to_format in (to_csv, to_json) else "{:.2f}"
    assert all(printed.format(number) in text for number in numbers)


@pytest.mark.parametrize("seeds", [1, 2, 3])
@every_format_for_people
def test_a_spread_needs_two_seeds(to_format, seeds):
    text = to_format(table1.build(results(ADDRESSES, seeds), {})).replace(r"$\pm$", "±")
    assert bool(re.search(r"\d±\d", text)) == (seeds >= 2)
    assert (f"standard deviation of {seeds} seeds" in text) == (seeds >= 2)
    assert ("one seed" in text) == (seeds == 1)


@pytest.mark.parametrize("seeds", [0, 1, 3])
@pytest.mark.parametrize("width", [64, 100])  # one metric at a time, and two
def test_terminal_text_fits(seeds, width):
    reasons = {("SS+D/GS", "ImageNet"): "a seed diverged, " * 12}
    text = to_text(table1.build(results([*ADDRESSES, ("C", "ImageNet")], seeds), reasons), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert len(rows_of_text(text)) == len(ADDRESSES)


def test_large_errors_stay_aligned():
    measured = results(ADDRESSES, 2)
    measured["SS+D/UW", "ImageNet"] = {s: {"sq_rel": 123.4} for s in range(2)}
    text = to_text(table1.build(measured, {}))
    panel = text[text.index("SqRel") :]
    points = {line.split("│")[-1].index(".") for line in panel.splitlines()[2:12] if " 2." in line}
    assert "123.400" in panel
    assert len(points) == 1


def test_significant_gains_have_color_and_mark_also_where_lower_is_better():
    rng, seeds = np.random.default_rng(0), 4
    means = {("SS+D/GS", "ImageNet"): {"abs_rel": 0.2, "sq_rel": 3.0, "rmse": 3.001}}
    means["D", "ImageNet"] = {"abs_rel": 0.3, "sq_rel": 2.0, "rmse": 3.0}

    def table(seeds):
        noisy = {
            a: {s: {m: v + rng.normal(0, 1e-3) for m, v in n.items()} for s in seeds}
            for a, n in means.items()
        }
        return table1.build(noisy, {})

    colored = to_text(table(range(seeds)), color=True)
    assert re.search("\x1b\\[32m▲ −0\\.\\d{3}\x1b", colored) and re.search(
        "\x1b\\[31m▼ \\+\\d\\.\\d{3}\x1b", colored
    )
    assert len(re.findall("[▲▼] [−+]", colored)) == 2  # none of the third, which is chance
    for to_format in FOR_PEOPLE:
        text = to_format(table(range(seeds)))
        assert "A gain without a mark may be chance." in " ".join(text.split())
        assert len(re.findall(r"(▲|▼|\$\\bigtriangle\w+\$) (−|\+|\$-\$)\d", text)) == 2
        alone = " ".join(to_format(table([0])).split())
        assert "Whether a gain is more than chance cannot be told: one seed." in alone
        assert not re.search("[▲▼]|triangle", alone)
    assert "\x1b[3" not in to_text(table([0]), color=True)
    cells = [c for c in table(range(seeds)).cells if c.gain is not None]
    assert [c.as_dict()["significant"] for c in cells] == [True, True, False]
    assert [c.as_dict()["significant"] for c in table([0]).cells if c.gain is not None] == [None] * 3


AWKWARD = string.printable + "—λ²±“”[*"
awkward = st.text(alphabet=AWKWARD, min_size=1).filter(str.strip)


@settings(deadline=None)
@given(awkward, awkward)
def test_every_format_parses_back_whatever_a_reason_holds(reason, note):
    address = ("SSImageNet", "ImageNet")
    table = table1.build(results([("SS+C/GS", "CoarseCTS")], 2), {address: reason}, [note])
    assert json.loads(to_json(table)) == table.as_dict()

    text = to_csv(table)
    lines = parsed_csv(text)
    assert text.startswith("# ")
    assert tuple(lines[0]) == ("group", "row", "init", "metric", *CSV_FIELDS)
    assert len(lines) == len(table.cells)
    for line, cell in zip(lines, table.cells, strict=True):
        assert (line["row"], line["init"], line["metric"]) == (cell.row, cell.init, cell.metric)
        for field, value in cell.as_dict().items():
            if field in ("ours", "std", "n", "published", "difference", "gain", "published_gain"):
                assert line[field] == ("" if value is None else str(value))
    line = next(line for line in lines if line["row"] == "SSImageNet" and line["metric"] == "sem_miou")
    assert line["reason"] == " ".join(reason.split())

    markdown = [line for line in to_markdown(table).splitlines() if line.startswith("| ")]
    assert len(markdown) == 2 + len(table1.GROUPS) + len(ADDRESSES)
    check_latex(to_latex(table))


def test_a_small_negative_difference_is_no_minus_zero():
    measured = {("SSImageNet", "ImageNet"): {0: {"sem_miou": 0.61 - 1e-5}}}
    text = to_text(table1.build(measured, {}))
    assert "+0.000" in text and "−0.000" not in text


def test_a_table_with_one_metric():
    measured = {("SS+C/UW", "CoarseCTS"): 0.44, ("SSCoarseCTS", "CoarseCTS"): 0.45}
    table = table3.build({address: {0: {"sem_miou": value}} for address, value in measured.items()}, {})
    blocks = rows_of_text(to_text(table))["SS + C (UW)", "CoarseCTS"]
    assert [block.split() for block in blocks] == [["0.440", "0.45", "−0.010", "−0.010", "(−0.01)"]]
    assert "n/a" not in to_text(table)
    assert "**Multi**" in to_markdown(table)


def unpublished_table(measured, published=(), baseline=None):
    """Two metrics and three rows, of which the paper has at most what is ``published``."""
    rows = [Row("SS", "SS", ("seg",), ("random",))]
    for n in (1, 2):
        rows.append(Row(f"SS+C {n}", f"SS + C {n}", ("seg", "color"), ("random",), baseline=baseline))
    groups, baselines = [Group("All", tuple(rows))], {"seg": {"random": "SS"}}
    columns = table1.COLUMNS[:2]
    return compare("Not in the paper", columns, groups, dict(published), measured, {}, baselines)


ONE = {("SS", "random"): {0: {"sem_miou": 0.25}}}
MEASURED = ONE | {("SS+C 1", "random"): {0: {"sem_miou": 0.26, "color_miou": 0.3}}}
SINGLE_TASK = "gain: minus the single-task row"


@every_format_for_people
@pytest.mark.parametrize(
    ("arguments", "fields", "present", "absent"),
    [
        ((MEASURED,), ["ours", "gain"], ["+0.010", SINGLE_TASK], ["paper:", "diff"]),
        ((MEASURED, (), "SS"), ["ours", "gain"], ["+0.010"], ["paper:", "diff", "single-task"]),
        ((ONE,), ["ours"], [], ["paper:", "diff", "gain"]),
        (
            ({}, {"SS": {"random": {"sem_miou": 0.58}}}),
            ["ours", "paper", "diff", "gain", "(paper)"],
            ["paper: as printed", SINGLE_TASK],
            [],
        ),
    ],
    ids=["gains", "own baseline", "ours alone", "one published"],
)
def test_a_table_has_the_fields_that_hold_something(to_format, arguments, fields, present, absent):
    text = to_format(unpublished_table(*arguments))
    if to_format is to_text:
        heading = next(line for line in text.splitlines() if "ours" in line and "│" in line)
        assert heading.split() == ["│", *fields] * 2
        lines = [line for line in text.splitlines() if "│" in line or "┼" in line]
        bars = {tuple(i for i, letter in enumerate(line) if letter in "│┼") for line in lines}
        assert len(bars) == 1  # also where titles are wider than the fields
    if to_format is to_latex and len(fields) > 1:
        assert rows_of_latex(text)[1] == ["", *fields * 2]
    text = " ".join(text.split())
    assert all(part in text for part in [*present, "higher is better"])
    assert not any(part in text for part in absent)


def documents():
    """One of each kind."""
    reasons = {("SSImageNet", "ImageNet"): AWKWARD, ("SS+C/UW", "CoarseCTS"): "diverged"}
    whole = table1.build(results([*ADDRESSES, ("D", "ImageNet")], 2, -0.01), reasons, [BANNER, AWKWARD])
    claims = [evaluate(CLAIMS, numbers) for numbers in (published_numbers(), measured_numbers({}))]
    return {
        "table1": comparison_document(whole),
        "table4": comparison_document(table4.build({BEST: {0: {"sem_miou": 0.6}}}, {}, [BANNER])),
        "unpublished": comparison_document(unpublished_table(MEASURED)),
        "claims": claims_document(*claims, [BANNER]),
        "inference": inference_document(inference_measured(), [BANNER]),
    }


every_document = pytest.mark.parametrize("kind", documents())


@every_document
def test_color_only_when_asked_and_it_changes_nothing_else(kind):
    document = documents()[kind]
    plain, colored = formats.to_text(document), formats.to_text(document, color=True)
    assert "\x1b" not in plain and "\x1b" in colored
    assert [line.rstrip() for line in ANSI.sub("", colored).splitlines()] == plain.splitlines()
    assert max(map(len, plain.splitlines()[2:])) <= 100  # notes are one line


@every_document
def test_markdown_lines_have_the_same_number_of_columns(kind):
    for table in re.findall(r"(?m)(?:^\|.*\n)+", formats.to_markdown(documents()[kind])):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def check_latex(text):
    """Environments and groups are closed, and every line of a table has as many cells."""
    assert text.isascii()
    opened = []
    for kind, name in re.findall(r"\\(begin|end){(\w+)}", text):
        assert kind == "begin" or opened.pop() == name
        opened += [name] * (kind == "begin")
    assert not opened and text.count(r"\begingroup") == text.count(r"\endgroup") == 1
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[#~^|<>]|(?<!\\)_", text)
    assert not re.search(r"(?m)^(\[|\*)", text)  # would be an argument of the line break before
    for table in re.findall(r"(?s)\\begin{(?:tabular|longtable)}{(l[lr]*)}(.*?)\\end", text):
        assert {len(row) for row in rows_of_latex(table[1])} == {len(table[0])}
        assert [table[1].count(rf"\{rule}rule") for rule in ("top", "bottom")] == [1, 1]
        assert table[1].count(r"\midrule") >= 1


@every_document
def test_latex_is_well_formed(kind):
    text = formats.to_latex(documents()[kind])
    check_latex(text)
    assert (text.count(r"\begin{tabular}"), text.count(r"\begin{longtable}")) == {
        "table1": (3, 0), "table4": (1, 0), "unpublished": (1, 0), "claims": (0, 1), "inference": (3, 0)
    }[kind]  # fmt: skip


def test_what_has_a_meaning_in_latex_is_escaped():
    document = formats.Document(r"50 % of #1 & $x_2 {a} \b ~ ^ --set", (), footnotes=("[1] * −1 ± 2",))
    text = formats.to_latex(document)
    assert (
        r"50 \% of \#1 \& \$x\_2 \{a\} \textbackslash{}b \textasciitilde{} \textasciicircum{} -{}-set" in text
    )
    assert r"{[}1] {*} $-$1 $\pm$ 2" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed")
def test_latex_compiles(tmp_path):
    """On pages of their own, and in a table environment."""
    inputs = []
    for kind, document in documents().items():
        (tmp_path / f"{kind}.tex").write_text(formats.to_latex(document))
        inputs.append(rf"\input{{{kind}}}\clearpage")
    (tmp_path / "all.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs,longtable}\begin{document}"
        + "".join(inputs)
        + r"\begin{table}\input{unpublished}\end{table}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert result.returncode == 0, result.stdout[-3000:]


@every_document
def test_all_formats_are_written(kind, tmp_path):
    document, folder = documents()[kind], tmp_path / "new" / "folder"
    for _ in range(2):  # a second time overwrites
        paths = formats.write(document, folder, kind)
    assert [path.name for path in paths] == [f"{kind}.{end}" for end in ("txt", "md", "csv", "tex", "json")]
    assert sorted(folder.iterdir()) == sorted(paths)
    for path, to_format in zip(paths, WRITERS, strict=True):
        assert path.read_bytes() == to_format(document).encode()
    assert len(parsed_csv(paths[2].read_text())) == len(document.records) > 0


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    formats.write(comparison_document(table1.build({}, {})), tmp_path, "t")
    before = {path: path.read_text() for path in tmp_path.iterdir()}

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(type(tmp_path), "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        formats.write(comparison_document(table1.build({}, {}, [BANNER])), tmp_path, "t")
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before
