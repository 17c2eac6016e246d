"""The examples run, and do what they are there for. That of an exported file is in test_export_command.py."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GUIDE = EXAMPLES.parent / "docs" / "LIBRARY.md"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example as a program; returns its variables and what it said."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        variables = runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return variables, capsys.readouterr().out

    return run


def fell(said):
    """Losses ``name: before -> after``, each of which must have fallen."""
    found = re.findall(r"([\w ]+): ([\d.]+) -> ([\d.]+)", said)
    return [(name.strip(), float(after) < float(before)) for name, before, after in found]


def test_two_losses_are_weighed_in_fit(run):
    variables, said = run("weigh_two_losses.py")
    assert fell(said) == [("sign", True), ("sum", True)] * 2
    assert "UncertaintyWeighting" in said
    weights = variables["model"].weighting.current_weights()
    assert sum(weights.values()) == pytest.approx(2, rel=1e-5)  # dynamic weight average
    assert weights["sign"] != pytest.approx(1, abs=1e-3)


def test_a_new_weighting_in_one_file(run):
    variables, said = run("new_weighting.py")
    drawn = [variables["weighting"].current_weights() for _ in range(2)]
    assert drawn[0] != drawn[1]
    assert [sum(each.values()) for each in drawn] == pytest.approx([2, 2], rel=1e-5)
    assert len(set(re.findall(r"total ([\d.]+)", said))) == 3


def test_a_pair_is_reconstructed(run, tmp_path):
    variables, said = run("reconstruct_a_pair.py")
    assert fell(said) == [("reconstruction loss", True)]
    assert float(re.search(r"median error: ([\d.]+)", said)[1]) < 1
    for side in ("left", "right"):
        Image.fromarray(getattr(variables["scene"], side)).save(tmp_path / f"{side}.png")
    _, again = run(
        "reconstruct_a_pair.py", tmp_path / "left.png", tmp_path / "right.png", tmp_path / "out.png"
    )
    assert again.splitlines()[:2] == said.splitlines()[:2]
    with Image.open(tmp_path / "out.png") as image:
        found = np.array(image) / 256
    np.testing.assert_allclose(found, variables["disparity"][0, ..., 0], atol=0.01)


def test_a_new_task_trains(run):
    variables, said = run("new_task.py")
    assert fell(said) == [("seg", True), ("inpainting", True)]
    assert [layer.name for layer in variables["network"].layers].count("encoder") == 1


@pytest.mark.slow
def test_another_encoder(run):
    _, said = run("another_encoder.py", "mobilenetv2")
    assert "mobilenetv2: 8,050,051 parameters" in said


def test_the_guide_shows_the_examples_as_they_are():
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    files = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")}
    assert sorted(blocks) == sorted(files.values())
    for name in files:
        assert f"examples/{name}" in GUIDE.read_text(encoding="utf-8")
