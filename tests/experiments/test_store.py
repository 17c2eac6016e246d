import json
import math

import numpy as np
import pytest

from experiments.history import read_history, truncate_history
from experiments.store import Store, read_json, write_json
from tests.experiments.conftest import tiny_run


def test_a_run_is_finished_exactly_when_its_metrics_are_there(tmp_path):
    store, run = Store(tmp_path), tiny_run(("seg",))
    assert store.metrics(run) is None
    store.write_failure(run, "no weights")
    assert store.failure(run) == "no weights"
    write_json(store.folder(run) / "metrics.json", {"headline": {}})
    assert store.metrics(run) == {"headline": {}}


def test_json_holds_plain_numbers_and_null_for_nan(tmp_path):
    write_json(tmp_path / "a.json", {"x": np.float32(0.5), "y": [math.nan, 1], "z": np.arange(2)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 0.5, "y": [None, 1], "z": [0, 1]}


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"x": math.inf})
    assert read_json(path) == {"x": 1}


def test_history_keeps_the_epochs_before_a_resumed_one(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val\n0,1.5,nan\n1,1.25,0.5\n2,1.0,nan\n")
    truncate_history(path, 2)
    rows = read_history(path)
    assert [row["loss"] for row in rows] == [1.5, 1.25]
    truncate_history(path, 0)
    assert read_history(path) == []
