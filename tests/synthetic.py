"""Options without output, and results of runs and measurements that nobody made."""

from selfsup_segmentation.experiments.metrics import DisparityErrors
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.tasks.colorization import ColorResult
from selfsup_segmentation.experiments.tasks.disparity import DepthResult, Errors
from selfsup_segmentation.experiments.tasks.miou import IoU
from selfsup_segmentation.experiments.tasks.segmentation import SegmentationResult
from selfsup_segmentation.reproduce.check import numbers

QUIET = Options(imagenet_weights="none", progress="none", tensorboard=False)
KINDS = ("per_input", "shared")


def errors(value=0.3):
    """The same number for all errors, pooled and clipped ones included."""
    named = dict.fromkeys(DisparityErrors.NAMES, value)
    return Errors(**named, pooled=Errors(**named), clipped=Errors(**named, pooled=Errors(**named)))


def evaluation(tasks, miou=0.3, network=0.1, color=0.1, depth=0.3, **segmentation):
    """Results by task as an evaluation returns them.

    Args:
        tasks: names.
        miou, network: of the segmentation at native and at the network's resolution.
        color: mIoU.
        depth: every error in every unit.
        segmentation: other fields of its result.
    """
    made = {
        "seg": SegmentationResult(IoU(miou, 19), IoU(network, 19), **segmentation),
        "color": ColorResult(color, 36),
        "depth": DepthResult(*[errors(depth)] * 3),
    }
    return {task: made[task] for task in tasks}


def write_finished(store, run, evaluations=None, data=None, **fields):
    """Write run.json and metrics.json as if this version had just made the run.

    Args:
        store: `experiments.records.store.Store`.
        run: `experiments.run.Run`.
        evaluations: by kind of statistics; the default of `evaluation` for both.
        data: ``data`` of run.json.
        fields: others of `Results`.
    """
    session = {"code": provenance.code_digest(), "versions": provenance.versions(), "started_from": None}
    described = run.to_dict() | {"data": {"fingerprint": ""} | (data or {}), "sessions": [session]}
    write_json(store.folder(run) / "run.json", described)
    evaluations = evaluations or dict.fromkeys(KINDS, evaluation(run.tasks))
    Results(evaluations, **fields).write(store.folder(run))


def measured_in_no_time(job, name):
    """What ``reproduce check`` would measure on a sound machine; replaces `in_a_process`."""
    if job.readings.get("precision") == "mixed_float16":
        return {"failed": "no such kernel"}
    losses = numbers.read_reference()["losses"] if job.size == numbers.SIZE else {}
    rest = {"seconds": 10.0, "input_wait": 0.01, "peak_bytes": 2**30, "launches": 1600}
    return {"losses": losses, "device": "H 1", "tensorflow": "2", "date": "today"} | rest
