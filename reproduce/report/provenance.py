"""Provenance of numbers: code, versions, machines and data, as the runs recorded them."""

from collections import Counter
from collections.abc import Sequence

from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run

NOT_RECORDED = "not recorded"


def provenance(runs: Sequence[Run], store: Store) -> list[tuple[str, list[str]]]:
    """(title, distinct values in order of appearance, with their counts where they differ).

    Runs that have not begun are left out.
    """
    descriptions = [(run, description) for run in runs if (description := store.description(run))]
    sessions = [session for _, description in descriptions for session in description.get("sessions", ())]
    data = [description.get("data", {}) for _, description in descriptions]
    entries = [
        ("Code, git commit", _distinct(session.get("git_commit") for session in sessions)),
        ("Code, digest of what decides numbers", _distinct(session.get("code") for session in sessions)),
        ("Trained on", _trained_on(descriptions)),
        ("Sessions", _span(sessions)),
        ("Data", _distinct(used.get("root") for used in data)),
        ("Data, fingerprint", _distinct(used.get("fingerprint") for used in data)),
        ("Images", _distinct(map(_frames, data))),
    ]
    return [(title, values) for title, values in entries if values]


def _distinct(values):
    counts = Counter(filter(None, values))
    return list(counts) if len(counts) < 2 else [f"{value} ({count} ×)" for value, count in counts.items()]


def _trained_on(descriptions):
    """Machine and packages with the number of their runs, and where these differ with their names."""
    groups = {}
    for run, description in descriptions:
        sessions = description.get("sessions", ())
        where = dict.fromkeys(f"{_machine(s, run.readings.replicas)}; {_versions(s)}" for s in sessions)
        groups.setdefault(", then on ".join(where) or NOT_RECORDED, []).append(run.folder)
    return [
        f"{len(folders)} run{'s' * (len(folders) > 1)} on {where}"
        + f": {', '.join(folders)}" * (len(groups) > 1)
        for where, folders in groups.items()
    ]


def _machine(session, replicas):
    """``2 × GPU, CPU, 16 cores, 64 GiB``; without a record the names of TensorFlow's devices."""
    machine, devices = session.get("machine"), session.get("devices")
    if not machine:
        return f"a machine that is {NOT_RECORDED}" + f" ({', '.join(devices or ())})" * bool(devices)
    gpu, cores, memory = machine.get("gpu"), machine.get("cores"), machine.get("ram_gib")
    parts = [
        f"{replicas} × {gpu}" if gpu and replicas > 1 else gpu,
        machine.get("cpu"),
        cores and f"{cores} core{'s' * (cores > 1)}",
        memory and f"{memory:g} GiB",
    ]
    return ", ".join(filter(None, parts))


def _versions(session):
    versions = session.get("versions") or {}
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or f"versions {NOT_RECORDED}"


def _frames(data):
    return "train_frames" in data and f"{data['train_frames']} to train on, {data['val_frames']} to validate"


def _span(sessions):
    started = sorted(filter(None, (session.get("started") for session in sessions)))
    return [f"{len(sessions)}, the first started {started[0]}, the last {started[-1]}"] if started else []
