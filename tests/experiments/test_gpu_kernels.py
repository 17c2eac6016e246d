"""Every op that a GPU would be given has a kernel there, for its types, and one that is deterministic."""

import pytest
import tensorflow as tf

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
from selfsup_segmentation.experiments.execute import set_up
from selfsup_segmentation.experiments.monitoring import gpu_kernels
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.models.normalization import batch_norm_layers
from tests.synthetic import QUIET

ALL = ("seg", "color", "depth")
OTHERS = {
    "color_input": "embed1x1", "encoder_pass": "joint", "recon_space": "L", "recon_reduce": "sum",
    "recon_mask_oob": True, "warp_border": "zero", "seg_loss_norm": "total", "color_loss_norm": "weights",
    "mfb": "global", "augment": "flip", "disp_scale": "50px",
}  # fmt: skip
HALVES = ("bfloat16", "float16")
CASES = [
    (ALL, "UW", {}),
    (ALL, "DWA", {"precision": "mixed_bfloat16"}),
    (ALL, "GS", {"precision": "mixed_float16", **OTHERS}),
    (("seg",), "none", {"backbone": "mobilenetv2"}),  # with depthwise convolutions
]
MORE = [
    *[(tasks, "UW", {}) for tasks in (("seg", "color"), ("seg", "depth"), ("color", "depth"))],
    *[((task,), "none", {}) for task in ALL],
    *[(("depth",), "none", {"recon_space": space}) for space in ("rgb01", "lab_raw")],
    (ALL, "UW", OTHERS),
    *[(("seg",), "none", {"backbone": "mobilenetv2", "precision": f"mixed_{kind}"}) for kind in HALVES],
    *[(ALL, "UW", {"backbone": name}) for name in ("resnext50", "seresnet18", "vgg16", "inceptionv3")],
]  # fmt: skip


def graphs(case, library, folder):
    """Concrete functions of a run, by what they do."""
    tasks, weighting, readings = case
    run = catalog.make_run("scenes-demo", tasks, weighting, "random", 0, Readings(**readings))
    ready = set_up(run, Store(folder), library, QUIET)
    batch = ready.training.batches().element_spec
    one = {name: tf.TensorSpec((1, *spec.shape[1:]), spec.dtype) for name, spec in batch.items()}
    found = {"training": ready.training.train_step.get_concrete_function(batch)}
    predictor = Evaluator(ready.model, run, ready.data, library.source.layout).predictor
    for stream, predict in predictor.graphs.items():
        found[f"prediction from {stream}"] = predict.get_concrete_function(one, tf.TensorSpec(2, tf.int32))
    encoder = ready.model.get_layer("encoder")

    @tf.function(autograph=False)
    def statistics(images, momentum):  # as `models.normalization` estimates them
        for layer in batch_norm_layers(encoder):
            layer.momentum = momentum
        encoder(images, training=True)

    images, momentum = tf.TensorSpec((2, 32, 64, 3)), tf.TensorSpec((), tf.float32)
    found["statistics"] = statistics.get_concrete_function(images, momentum)
    return found


@pytest.mark.parametrize("case", [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in MORE)])
def test_every_op_has_a_deterministic_kernel_on_a_gpu(case, library, tmp_path):
    for name, graph in graphs(case, library, tmp_path).items():
        assert gpu_kernels.without_kernel(graph) == set(), name
        assert gpu_kernels.nondeterministic(graph) == set(), name
        assert gpu_kernels.launches(graph)["Conv2D"] > 10
