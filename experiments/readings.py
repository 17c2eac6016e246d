"""Readings of the paper: every place where it could be understood otherwise, with our default.

The reasons for the defaults are in docs/FIDELITY.md.
"""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Readings:
    """One value for each gap of the paper; `CHOICES` lists the alternatives.

    Attributes:
        input_norm: normalization of the network's Lab input.
        color_input: L three times, or the paper's rejected 1×1 embedding.
        encoder_pass: the encoder is called twice, or once on both inputs.
        encoder_bn_eval: BatchNorm statistics behind the headline: estimated again for each input stream, or
            the shared moving statistics as training left them. Both are always evaluated.
        decoder_init: distribution of the decoders' kernels.
        recon_space: image space of the depth loss.
        recon_reduce: mean or sum over channels in the depth loss.
        recon_mask_oob: leave pixels out of the depth loss that look outside the right image.
        warp_border: what the right image is outside.
        disp_scale: px of a sigmoid of 1.
        seg_loss_norm: N of Eq. 4 counts labelled pixels, or all.
        color_loss_norm: Eq. 1 is divided by the number of pixels, or by the sum of their weights.
        mfb: definition of a class frequency in median frequency balancing.
        uw_form: formula of uncertainty weighting.
        uw_init: s = log σ² at the start.
        dwa_temperature: T of dynamic weight average.
        w_color, w_depth: fixed weights of ``GS`` rows, beside 1 for segmentation; by default the picks of the
            paper's grid search. The CoarseCTS pre-training always has the default.
        lr_schedule: constant, polynomial decay to 0 with power 0.9, or a tenth of it whenever the training
            loss has not fallen for a tenth of all epochs.
        augment: training images are mirrored at random, or taken as they are.
        kitti_fit: KITTI images are padded to a multiple of 32, or resized.
        kitti_split_seed: of the random choice of KITTI's 30 validation images; 0 is the committed one.
        color_stats: colors of the training images (they standardize the input and make the color classes) of
            the run's own data set, or of the Cityscapes run that a KITTI run goes on from.
        kitti_load: what a run on KITTI takes from its run on Cityscapes.
        uw_reset: uncertainty weighting starts anew on KITTI rather than from where Cityscapes left it.
        depth_metric: headline unit of the disparity errors; all three are always evaluated.
        cap_mode: ground truth over the cap of 50 is left out, or clipped to it.
        metric_avg: disparity errors are means over images of their means, or over all pixels.
        eval_resolution: of the segmentation mIoU: the native one of the labels, or the network's.
        coarse_init: start of the CoarseCTS pre-training.
        coarse_epochs: of the CoarseCTS pre-training; 0 for the schedule's: 15, at demo scale 8.
        coarse_load: what a run takes from the CoarseCTS pre-training.
        precision: of the layers; weights, heads, losses and colors are float32 in any.
        tf32: matrix products of float32 in TensorFloat-32, on GPUs that have it.
        jit: the training step is compiled by XLA.
        replicas: devices that share each batch.
        batch_norm: statistics of the whole batch, or of each replica's share.
        backbone: of the encoder, by segmentation-models' name; the paper's is ResNet18.
    """

    input_norm: str = "standard"
    color_input: str = "repeat"
    encoder_pass: str = "two"
    encoder_bn_eval: str = "per_input"
    decoder_init: str = "glorot_uniform"
    recon_space: str = "lab01"
    recon_reduce: str = "mean"
    recon_mask_oob: bool = False
    warp_border: str = "edge"
    disp_scale: str = "0.3W"
    seg_loss_norm: str = "valid"
    color_loss_norm: str = "pixels"
    mfb: str = "per_image_presence"
    uw_form: str = "kendall"
    uw_init: float = 0.0
    dwa_temperature: float = 2.0
    w_color: float = 1.0
    w_depth: float = 100.0
    lr_schedule: str = "constant"
    augment: str = "none"
    kitti_fit: str = "pad"
    kitti_split_seed: int = 0
    color_stats: str = "dataset"
    kitti_load: str = "model"
    uw_reset: bool = False
    depth_metric: str = "disp_half"
    cap_mode: str = "mask"
    metric_avg: str = "per_image"
    eval_resolution: str = "native"
    coarse_init: str = "random"
    coarse_epochs: int = 0
    coarse_load: str = "encoder"
    precision: str = "float32"
    tf32: bool = False
    jit: bool = False
    replicas: int = 1
    batch_norm: str = "synchronized"
    backbone: str = "resnet18"

    def __post_init__(self):
        for name, choices in {**CHOICES, **COMPUTING}.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} is one of {', '.join(map(str, choices))}, not {getattr(self, name)}"
                )
        for name, (smallest, exclusive) in BOUNDS.items():
            value = getattr(self, name)
            if not (value > smallest if exclusive else value >= smallest) or not math.isfinite(value):
                raise ValueError(
                    f"{name} is a number {'above' if exclusive else 'from'} {smallest}, not {value}"
                )
        if self.jit and self.replicas > 1:
            raise ValueError("jit compiles the step of one device; leave it or replicas out")

    def felt_by(self, tasks, weighting, init, start, layout):
        """These readings, with those that a run does not feel back at their default.

        Two runs that differ only in readings that neither feels are one run. Those of `AT_EVALUATION` are
        felt by none: every run records all of their values, and a table chooses.

        Args:
            tasks, weighting, init, start: of the run, see `experiments.run.Run`.
            layout: ``cityscapes`` or ``kitti``.
        """
        felt = {"input_norm", "decoder_init", "lr_schedule", "augment", "replicas", *COMPUTING}
        if self.replicas == 1:
            felt.remove("batch_norm")
        if layout == "kitti":
            felt |= {"kitti_fit", "kitti_split_seed"}
        trained = set(tasks) | ({"color", "depth"} if init == "CoarseCTS" else set())
        for task in trained:
            felt |= _FELT_WITH[task]
        if len(trained) > 1 and "color" in trained:
            felt.add("encoder_pass")
        felt |= _FELT_WITH.get(weighting, set()) | _FELT_WITH.get(init, set())
        if weighting == "GS":
            felt |= {f"w_{task}" for task in tasks if task != "seg"}
        if start:
            felt |= {"kitti_load", "color_stats"} | ({"uw_reset"} if weighting == "UW" else set())
        defaults = {name: getattr(Readings(), name) for name in self.changed() if name not in felt}
        return dataclasses.replace(self, **defaults)

    def changed(self):
        """Readings that are not at their default, dict of name to value."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }


CHOICES = {
    "input_norm": ("standard", "raw", "unit"),
    "color_input": ("repeat", "embed1x1"),
    "encoder_pass": ("two", "joint"),
    "encoder_bn_eval": ("per_input", "shared"),
    "decoder_init": ("glorot_uniform", "he_uniform"),
    "recon_space": ("lab01", "L", "rgb01", "lab_raw"),
    "recon_reduce": ("mean", "sum"),
    "recon_mask_oob": (False, True),
    "warp_border": ("edge", "zero"),
    "disp_scale": ("0.3W", "W", "50px"),
    "seg_loss_norm": ("valid", "total"),
    "color_loss_norm": ("pixels", "weights"),
    "mfb": ("per_image_presence", "global"),
    "uw_form": ("kendall", "mtan", "gal"),
    "lr_schedule": ("constant", "poly", "plateau"),
    "augment": ("none", "flip"),
    "kitti_fit": ("pad", "resize"),
    "color_stats": ("dataset", "cityscapes"),
    "kitti_load": ("model", "encoder"),
    "uw_reset": (False, True),
    "depth_metric": ("disp_half", "disp_full", "depth_m"),
    "cap_mode": ("mask", "clip"),
    "metric_avg": ("per_image", "pooled"),
    "eval_resolution": ("native", "network"),
    "coarse_init": ("random", "ImageNet"),
    "coarse_load": ("encoder", "encoder+decoders"),
}

# segmentation-models' encoders that Keras 3 can build, as `models.encoder.BACKBONES`; here without an import.
BACKBONES = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "seresnet18", "seresnet34", "seresnet50", "seresnet101", "seresnet152",
    "seresnext50", "seresnext101", "resnext50", "resnext101",
    "vgg16", "vgg19", "inceptionresnetv2", "inceptionv3", "mobilenet", "mobilenetv2",
)  # fmt: skip

# How numbers are computed, of which the paper says nothing, and other encoders: no reading of its text.
COMPUTING = {
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
    "tf32": (False, True),
    "jit": (False, True),
    "batch_norm": ("synchronized", "per_replica"),
    "backbone": BACKBONES,
}

# Readings that are numbers: (smallest value, whether that itself is excluded).
BOUNDS = {
    "uw_init": (-20.0, False),
    "dwa_temperature": (0.0, True),
    "w_color": (0.0, True),
    "w_depth": (0.0, True),
    "kitti_split_seed": (0, False),
    "coarse_epochs": (0, False),
    "replicas": (1, False),
}

AT_EVALUATION = ("encoder_bn_eval", "depth_metric", "cap_mode", "metric_avg", "eval_resolution")

# What is tried for readings that are numbers; the weights are the grid search's.
TRIED = {"uw_init": (-0.5,), "dwa_temperature": (1.0,), "kitti_split_seed": (1,), "coarse_epochs": (5,)}


def alternatives(readings):
    """Every other value of every reading, one at a time: ``(name, value, Readings)``."""
    for name, values in {**CHOICES, **TRIED}.items():
        for value in values:
            if value != getattr(readings, name):
                yield name, value, dataclasses.replace(readings, **{name: value})


_FELT_WITH = {
    "seg": {"seg_loss_norm"},
    "color": {"color_input", "color_loss_norm", "mfb"},
    "depth": {"recon_space", "recon_reduce", "recon_mask_oob", "warp_border", "disp_scale"},
    "UW": {"uw_form", "uw_init"},
    "DWA": {"dwa_temperature"},
    "CoarseCTS": {"coarse_init", "coarse_load", "coarse_epochs"},
}
