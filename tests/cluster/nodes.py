"""The nodes of a Ray cluster and what runs on them, each of which may be killed."""

import contextlib
import json
import os
import signal
from pathlib import Path

from tests.processes import status


def owner(folder):
    """Process id that a run's lock names, or None."""
    try:
        return json.loads((folder / "lock").read_text())["pid"]
    except (OSError, ValueError):
        return None


def parent_of(pid):
    """Process id of a process's parent, or None."""
    found = status(pid)
    return int(found[1]) if found else None


def kill_node(cluster, raylet):
    """SIGKILL to the raylet with that process id and to all of its workers, as when its host loses power."""
    nodes = {node.all_processes["raylet"][0].process.pid: node for node in cluster.worker_nodes}
    processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    children = [pid for pid in processes if parent_of(pid) == raylet]
    for pid in (raylet, *children):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    cluster.remove_node(nodes[raylet], allow_graceful=False)
