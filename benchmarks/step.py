"""The training step: against other libraries, of three tasks against one, and in bfloat16 against float32."""

import math

from benchmarks.comparison import Number
from benchmarks.rounds import Candidate, CandidateError, Rounds, clock, measure
from benchmarks.run import SEED, TASKS, draw_batch, make_run, make_step, start_tensorflow
from selfsup_segmentation.experiments.tasks import parse_letters
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK


def compare_step(settings):
    """Training step of segmentation alone: ours, Keras', torch's, and the bound of float32 matmul.

    Our float32 step with deterministic ops against segmentation-models' U-Net in Keras (same weights and
    images; the first losses are equal), segmentation_models.pytorch's with channels last (another ResNet18),
    and matmul: a step's FLOPs are 3 × the convolutions of a forward pass; a multiply-add is 2.
    """
    rows = settings.amount(4096, 256)
    candidates = {
        "ours": Candidate(ours, {"matmul": rows}),
        "Keras": Candidate(plain_keras),
        "torch": Candidate(torch_channels_last, packages=("torch", "segmentation_models_pytorch")),
    }
    rounds = measure(candidates, settings)
    losses = [rounds.facts[name]["first_loss"] for name in ("ours", "Keras")]
    if not math.isclose(*losses, rel_tol=1e-3):
        raise CandidateError(f"the first losses {losses} differ: these steps are not the same work")
    scale = 3 * rounds.facts["ours"]["forward_convolution_flops"] / (2 * rows**3)
    reached = [scale * ratio for ratio in rounds.ratios("ours matmul", "ours step")]
    numbers = [
        Number("our step ÷ Keras'", rounds.ratios("ours step", "Keras step")),
        Number("float32 matmul bound ÷ our step", reached, at_least=0.80),
    ]
    if "torch" not in rounds.skipped:
        numbers.append(Number("our step ÷ torch's", rounds.ratios("ours step", "torch step"), at_most=0.72))
    return rounds, numbers


def compare_joint(settings):
    """Training step of three tasks against segmentation alone, in time and in FLOPs of convolutions."""
    rounds = measure({name: Candidate(ours, {"tasks": tasks}) for name, tasks in TASKS.items()}, settings)
    single, joint = (rounds.facts[name]["forward_convolution_flops"] for name in TASKS)
    ratios = rounds.ratios("SS+C+D step", "SS step")
    excess = [ratio * single / joint for ratio in ratios]
    text = f"the same ÷ their ratio of FLOPs ({joint / single:.3f})"
    return rounds, [Number("step of SS+C+D ÷ SS", ratios), Number(text, excess, at_most=1.05)]


def compare_precision(settings):
    """Training step of segmentation alone in mixed bfloat16 against float32."""
    names = ("float32", "mixed_bfloat16")
    rounds = measure({name: Candidate(ours, {"precision": name}) for name in names}, settings)
    ratios = rounds.ratios("mixed_bfloat16 step", "float32 step")
    return rounds, [Number("bfloat16 ÷ float32", ratios, at_most=0.60)]


GRADIENTS_AT_MOST = {"SS+C": 1.05, "SS+D": 1.22, "SS+C+D": 1.15}


def compare_weightings(settings):
    """Training step of weightings for one main task against fixed weights, in time and in peak memory."""
    benchmarks, facts, numbers = {}, {}, []
    for row, at_most in GRADIENTS_AT_MOST.items():  # in turn: each step has gigabytes of activations
        gs, *others = (f"{row}/{name}" for name in ("GS", *FOR_ONE_TASK))
        steps = {
            name: Candidate(ours, {"tasks": parse_letters(row), "weighting": name.partition("/")[2]})
            for name in (gs, *others)
        }
        found = measure(steps, settings)
        benchmarks, facts = benchmarks | found.benchmarks, facts | found.facts
        last = {name: found.benchmarks[f"{name} step"].get_runs()[-1].get_metadata() for name in steps}
        for name in others:
            ratios = found.ratios(f"{name} step", f"{gs} step")
            memory = last[name]["mem_max_rss"] / last[gs]["mem_max_rss"]
            numbers.append(Number(f"{name} ÷ GS", ratios, at_most=at_most))
            numbers.append(Number(f"{name} ÷ GS, peak memory", [memory]))
    return Rounds(benchmarks, facts, {}), numbers


def ours(settings, tasks=("seg",), precision="float32", matmul=0, weighting="GS"):
    """Our step on one batch, and for a number of rows a ``matmul`` of square matrices."""
    run = make_run(settings, tasks, precision, weighting)
    import tensorflow as tf

    from selfsup_segmentation.experiments.finished.inference import count_flops

    model, step, progress = make_step(run)
    data, times = draw_batch(settings, tasks), _steps_per_call(tf)
    specs = {name: tf.TensorSpec.from_tensor(data[name]) for name in model.input}
    forward = tf.function(lambda images: model(images, training=True)).get_concrete_function(specs)
    facts = {"forward_convolution_flops": count_flops(forward)["Conv2D"]}
    step(data)
    facts["first_loss"] = progress.means()["loss"]
    # Small entries: a product of products must not overflow.
    matrix = tf.random.stateless_normal((matmul, matmul), (0, 0)) / math.sqrt(max(1, matmul))
    multiply, latest = tf.function(tf.matmul), [matrix]

    def once():
        latest[0] = multiply(matrix, latest[0])

    timers = {"step": lambda: clock(lambda: step(data), times, progress.sums.numpy)}
    if matmul:
        timers["matmul"] = lambda: clock(once, times, lambda: float(latest[0][0, 0]))
    return facts, timers


def plain_keras(settings):
    """segmentation-models' U-Net, compiled and trained by Keras; images, labels and weights as in `ours`."""
    tf = start_tensorflow()
    import keras

    from selfsup_segmentation.models import build_multitask_unet
    from selfsup_segmentation.models.initialization import initialize_randomly

    import segmentation_models  # isort: skip  # after our models, which select its framework

    model = segmentation_models.Unet("resnet18", classes=19, activation="linear", encoder_weights=None)
    network = build_multitask_unet(("seg",))
    initialize_randomly(network, SEED)
    for layer in (layer for part in network.layers for layer in getattr(part, "layers", ())):
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    data = draw_batch(settings, ("seg",))

    def step():
        return float(model.train_on_batch(data["lab"], data["labels"]))  # a number: it waits by itself

    facts = {"first_loss": step(), "compiled_by_xla": bool(model.jit_compile)}
    return facts, {"step": lambda: clock(step, _steps_per_call(tf))}


def torch_channels_last(settings):
    """segmentation_models.pytorch's U-Net with torch's Adam, in float32, on a GPU where torch has one."""
    import segmentation_models_pytorch
    import torch

    torch.manual_seed(SEED)
    torch.backends.cudnn.benchmark = True  # the size never changes
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device, shape = "cuda" if torch.cuda.is_available() else "cpu", (settings.batch, *settings.size[::-1])
    model = segmentation_models_pytorch.Unet("resnet18", encoder_weights=None, classes=19)
    model = model.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = torch.randn(shape[0], 3, *shape[1:]).to(device, memory_format=torch.channels_last)
    labels = torch.randint(0, 19, shape, device=device)
    labels[torch.rand(shape, device=device) < 0.05] = 255
    latest = [None]

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels, ignore_index=255)
        loss.backward()
        optimizer.step()
        latest[0] = loss.detach()

    times = 10 if device == "cuda" else 1
    facts = {"device": device, "threads": torch.get_num_threads()}
    return facts, {"step": lambda: clock(step, times, lambda: latest[0].item())}


def _steps_per_call(tf):
    """Steps between two reads of a scalar, which wait for the device; on a GPU each wait would cost time."""
    return 10 if tf.config.list_physical_devices("GPU") else 1
