"""Detect stale results: runs whose code, versions, defaults or data have changed; no TensorFlow."""

from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.records import provenance


def changes(run, store, fingerprint=None):
    """Reasons why a finished run is stale.

    Args:
        run: `experiments.run.Run`.
        store: `experiments.records.store.Store`.
        fingerprint: function of a run that returns the current fingerprint of its data, or None where the
            data is unavailable (`experiments.datasets.source.fingerprint_now`).

    Returns:
        List of phrases, empty when the run is up to date.
    """
    described = store.description(run)
    if described is None:
        return ["no run.json says how it was made"]
    found = [*_switches(run, described), *_code(described), *_versions(described), *_machines(described)]
    now = fingerprint and fingerprint(run)
    if now and now != described["data"]["fingerprint"]:
        found.append("other data")
    return found + _source(run, described, store, fingerprint)


def _switches(run, described):
    """Changed defaults are not part of a run's name, but of its description."""
    for name in ("schedule", "readings"):
        for key, value in vars(getattr(run, name)).items():
            before = described[name].get(key)
            if before != (list(value) if isinstance(value, tuple) else value):
                yield f"other switches ({key} was {before}, now {value})"


def _code(described):
    codes = _of_sessions(described, "code")
    if len(codes) > 1:
        yield f"code changed while it was trained ({', '.join(map(str, codes))})"
    elif codes[0] != provenance.code_digest():
        yield f"other code ({codes[0]}, now {provenance.code_digest()})"


def _versions(described):
    for package, now in provenance.versions().items():
        then = list(dict.fromkeys(s.get("versions", {}).get(package) for s in described["sessions"]))
        if then != [now]:
            yield f"{package} {', '.join(map(str, then))}, now {now}"


def _machines(described):
    for key, values in different_circumstances(described["sessions"]).items():
        yield f"resumed on other hardware or settings ({key} {', then '.join(values)})"


def different_circumstances(sessions):
    """What decides bits and was not the same in all sessions.

    Args:
        sessions: dicts of ``run.json``; those of older versions, which recorded less, are passed over.

    Returns:
        Dict of a name of `provenance.machine` to its distinct values in order, as texts.
    """
    machines = [session.get("machine") or {} for session in sessions]
    machines = [machine for machine in machines if "onednn" in machine]
    keys = ("gpu", "cpu", "cores", "threads", "onednn")
    values = {key: list(dict.fromkeys(str(machine[key]) for machine in machines)) for key in keys}
    return {key: found for key, found in values.items() if len(found) > 1}


def _source(run, described, store, fingerprint):
    """The same for the run that this one is initialized from; nothing where that run is absent."""
    source = dependency(run)
    metrics = source and store.metrics(source)
    if not metrics:
        return []
    found = [
        f"{phrase} in {source}, which it is initialized from"
        for phrase in changes(source, store, fingerprint)
    ]
    if _of_sessions(described, "started_from") != [metrics.state_sha256]:
        found.append(f"{source}, which it is initialized from, was trained again")
    return found


def _of_sessions(described, key):
    """Distinct values of the sessions that trained a run."""
    return list(dict.fromkeys(session.get(key) for session in described["sessions"]))
