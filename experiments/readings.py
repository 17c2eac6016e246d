"""Readings of the paper: every place where it could be understood otherwise, with our default.

The reasons for the defaults are in docs/FIDELITY.md.
"""

import dataclasses


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
        lr_schedule: constant, or polynomial decay to 0 with power 0.9.
        kitti_fit: KITTI images are padded to a multiple of 32, or resized.
        kitti_load: what a run on KITTI takes from its run on Cityscapes.
        uw_reset: uncertainty weighting starts anew on KITTI rather than from where Cityscapes left it.
        depth_metric: headline unit of the disparity errors; all three are always evaluated.
        cap_mode: ground truth over the cap of 50 is left out, or clipped to it.
        coarse_init: start of the CoarseCTS pre-training.
        coarse_load: what a run takes from the CoarseCTS pre-training.
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
    lr_schedule: str = "constant"
    kitti_fit: str = "pad"
    kitti_load: str = "model"
    uw_reset: bool = False
    depth_metric: str = "disp_half"
    cap_mode: str = "mask"
    coarse_init: str = "random"
    coarse_load: str = "encoder"

    def __post_init__(self):
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} is one of {', '.join(map(str, choices))}, not {getattr(self, name)}"
                )

    def felt_by(self, tasks, weighting, init, start):
        """These readings, with those that a run does not feel back at their default.

        Two runs that differ only in readings that neither feels are one run. ``depth_metric``, ``cap_mode``
        and ``encoder_bn_eval`` are felt by none: every run records all of their values, and a table chooses.

        Args:
            tasks, weighting, init, start: of the run, see `experiments.run.Run`.
        """
        felt = {"input_norm", "decoder_init", "lr_schedule", "kitti_fit"}
        trained = set(tasks) | ({"color", "depth"} if init == "CoarseCTS" else set())
        for task in trained:
            felt |= _FELT_WITH[task]
        if len(trained) > 1 and "color" in trained:
            felt.add("encoder_pass")
        felt |= _FELT_WITH.get(weighting, set()) | _FELT_WITH.get(init, set())
        if start:
            felt |= {"kitti_load"} | ({"uw_reset"} if weighting == "UW" else set())
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
    "lr_schedule": ("constant", "poly"),
    "kitti_fit": ("pad", "resize"),
    "kitti_load": ("model", "encoder"),
    "uw_reset": (False, True),
    "depth_metric": ("disp_half", "disp_full", "depth_m"),
    "cap_mode": ("mask", "clip"),
    "coarse_init": ("random", "ImageNet"),
    "coarse_load": ("encoder", "encoder+decoders"),
}

_FELT_WITH = {
    "seg": {"seg_loss_norm"},
    "color": {"color_input", "color_loss_norm", "mfb"},
    "depth": {"recon_space", "recon_reduce", "recon_mask_oob", "warp_border", "disp_scale"},
    "UW": {"uw_form", "uw_init"},
    "DWA": {"dwa_temperature"},
    "CoarseCTS": {"coarse_init", "coarse_load"},
}
