"""The tasks, apart from what they do."""

import subprocess
import sys

import pytest

from selfsup_segmentation.data.color import ColorBins
from selfsup_segmentation.data.labels import NUM_CLASSES
from selfsup_segmentation.experiments.tasks import TASKS, by_stream, named, parse_letters
from selfsup_segmentation.models.heads import HEADS


def test_the_papers_tasks_have_the_heads_of_the_public_network():
    assert HEADS.items() <= {task.name: task.head for task in TASKS}.items()
    assert [head.channels for head in HEADS.values()] == [NUM_CLASSES, ColorBins.CLASSES, 1]


def test_letters_are_parsed_into_names_in_one_order():
    assert parse_letters("D+SS") == ("seg", "depth")
    assert [task.letters for task in named(("depth", "seg"))] == ["D", "SS"]
    for text in ("", "X", "SS+X", "SS+SS", "ss"):
        with pytest.raises(ValueError, match="SS, C, D"):
            parse_letters(text)


def test_tasks_of_one_stream_stand_together():
    assert by_stream(("seg", "color", "depth")) == {"lab": ["seg", "depth"], "gray": ["color"]}


def test_tables_learn_of_tasks_without_tensorflow():
    code = "import sys, selfsup_segmentation.experiments.tasks; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
