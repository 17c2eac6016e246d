"""The pages of a table and of the claims in Chromium: phone, tablet and desk, light and dark, and paper."""

import itertools
import os
import shutil

import pytest

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.claims.claims import CLAIMS
from selfsup_segmentation.reproduce.claims.verdicts import evaluate, measured_numbers, published_numbers
from selfsup_segmentation.reproduce.formats import write_texts
from selfsup_segmentation.reproduce.report.images import embed
from selfsup_segmentation.reproduce.report.pages import PageContext, claims_html, table_html
from selfsup_segmentation.reproduce.tables import table1
from selfsup_segmentation.reproduce.tables.collect import collect
from tests.conftest import REPOSITORY
from tests.reproduce.report_runs import finish_table1

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install '.[dev]'"
)

NOTE = "DEMO SCALE on embedded street scenes: not comparable with the paper."
LONG = "no ImageNet weights: resnet18_imagenet_1000_no_top.h5 is not in " + "/very/long/folder" * 20
WIDTHS = (390, 768, 1440)
SCHEMES = ("light", "dark")
ROWS = {"table": 21, "claims": len(CLAIMS)}  # of the table on each page

# Elements that stick out of the window, apart from what scrolls in its own box.
STICKING_OUT = """() => [...document.body.querySelectorAll("*")].filter(element => {
  const box = element.getBoundingClientRect();
  return !element.closest(".scroll *") && box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.outerHTML.slice(0, 120))"""

# Words of a chart that leave it, or lie on other words of it.
BAD_WORDS = """() => [...document.querySelectorAll("svg[role=img]")].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  const words = [...svg.querySelectorAll("text")].map(word => [word, word.getBoundingClientRect()]);
  const out = words.filter(([_, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 2 || box.bottom > frame.bottom + 2).map(([word]) => "out: " + word.textContent);
  const on = words.flatMap(([one, a], index) => words.slice(index + 1).filter(([other, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
    .map(([other]) => one.textContent + " on " + other.textContent));
  return [...out, ...on];
})"""

# Texts whose color is too close to what lies behind them: less than 4.5 (WCAG 2, level AA).
PALE = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return color !== "rgba(0, 0, 0, 0)" || !element.parentElement ? color : behind(element.parentElement);
  };
  const own = element => [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const shown = [...document.body.querySelectorAll(":not(title)")].filter(own);
  return shown.map(element => {
    const style = getComputedStyle(element), inSvg = element.namespaceURI.endsWith("svg");
    const [a, b] = [light(inSvg ? style.fill : style.color), light(behind(element))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 120)];
  }).filter(([contrast]) => contrast < 4.5);
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Reports by name: of a Table 1 with two empty rows, long reasons and a picture, and of the claims."""
    folder = tmp_path_factory.mktemp("report")
    store = Store(folder / "runs")
    rows = catalog.table1_runs("scenes-demo")
    empty = {run.folder: LONG for run in rows if run.init == "ImageNet" and run.row in ("SS+C/GS", "SS+D/UW")}
    runs = finish_table1(store, without=empty)
    measured, reasons = collect(runs, store, Readings(), unavailable=empty)
    table = table1.build(measured, reasons, [NOTE])
    shown = [(catalog.table_row(run), run) for run in runs]
    picture = embed(REPOSITORY / "docs" / "samples.png", ["Predictions."])
    context = PageContext(shown, store, Readings(), "scenes-demo", [picture], files=[folder / "table1.csv"])
    verdicts = [evaluate(CLAIMS, numbers) for numbers in (published_numbers(), measured_numbers(measured))]
    pages = {"table": table_html(table, context), "claims": claims_html(*verdicts, [NOTE], context)}
    return {name: write_texts(folder, name, {"html": page})[0] for name, page in pages.items()}


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root has none
        browser = playwright.chromium.launch(executable_path=path, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture(params=itertools.product(ROWS, WIDTHS, SCHEMES), ids=str)
def opened(request, browser, files):
    """A page in a window, its name, its messages and its requests."""
    name, width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.name, page.messages, page.requests = name, [], []
    page.on("console", lambda message: page.messages.append(message.text))
    page.on("pageerror", lambda error: page.messages.append(str(error)))
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(files[name].as_uri())
    yield page
    page.close()


def test_it_opens_without_an_error_and_asks_for_nothing(opened, files):
    assert opened.messages == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [files[opened.name].as_uri()]
    assert opened.locator("table").count() == 1
    assert opened.locator("tbody tr:not(.group)").count() == ROWS[opened.name]
    assert opened.locator("svg[role=img]").count() > 20
    assert NOTE in opened.locator("[role=note]").inner_text()
    assert opened.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_nothing_sticks_out_and_every_word_can_be_read(opened):
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate(STICKING_OUT) == []
    assert opened.evaluate(BAD_WORDS) == []
    assert opened.evaluate(PALE) == []


def test_the_table_scrolls_in_its_own_box_and_shows_the_names_of_its_rows(browser, files):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(files["table"].as_uri())
    box, name = page.locator(".scroll"), page.locator("th[scope=row]").first
    before = name.bounding_box()["x"]
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.evaluate("box => box.scrollLeft = 500")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=2)
    assert page.evaluate("scrollX") == 0
    page.locator("sup a").first.click()  # of an empty cell
    assert LONG in page.locator(":target").inner_text()
    page.close()


@pytest.mark.parametrize("name", ROWS)
def test_it_prints_with_all_columns_on_the_paper(browser, files, tmp_path, name):
    page = browser.new_page(color_scheme="dark")
    page.goto(files[name].as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 1032, "height": 700})  # A4 across, without its margins
    assert page.evaluate("document.querySelector('table').getBoundingClientRect().right <= innerWidth")
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 < content.count(b"/Type /Page\n") < 30
    page.close()
