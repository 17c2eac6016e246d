"""Whether a finished run is what this program would make now; no TensorFlow."""

from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.records import provenance


def changes(run, store, fingerprint=None):
    """What is no longer as it was when a finished run was made.

    Args:
        run: `experiments.run.Run`.
        store: `experiments.records.store.Store`.
        fingerprint: function of a run that returns the fingerprint of its data now, or None where the data is
            not at hand (`experiments.datasets.source.fingerprint_now`).

    Returns:
        List of phrases, empty when nothing that matters has changed.
    """
    described = store.description(run)
    if described is None:
        return ["no run.json says how it was made"]
    found = [*_switches(run, described), *_code(described), *_versions(described)]
    now = fingerprint and fingerprint(run)
    if now and now != described["data"]["fingerprint"]:
        found.append("other data")
    return found + _source(run, described, store, fingerprint)


def _switches(run, described):
    """Defaults that a later version changed are no part of a run's name, but of its description."""
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


def _source(run, described, store, fingerprint):
    """The same of the run that this one goes on from; nothing where that one is not here."""
    source = dependency(run)
    metrics = source and store.metrics(source)
    if not metrics:
        return []
    found = [f"{phrase} in {source}, which it goes on from" for phrase in changes(source, store, fingerprint)]
    if _of_sessions(described, "started_from") != [metrics.state_sha256]:
        found.append(f"{source}, which it goes on from, was trained anew")
    return found


def _of_sessions(described, key):
    """Different values of the sessions that trained a run."""
    return list(dict.fromkeys(session.get(key) for session in described["sessions"]))
