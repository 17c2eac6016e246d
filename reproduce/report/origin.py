"""Where the numbers of a report come from: code, versions, machines and data, as the runs recorded them."""

from collections.abc import Sequence

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run

NOT_RECORDED = "not recorded"


def origins(runs: Sequence[Run], store: Store) -> list[tuple[str, list[str]]]:
    """What the sessions that trained some runs say of themselves.

    Args:
        runs: those that have not begun are passed over.
        store: of the runs.

    Returns:
        (what it is, different values in order of appearance); a value that not all have, with their number.
    """
    described = [found for run in runs if (found := store.description(run))]
    sessions = [session for each in described for session in each.get("sessions", ())]
    data = [each.get("data", {}) for each in described]
    found = [
        ("Code, git commit", _values(s.get("git_commit") for s in sessions)),
        ("Code, digest of what decides numbers", _values(s.get("code") for s in sessions)),
        ("Trained on", _trained_on(runs, store)),
        ("Sessions", _span(sessions)),
        ("Data", _values(each.get("root") for each in data)),
        ("Data, fingerprint", _values(each.get("fingerprint") for each in data)),
        ("Images", _values(_frames(each) for each in data)),
    ]
    return [(name, values) for name, values in found if values]


def switches(readings: Readings) -> list[tuple[str, object, object]]:
    """(name, value, default) of the readings of the paper that are not the default."""
    default = vars(Readings())
    return [(name, value, default[name]) for name, value in readings.changed().items()]


def _values(found):
    counts = {}
    for value in found:
        if value:
            counts[value] = counts.get(value, 0) + 1
    if len(counts) < 2:
        return list(counts)
    return [f"{value} ({count} ×)" for value, count in counts.items()]


def _trained_on(runs, store):
    """Machine and packages with the number of runs that were trained so; which, where not all were."""
    groups = {}
    for run in runs:
        described = store.description(run)
        if described:
            sessions = described.get("sessions", ())
            where = dict.fromkeys(f"{_machine(s, run.readings.replicas)}; {_versions(s)}" for s in sessions)
            groups.setdefault(", then on ".join(where) or NOT_RECORDED, []).append(run.folder)
    return [
        f"{len(folders)} run{'s' * (len(folders) > 1)} on {where}"
        + f": {', '.join(folders)}" * (len(groups) > 1)
        for where, folders in groups.items()
    ]


def _machine(session, replicas):
    """``2 × GPU, CPU, 16 cores, 64 GiB``; the names of TensorFlow's devices where no more was recorded."""
    machine, devices = session.get("machine"), session.get("devices")
    if not machine:
        return f"a machine that is {NOT_RECORDED}" + f" ({', '.join(devices or ())})" * bool(devices)
    gpu = machine.get("gpu")
    cores, memory = machine.get("cores"), machine.get("ram_gib")
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
    if "train_frames" not in data:
        return None
    return f"{data['train_frames']} to train on, {data['val_frames']} to validate"


def _span(sessions):
    started = sorted(filter(None, (session.get("started") for session in sessions)))
    if not started:
        return []
    return [f"{len(sessions)}, the first started {started[0]}, the last {started[-1]}"]
