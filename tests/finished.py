"""Runs that look finished, for tests of what is made of their numbers."""

from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.store import write_json


def write_finished(store, run, **metrics):
    """Write metrics of a run as if this version had just made it."""
    session = {"code": provenance.code_digest(), "versions": provenance.versions()}
    described = run.to_dict() | {"data": {"fingerprint": ""}, "sessions": [session]}
    write_json(store.folder(run) / "run.json", described)
    write_json(store.folder(run) / "metrics.json", metrics)
