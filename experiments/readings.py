"""Readings of the paper: every place where it could be understood otherwise, with our default.

Each is declared once, in `Readings`; ``--help``, the table in docs/FIDELITY.md and the tests are made from
the declarations. The reasons for the defaults are in docs/FIDELITY.md.
"""

import dataclasses
import math

from selfsup_segmentation.models.backbones import BACKBONES


@dataclasses.dataclass(frozen=True)
class Declaration:
    """What is declared of one reading.

    Attributes:
        default: value, unless another is chosen.
        choices: all values, the default first; empty for a number.
        least: smallest number.
        above: lower bound that is itself excluded.
        tries: values that ``reproduce readings`` tries where they are not the current one.
        depends: features of a run, all of which it must have to depend on the reading, see
            `Readings.reset_irrelevant`; empty if every run depends on it.
        computing: how numbers are computed, of which the paper says nothing; no reading of its text.
        help: one line.
    """

    default: bool | int | float | str
    choices: tuple = ()
    least: float = -math.inf
    above: float = -math.inf
    tries: tuple = ()
    depends: tuple[str, ...] = ()
    computing: bool = False
    help: str = ""

    @property
    def values(self):
        """``one of …``, ``a number above …`` or ``a whole number from …``."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{kind} above {self.above:g}" if self.above > self.least else f"{kind} from {self.least:g}"

    def listed(self, quote=""):
        """Values, the default first, as ``--set`` takes them: ``mean, sum`` or ``2.0; a number above 0``."""
        values = self.choices or (self.default,)
        spelled = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        listed = ", ".join(f"{quote}{value}{quote}" for value in spelled)
        return listed if self.choices else f"{listed}; {self.values}"

    def allows(self, value):
        """Whether a value is one of the choices, or a number within the bounds."""
        return (
            value in self.choices if self.choices else self.above < value < math.inf and value >= self.least
        )

    def parse(self, text):
        """The value that a text spells; choices in any case.

        Raises:
            ValueError: none.
        """
        if not self.choices:
            return type(self.default)(text)
        spelled = {str(choice).lower(): choice for choice in self.choices}
        if text.lower() not in spelled:
            raise ValueError(text)
        return spelled[text.lower()]


def _reading(default, *others, tries=(), computing=False, **details):
    choices = (default, *others) if others else ()
    tries = tries if computing or not choices else choices
    declaration = Declaration(default, choices, tries=tries, computing=computing, **details)
    return dataclasses.field(default=default, metadata={"declaration": declaration})


EVALUATION = ("evaluation",)  # no run depends on it: each records the numbers of all values; a table chooses


@dataclasses.dataclass(frozen=True)
class Readings:
    """One value for each gap of the paper; `DECLARED` has the declarations by name."""

    # fmt: off
    input_norm: str = _reading("standard", "raw", "unit", help="normalization of the network's Lab input")
    color_input: str = _reading("repeat", "embed1x1", depends=("color",),
        help="L three times, or the paper's rejected 1×1 embedding")
    encoder_pass: str = _reading("two", "joint", depends=("several streams",),
        help="the encoder is called once for each input, or once on all")
    encoder_bn_eval: str = _reading("per_input", "shared", depends=EVALUATION,
        help="BatchNorm statistics estimated again for each input stream, or the shared moving ones")
    decoder_init: str = _reading("glorot_uniform", "he_uniform",
        help="distribution of the decoders' initial kernels")
    recon_space: str = _reading("lab01", "L", "rgb01", "lab_raw", depends=("depth",),
        help="image space of the depth loss")
    recon_reduce: str = _reading("mean", "sum", depends=("depth",),
        help="reduction over channels in the depth loss")
    recon_mask_oob: bool = _reading(False, True, depends=("depth",),
        help="mask pixels of the depth loss that look outside the right image")
    warp_border: str = _reading("edge", "zero", depends=("depth",),
        help="what the right image is outside its borders")
    disp_scale: str = _reading("0.3W", "W", "50px", depends=("depth",), help="pixels of a sigmoid of 1")
    seg_loss_norm: str = _reading("valid", "total", depends=("seg",),
        help="N of Eq. 4 counts labelled pixels, or all")
    color_loss_norm: str = _reading("pixels", "weights", depends=("color",),
        help="Eq. 1 is divided by the number of pixels, or by the sum of their weights")
    mfb: str = _reading("per_image_presence", "global", depends=("color",),
        help="definition of a class frequency in median frequency balancing")
    uw_form: str = _reading("kendall", "mtan", "gal", depends=("UW",),
        help="formula of uncertainty weighting")
    uw_init: float = _reading(0.0, least=-20.0, tries=(-0.5,), depends=("UW",),
        help="initial s = log σ² of uncertainty weighting")
    dwa_temperature: float = _reading(2.0, above=0.0, tries=(1.0,), depends=("DWA",),
        help="T of dynamic weight average")
    w_color: float = _reading(1.0, above=0.0, depends=("color/GS",),
        help="weight of color in GS rows, beside 1 for segmentation; the pre-training keeps the default")
    w_depth: float = _reading(100.0, above=0.0, depends=("depth/GS",),
        help="weight of depth in GS rows, beside 1 for segmentation; the pre-training keeps the default")
    lr_schedule: str = _reading("constant", "poly", "plateau",
        help="constant rate, polynomial decay with power 0.9, or a tenth when the loss stops falling")
    augment: str = _reading("none", "flip", help="training images as they are, or mirrored at random")
    kitti_fit: str = _reading("pad", "resize", depends=("kitti",),
        help="KITTI images are padded to a multiple of 32, or resized")
    kitti_split_seed: int = _reading(0, least=0, tries=(1,), depends=("kitti",),
        help="seed of the random choice of KITTI's 30 validation images; 0 is the committed one")
    color_stats: str = _reading("dataset", "cityscapes", depends=("start",),
        help="colors (for input and color classes) of KITTI's own training images, or of the Cityscapes run")
    kitti_load: str = _reading("model", "encoder", depends=("start",),
        help="what a run on KITTI loads of its run on Cityscapes")
    uw_reset: bool = _reading(False, True, depends=("start", "UW"),
        help="uncertainty weighting starts anew on KITTI")
    depth_metric: str = _reading("disp_half", "disp_full", "depth_m", depends=EVALUATION,
        help="unit of the disparity errors: px at the network's or at full size, or metres of depth")
    cap_mode: str = _reading("mask", "clip", depends=EVALUATION,
        help="ground truth over the cap of 50 is left out, or clipped")
    metric_avg: str = _reading("per_image", "pooled", depends=EVALUATION,
        help="disparity errors are means over images of their means, or over all pixels")
    eval_resolution: str = _reading("native", "network", depends=EVALUATION,
        help="resolution of the segmentation mIoU")
    coarse_init: str = _reading("random", "ImageNet", depends=("CoarseCTS",),
        help="initialization of the CoarseCTS pre-training")
    coarse_epochs: int = _reading(0, least=0, tries=(5,), depends=("CoarseCTS",),
        help="epochs of the CoarseCTS pre-training; 0 for the schedule's: 15, at demo scale 8")
    coarse_load: str = _reading("encoder", "encoder+decoders", depends=("CoarseCTS",),
        help="what a run loads of the pre-training")
    precision: str = _reading("float32", "mixed_bfloat16", "mixed_float16", computing=True,
        help="precision of the layers; weights, heads, losses and colors are float32 in any")
    tf32: bool = _reading(False, True, computing=True,
        help="float32 matrix products in TensorFloat-32, on GPUs that have it")
    jit: bool = _reading(False, True, computing=True, help="compile the training step with XLA")
    deterministic: bool = _reading(True, False, depends=("TensorFlow's kernels",), computing=True,
        help="the same run has the same numbers to the bit; nondeterministic kernels of a GPU may be faster")
    replicas: int = _reading(1, least=1, computing=True, help="devices that share each batch")
    batch_norm: str = _reading("synchronized", "per_replica", depends=("several devices",), computing=True,
        help="BatchNorm statistics of the complete batch, or of each device's share")
    backbone: str = _reading(*BACKBONES, computing=True,
        help="encoder, by segmentation-models' name; the paper's is resnet18")
    # fmt: on

    def __post_init__(self):
        for name, declaration in DECLARED.items():
            if not declaration.allows(getattr(self, name)):
                raise ValueError(f"{name} is {declaration.values}, not {getattr(self, name)}")
        if self.jit and self.replicas > 1:
            raise ValueError("jit compiles the step of one device; leave it or replicas out")

    def reset_irrelevant(self, tasks, weighting, init, start, layout):
        """Reset readings that are irrelevant to a run to their defaults.

        Runs that differ only in irrelevant readings share one identity. The features of a run are the tasks
        that it or its pre-training learns, weighting, initialization, layout and, where they hold, ``start``,
        ``several streams``, ``several devices``, ``TensorFlow's kernels`` and ``<task>/<weighting>`` of its
        own tasks.

        Args:
            tasks, weighting, init, start: of the run, see `experiments.run.Run`.
            layout: ``cityscapes`` or ``kitti``.
        """
        # Imports numpy, which `--help` does without.
        from selfsup_segmentation.experiments.tasks import by_stream

        learned = {*tasks, *(("color", "depth") if init == "CoarseCTS" else ())}
        features = {*learned, weighting, init, layout, *(f"{task}/{weighting}" for task in tasks)}
        conditions = {
            "start": start,
            "several streams": len(by_stream(learned)) > 1,
            "several devices": self.replicas > 1,
            "TensorFlow's kernels": not self.jit,  # XLA has no deterministic gradient of max pooling
        }
        features |= {name for name, holds in conditions.items() if holds}
        defaults = {
            name: declaration.default
            for name, declaration in DECLARED.items()
            if not features.issuperset(declaration.depends)
        }
        return dataclasses.replace(self, **defaults)

    def changed(self):
        """Readings that are not at their default, dict of name to value."""
        return {name: value for name, value in vars(self).items() if value != DECLARED[name].default}


DECLARED = {field.name: field.metadata["declaration"] for field in dataclasses.fields(Readings)}
AT_EVALUATION = tuple(name for name, reading in DECLARED.items() if reading.depends == EVALUATION)


def alternatives(readings):
    """Every other value that is tried of every reading, one at a time: ``(name, value, Readings)``."""
    for name, declaration in DECLARED.items():
        for value in declaration.tries:
            if value != getattr(readings, name):
                yield name, value, dataclasses.replace(readings, **{name: value})
