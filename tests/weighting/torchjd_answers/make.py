"""TorchJD 0.18's factors on fixed matrices; run as a program, this file writes them anew.

It needs torch and torchjd (``pip install -e '.[oracles]'``), but neither TensorFlow nor this project.
"""

import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("answers.json")
SEQUENCES = 60  # of matrices that a method with a state sees one after another
LENGTH = 3


def random_gram(draw, count):
    """Inner products of gradients of very different lengths, some of them degenerate, float32."""
    gradients = draw.standard_normal((count, 6)) * 10.0 ** draw.uniform(-2, 2, (count, 1))
    kind = draw.integers(0, 8)
    if kind == 0:
        gradients[1] = 3 * gradients[0]  # parallel
    elif kind == 1:
        gradients[1] = -0.5 * gradients[0]  # opposite
    elif kind == 2:
        gradients[-1] = 0
    elif kind == 3:
        gradients[0] = 0
    elif kind == 4 and count > 2:
        gradients[2] = -2 * gradients[1]  # no direction helps both
    return (gradients @ gradients.T).astype(np.float32)


def matrices(seed=0):
    """Sequences of matrices, of two or three tasks."""
    draw = np.random.default_rng(seed)
    counts = [2 + index % 2 for index in range(SEQUENCES)]
    return [[random_gram(draw, count) for _ in range(LENGTH)] for count in counts]


def answers(sequences):
    """TorchJD's factors, by method, sequence and step."""
    import torch
    from torchjd.aggregation import PCDWeighting, PCGradWeighting

    def of(make):
        found = []
        for sequence in sequences:
            weighting = make()
            found.append([weighting(torch.tensor(gram)).tolist() for gram in sequence])
        return found

    return {
        "PCD": of(PCDWeighting),
        "PCD tau=0.3": of(lambda: PCDWeighting(tau=0.3, beta=0.5)),
        "PCGrad": of(PCGradWeighting),
    }


def loss_answers():
    """TorchJD's totals of losses by uncertainty weighting and dynamic weight average."""
    import torch
    from torchjd.scalarization import DWA, UW

    draw = np.random.default_rng(1)
    losses = draw.uniform(0.1, 3, (6, 3)).astype(np.float32)
    uncertainty, average, totals = UW(3), DWA(temperature=2.0), []
    with torch.no_grad():
        uncertainty.log_var.copy_(torch.tensor([0.3, -0.7, 1.1]))
        for row in losses:
            totals.append([float(uncertainty(torch.tensor(row))), float(average(torch.tensor(row)))])
            average.step()
    return {"losses": losses.tolist(), "UW and DWA": totals}


if __name__ == "__main__":
    grams = [[gram.tolist() for gram in sequence] for sequence in matrices()]
    found = {"matrices": grams} | answers(matrices()) | loss_answers()
    digits = json.loads(json.dumps(found), parse_float=lambda text: float(f"{float(text):.9g}"))
    FILE.write_text(json.dumps(digits) + "\n", encoding="utf-8")
