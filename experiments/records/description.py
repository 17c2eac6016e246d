"""The content of a run's run.json: everything that one must know to repeat the run."""

import datetime

import tensorflow as tf

from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.json_files import FORMAT


def describe(run, library, data, started_from=None, before=None):
    """Describe a run with its data and this session.

    Args:
        run: `experiments.run.Run`.
        library: `experiments.datasets.library.Library` of its data.
        data: `experiments.datasets.library.RunData` of the run.
        started_from: SHA-256 of the state that the run is initialized from, hexadecimal; None for no state.
        before: content of run.json after an earlier session; its sessions are kept.

    Returns:
        dict of plain JSON values.
    """
    session = {
        "started": now(),
        "versions": provenance.versions(),
        "code": provenance.code_digest(),
        "started_from": started_from,
        "git_commit": provenance.git_commit(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
        "machine": provenance.machine(),
    }
    return run.to_dict() | {
        "format": FORMAT,
        "data": {
            "root": str(library.source.root.resolve()),
            "embedded_scenes": library.source.is_scenes,
            "fingerprint": library.fingerprint(run),
            "train_frames": len(data.train),
            "val_frames": len(data.val),
            "note": library.source.note(),
        },
        "sessions": [*(before or {}).get("sessions", []), session],
    }


def now():
    """The time, UTC, as in run.json and metrics.json: ``2026-01-31T12:00:00+00:00``."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
