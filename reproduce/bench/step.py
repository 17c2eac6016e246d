"""The training step of segmentation alone: ours, Keras', torch's, and what the machine's matmul allows."""

import math

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import WorkerError, missing, workers

TRAINING = 3  # a backward pass counts as two forward passes
NAMES = {
    "ours": "our compiled step",
    "keras": "segmentation-models' U-Net, Keras' compile() and train_on_batch",
    "torch": "segmentation_models.pytorch's U-Net, torch's Adam, channels last",
}


def measure(settings: Settings) -> Result:
    """Seconds a step."""
    shape = {"size": settings.size, "batch": settings.batch}
    rows = settings.amount(4096, 256)
    jobs = {
        "ours": ("our_step", {"tasks": ["seg"], "matmul": rows} | shape),
        "keras": ("plain_keras_step", shape),
    }
    reason = missing("torch", "segmentation_models_pytorch")
    if reason is None:
        jobs["torch"] = ("torch_step", shape)
    with workers(jobs, settings.scratch) as started:
        facts = {name: worker.facts for name, worker in started.items()}
        _require_equal_losses(*(facts[name]["first_loss"] for name in ("ours", "keras")))
        calls = {name: lambda worker=worker: worker.call("step") for name, worker in started.items()}
        calls["matmul"] = lambda: started["ours"].call("matmul")
        found, order = in_turns(calls, settings.repeat)
        for name, worker in started.items():
            facts[name] |= worker.call("memory")
    times = {name: Spread(what, "s", found[name]["seconds"]) for name, what in NAMES.items() if name in found}
    matmul = Spread(f"float32 matmul of {rows}×{rows}", "s", found["matmul"]["seconds"])
    flops = TRAINING * facts["ours"]["forward_convolution_flops"]
    facts["step_flops"] = {
        "count": flops,
        "convention": f"{TRAINING} × the convolutions of a forward pass, a multiply-add is 2",
    }
    bound = matmul.scaled(flops / (2 * rows**3), "the step's FLOPs at the rate of the matmul", "s")
    reached = bound.over(times["ours"], "bound ÷ ours")
    ratios = [times["ours"].over(times[name], f"ours ÷ {name}") for name in times if name != "ours"]
    bars = [Bar("share of the matmul bound that our step reaches", reached.median, 0.80, at_most=False)]
    if reason is None:
        beside = times["ours"].over(times["torch"], "")
        bars.insert(0, Bar("our step ÷ torch's", beside.median, 0.72))
    return Result(
        measured=times | {"matmul": matmul, "bound": bound},
        ratios=[*ratios, reached],
        bars=bars,
        facts=facts,
        order=order,
        skipped={} if reason is None else {"torch": reason},
    )


def _require_equal_losses(ours, keras):
    """Both start from the same weights and images; with other losses they would be other work."""
    if not math.isclose(ours, keras, rel_tol=1e-3):
        raise WorkerError(f"the first losses, {ours} and {keras}, differ: these steps are not the same work")


COMPARISON = Comparison(
    "Training step, segmentation alone",
    "Our compiled float32 step beside segmentation-models' U-Net in Keras (same weights and images; the "
    "first losses are equal), segmentation_models.pytorch's U-Net (another ResNet18; its FLOPs are among the "
    "facts) and the machine's float32 matmul. Ours runs with deterministic ops, as every run does. Asked: at "
    "most 0.72 of torch's time, at least 0.80 of the matmul bound.",
    measure,
)
