"""A Ray cluster: connecting to one, and what its nodes can take."""

import dataclasses
import logging
import os
import signal
import socket
import threading

import ray

from selfsup_segmentation.data.errors import InputError

CONNECT_SECONDS = 10
_OBJECTS = 80 << 20  # bytes of the object store of a local cluster, which holds descriptions of runs


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster and the share of it that a run takes, as the user chose them.

    Attributes:
        address: ``host:port`` or ``auto`` of an existing cluster; None starts one on this machine.
        gpus_per_run: may be a fraction; None for one a replica if the cluster has GPUs, else 0.
        cpus_per_run: CPU cores.

    Raises:
        InputError: an amount that Ray does not accept.
    """

    address: str | None = None
    gpus_per_run: float | None = None
    cpus_per_run: float = 1.0

    def __post_init__(self):
        for option, amount in (("gpus", self.gpus_per_run), ("cpus", self.cpus_per_run)):
            accepted = amount is None or amount <= 1 or float(amount).is_integer()
            if not accepted or not 0 <= (amount or 0) < 1e6:
                raise InputError(f"--{option}-per-run {amount:g}: give a whole number, or a fraction of one.")

    def needs(self, run):
        """(CPUs, GPUs) of a run; raises `InputError` if no node has as many."""
        gpus = self.gpus_per_run
        if gpus is None:
            gpus = run.readings.replicas if ray.cluster_resources().get("GPU") else 0
        if not fit([(self.cpus_per_run, gpus)]):
            nodes = [f"{_amount(cpus, 'CPU')} and {_amount(gpus, 'GPU')}" for cpus, gpus in _nodes()]
            needed = f"{_amount(self.cpus_per_run, 'CPU')} and {_amount(gpus, 'GPU')}"
            raise InputError(
                f"no node of the Ray cluster has {needed} for a run (they have "
                f"{'; '.join(dict.fromkeys(nodes))}): change --gpus-per-run, --cpus-per-run or --devices, or "
                "add a node."
            )
        return self.cpus_per_run, gpus


def connect(address):
    """Connect this process to a cluster, once; a local cluster ends with the process.

    Args:
        address: see `Cluster`.

    Raises:
        InputError: no Ray cluster answers at the address.
    """
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Without it Ray warns that it will treat the GPU variables of tasks without a GPU differently.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    options = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        options |= {"include_dashboard": False, "object_store_memory": _OBJECTS}
    elif address != "auto":
        _check_reachable(address)
    in_main_thread = threading.current_thread() is threading.main_thread()
    usual = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise InputError(
            f"--ray-address {address or ''}: no Ray cluster answers there ({reason}); ray status shows one, "
            "ray start --head starts one."
        ) from error
    finally:
        if in_main_thread:  # Ray's own handler exits at once, and saves nothing
            signal.signal(signal.SIGTERM, usual)


def _check_reachable(address):
    """Fail at once where Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"--ray-address {address}: nothing answers there ({reason}); give host:port of a node that "
            "ray start --head was run on, or auto."
        ) from error


def fit(needs):
    """Whether some node has each of these (CPUs, GPUs), busy or not."""
    nodes = _nodes()
    return all(any(cpus <= node[0] and gpus <= node[1] for node in nodes) for cpus, gpus in set(needs))


def describe(needs):
    """Describe the nodes, and the (CPUs, GPUs) that runs need, in one sentence."""
    nodes, needs = _nodes(), sorted(set(needs))
    cpus, gpus = (sum(node[kind] for node in nodes) for kind in (0, 1))
    a_run = " or ".join(f"{_amount(gpus, 'GPU')} and {_amount(cpus, 'CPU')}" for cpus, gpus in needs)
    return (
        f"on a Ray cluster of {_amount(len(nodes), 'node')} with {_amount(gpus, 'GPU')} and "
        f"{_amount(cpus, 'CPU')}: {a_run} for a run"
    )


def _nodes():
    """(CPUs, GPUs) of each node that is alive."""
    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [(node.get("CPU", 0), node.get("GPU", 0)) for node in resources]


def _amount(number, what):
    return f"{number:g} {what}{'' if number == 1 else 's'}"
