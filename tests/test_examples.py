"""The examples run, and do what they are there for. That of an exported file is in test_export_command.py."""

import json
import re
import runpy
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments import tasks
from selfsup_segmentation.reproduce.__main__ import main
from tests.narrow import narrow_network  # noqa: F401

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GUIDES = [EXAMPLES.parent / "docs" / name for name in ("LIBRARY.md", "WEIGHTINGS.md")]


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
    weighting, losses = variables["weighting"], {"seg": 1.0, "depth": 3.0}
    total, drawn = float(weighting(losses)), weighting.current_weights()
    assert sum(drawn.values()) == pytest.approx(2, rel=1e-5)
    assert sum(drawn[task] * loss for task, loss in losses.items()) == pytest.approx(total, rel=1e-5)
    assert weighting.current_weights() == drawn  # looking changes nothing
    assert float(weighting(losses)) != total
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(weighting))
    assert f"step 0: total {float(again(losses)):.3f}" in said
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


@pytest.mark.usefixtures("narrow_network")
def test_a_new_task_trains(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "TASKS", [*tasks.TASKS])
    write_cityscapes(tmp_path / "scenes", {"train": 4, "val": 2}, size=(128, 64), seed=1)
    data = ["--cityscapes", tmp_path / "scenes", "--runs", tmp_path / "runs"]
    with pytest.raises(SystemExit, match=r"^0$"):
        run("new_task.py", *data, "--epochs", 8, "--size", "64x32", "--set", "encoder_pass=joint")
    (path,) = tmp_path.rglob("metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))
    losses = [epoch["loss_inpainting"] for epoch in metrics["history"]]
    assert losses[-1] < losses[0]
    assert metrics["history"][0]["weight_inpainting"] == pytest.approx(0.5, rel=0.01)  # regression
    assert metrics["headline"].keys() == {"sem_miou", "inpainting_mse"}
    assert b"inpainting/" in b"".join(f.read_bytes() for f in path.parent.glob("tensorboard/predictions/*"))
    assert main(["evaluate", str(path.parent)]) == 0
    image, out = next(tmp_path.glob("scenes/leftImg8bit/val/*/*.png")), tmp_path / "out"
    assert main(["predict", str(path.parent), str(image), "--out", str(out)]) == 0
    endings = ("inpainting", "overlay", "train_ids")
    assert sorted(out.iterdir()) == [out / f"{image.stem}_{ending}.png" for ending in endings]
    with Image.open(out / f"{image.stem}_inpainting.png") as prediction:
        assert (prediction.mode, prediction.size) == ("RGB", (128, 64))
    assert main(["samples", str(path.parent), str(tmp_path / "samples.png")]) == 0


@pytest.mark.slow
def test_another_encoder(run):
    _, said = run("another_encoder.py", "mobilenetv2")
    assert "mobilenetv2: 8,050,051 parameters" in said


def test_one_main_task_in_an_own_loop(run):
    variables, said = run("main_task.py")
    assert len(re.findall(r"^epoch \d: .*'cosine_sum': ", said, re.M)) == 6
    correct = np.argmax(variables["model"](variables["x"])["sign"], -1) == variables["labels"]
    assert correct.mean() > 0.9


def test_one_main_task_in_fit(run):
    variables, _ = run("main_task_in_fit.py")
    assert len(variables["history"]["weight_sum"]) == 2


def test_the_guides_show_the_examples_as_they_are():
    text = "\n".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    *blocks, rule = re.findall(r"```python\n(.*?)```", text, re.S)
    files = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")}
    assert sorted(blocks) == sorted(files.values())
    assert all(f"examples/{name}" in text for name in files)
    names = {}
    exec(compile(rule, "WEIGHTINGS.md", "exec"), names)
    factors = names["Capped"](["seg", "depth"])([[1.0, 0.0], [0.0, 16.0]])
    assert factors.numpy().tolist() == [1, 0.25]
