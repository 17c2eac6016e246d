"""A finished run tells whether it would be made now as it was made."""

import json

import pytest

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source, fingerprint_now
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.executors.local import run_all
from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.json_files import read_record, sealed, write_json
from selfsup_segmentation.experiments.records.staleness import changes
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.formats import to_csv, to_json, to_latex, to_markdown, to_text
from selfsup_segmentation.reproduce.tables.collect import collect, stale_notes
from selfsup_segmentation.reproduce.tables.comparison import compare
from selfsup_segmentation.reproduce.tables.document import comparison_document
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, GROUPS
from tests.experiments.conftest import TINY, tiny_run
from tests.synthetic import QUIET


@pytest.fixture(scope="module")
def finished(library, tmp_path_factory):
    """A store with a run that starts from nothing, and one that goes on from a pre-training."""

    store = Store(tmp_path_factory.mktemp("runs"))
    with pytest.MonkeyPatch.context() as patch:
        for layout in ("cityscapes", "coarse"):
            patch.setitem(catalog.SCHEDULES, (layout, "demo"), TINY)
        alone, child = tiny_run(("seg",)), tiny_run(("seg",), init="CoarseCTS")
        run_all(
            catalog.with_dependencies([alone, child]),
            store,
            {"scenes-demo": library},
            QUIET,
            report=lambda line: None,
        )
    return store, alone, child


@pytest.fixture
def restored(finished):
    """The same; what a test writes into run.json and metrics.json is undone."""
    store = finished[0]
    files = {path: path.read_bytes() for path in store.root.rglob("*.json")}
    yield finished
    for path, content in files.items():
        path.write_bytes(content)


def edit(path, change):
    content = read_record(path.parent, path.name)
    change(content)
    write_json(path, sealed(content))


def test_a_run_that_was_just_made_is_as_it_would_be_made_now(finished, scenes):
    store, alone, child = finished
    now = fingerprint_now({"scenes-demo": scenes})
    assert now(alone) == json.loads((store.folder(alone) / "run.json").read_text())["data"]["fingerprint"]
    assert changes(alone, store, now) == []
    assert changes(child, store, now) == []
    assert stale_notes([alone, child], store, now) == []


def other_switch(content):
    content["readings"]["mfb"] = not content["readings"]["mfb"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["sessions"][0].update(code="0ld"), "other code (0ld, now"),
        (lambda c: c["sessions"].append(c["sessions"][0] | {"code": "0ld"}), "code changed while"),
        (lambda c: c["sessions"][0]["versions"].update(keras="3.0.0"), "keras 3.0.0, now"),
        (
            lambda c: c["sessions"].append(
                c["sessions"][0] | {"machine": c["sessions"][0]["machine"] | {"cores": 99}}
            ),
            ", then 99)",
        ),
        (lambda c: c["schedule"].update(epochs=99), "epochs was 99, now 3"),
        (other_switch, "mfb was"),
    ],
)
def test_what_changed_since_is_named(restored, change, said):
    store, alone, child = restored
    edit(store.folder(alone) / "run.json", change)
    (phrase,) = changes(alone, store)
    assert said in phrase
    assert changes(child, store) == []


def test_other_data_is_named(finished, scenes, tmp_path):
    store, alone, _ = finished
    write_cityscapes(tmp_path / "more", {"train": 7, "val": 3}, size=(128, 64), seed=5)
    now = fingerprint_now({"scenes-demo": Source(CITYSCAPES, tmp_path / "more")})
    assert changes(alone, store, now) == ["other data"]


def test_data_that_is_not_at_hand_is_no_change(finished, tmp_path):
    store, alone, _ = finished
    assert changes(alone, store, fingerprint_now({})) == []
    nowhere = Source(CITYSCAPES, tmp_path / "nowhere")
    assert changes(alone, store, fingerprint_now({"scenes-demo": nowhere})) == []


def test_a_change_of_the_pretraining_is_one_of_all_that_goes_on_from_it(restored):
    store, alone, child = restored
    source = catalog.dependency(child)
    edit(store.folder(source) / "run.json", lambda c: c["sessions"][0].update(code="0ld"))
    (phrase,) = changes(child, store)
    assert "0ld" in phrase
    assert str(source) in phrase
    assert changes(alone, store) == []


def test_a_pretraining_that_was_trained_anew_is_seen_in_its_weights(restored):
    store, _, child = restored
    source = catalog.dependency(child)
    edit(store.folder(source) / "metrics.json", lambda c: c.update(state_sha256="another"))
    assert changes(child, store) == [f"{source}, which it is initialized from, was trained again"]


def test_sessions_without_a_record_of_what_decides_bits_are_not_marked(restored):
    store, alone, _ = restored
    edit(
        store.folder(alone) / "run.json",
        lambda c: c["sessions"].append(c["sessions"][0] | {"machine": {"cores": 99}}),
    )
    assert changes(alone, store) == []


def test_a_run_that_nothing_is_known_of_is_not_passed_as_made_now(restored):
    store, alone, _ = restored
    (store.folder(alone) / "run.json").unlink()
    assert changes(alone, store) == ["no run.json says how it was made"]


def test_code_is_what_decides_numbers_and_neither_comments_nor_docstrings(monkeypatch, tmp_path):
    def digest(source):
        (tmp_path / "losses" / "one.py").write_text(source)
        provenance.code_digest.cache_clear()
        return provenance.code_digest()

    (tmp_path / "losses").mkdir()
    for room in ("records", "training"):
        (tmp_path / "experiments" / room).mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "experiments/records/provenance.py"))
    try:
        first = digest("def f(x):\n    '''Words.'''\n    return x + 1\n")
        assert digest("def f(x):  # why\n    '''Other words.'''\n    return (x + 1)\n") == first
        assert digest("def f(x):\n    '''Words.'''\n    return x + 2\n") != first
        (tmp_path / "experiments/records/lock.py").write_text("x = 1")  # has no effect on numbers
        unchanged = digest("def f(x):\n    return x + 1\n")
        (tmp_path / "experiments/records/lock.py").write_text("x = 2")
        assert digest("def f(x):\n    return x + 1\n") == unchanged
        (tmp_path / "experiments/training/step.py").write_text("x = 1")
        assert digest("def f(x):\n    return x + 1\n") != unchanged
    finally:
        provenance.code_digest.cache_clear()


def test_every_format_of_a_table_marks_the_run_and_only_it(restored):
    store, alone, child = restored
    edit(store.folder(alone) / "run.json", lambda c: c["sessions"][0].update(code="0ld"))
    runs = [alone, child]
    measured, reasons = collect(runs, store, alone.readings)
    table = compare(
        "Table", COLUMNS, GROUPS, {}, measured, reasons, baselines={}, notes=stale_notes(runs, store)
    )
    assert "1 of 2 finished runs" in table.notes[0]
    cells = table.as_dict()["cells"]
    assert "0ld" in cells["SSrandom"]["random"]["sem_miou"]["reason"]
    assert cells["SSrandom"]["random"]["sem_miou"]["ours"] is not None
    assert cells["SSCoarseCTS"]["CoarseCTS"]["sem_miou"]["reason"] is None
    document = comparison_document(table)
    for to_format in (to_text, to_markdown, to_csv, to_latex, to_json):
        assert "other code (0ld, now" in to_format(document)
        assert table.notes[0] in to_format(document)


def test_a_resumed_run_remembers_every_session(finished, library, quiet, tmp_path):
    _, alone, _ = finished
    again = Store(tmp_path)
    execute(alone, again, library, quiet)
    folder = again.folder(alone)
    edit(folder / "run.json", lambda c: c["sessions"][0].update(code="0ld"))
    (folder / "metrics.json").unlink()  # as after a crash between the training and its results
    execute(alone, again, library, quiet)
    (phrase,) = changes(alone, again)
    assert phrase.startswith("code changed while it was trained (0ld, ")
