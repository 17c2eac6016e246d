"""Refusals and waits of the executors, and a cache that is built once by all who need it."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from selfsup_segmentation.data import cache
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.executors.ray_task import Job, Outcome, execute_task
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records.lock import only_one
from selfsup_segmentation.experiments.records.store import Store
from tests.cluster.sleeping import equal_runs, gpus, sleeper
from tests.conftest import REPOSITORY
from tests.refused import refused


@pytest.fixture
def words(scenes, tmp_path):
    """A ``train`` command."""
    return ["train", "--row", "SS", "--cityscapes", scenes, "--runs", tmp_path]


@pytest.mark.parametrize(
    "option", [("--ray-address", "h:1"), ("--gpus-per-run", "1"), ("--cpus-per-run", "1")]
)
def test_options_of_a_cluster_without_one_are_refused(option, words, capsys):
    line = refused(capsys, *words, *option)
    assert option[0] in line and "--executor ray" in line


def test_a_cluster_without_its_package_is_refused(words, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    line = refused(capsys, *words, "--executor", "ray")
    assert "package ray" in line and ".[cluster]" in line


def test_libraries_that_are_opened_together_decode_each_image_once(scenes, tmp_path, monkeypatch):
    """Threads stand for processes: each library opens the lock for itself."""
    decoded, together = [], threading.Barrier(3)

    def read(path):
        decoded.append(path)
        return original(path)

    original = cache.read_rgb
    monkeypatch.setattr(cache, "read_rgb", read)

    def prepare(_):
        library = Library(Source(CITYSCAPES, scenes), tmp_path / "cache")
        together.wait()
        cache = library.cache("train", ("right",), (64, 32), "resize")
        return [cache.image("left", index).tobytes() for index in range(len(cache))]

    with ThreadPoolExecutor(3) as pool:
        first, *more = pool.map(prepare, range(3))
    assert len(decoded) == 4 + 4 and len(set(decoded)) == 8
    assert more == [first, first]


def test_a_run_does_not_begin_while_another_process_has_the_one_that_it_needs(tmp_path):
    job = Job((tmp_path,), {}, Options(), None)
    (run,) = equal_runs(1)
    assert execute_task(job, run, Outcome()) == Outcome()


@pytest.mark.parametrize("address", ["127.0.0.1:9", "no.such.host.invalid:6379", "6379x"])
def test_an_address_without_a_cluster_is_refused(address, words, capsys):
    line = refused(capsys, *words, "--executor", "ray", "--ray-address", address)
    assert address in line and "nothing answers there" in line


def test_what_no_node_can_ever_take_is_refused_before_anything_is_decoded(words, tmp_path):
    words = map(str, [*words, "--executor", "ray", "--gpus-per-run", 5])
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce", *words]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200)
    assert done.returncode == 2, done.stderr
    assert "no node of the Ray cluster has 1 CPU and 5 GPUs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("amount", [-1, 1.5, float("nan")])
def test_amounts_that_ray_cannot_share_out_are_refused(amount):
    from selfsup_segmentation.experiments.executors.ray_cluster import Cluster

    with pytest.raises(InputError, match="--gpus-per-run"):
        Cluster(gpus_per_run=amount)


def test_a_run_that_another_process_has_is_waited_for(tmp_path):
    from selfsup_segmentation.experiments.executors import ray, ray_cluster

    runs, store, lines = equal_runs(2), Store(tmp_path), []
    job = Job((tmp_path,), {}, Options(), None)
    release, held = threading.Event(), only_one(store.folder(runs[0]), pytest.fail)

    def report(line):
        lines.append(line)
        if "waiting for" in line:
            release.set()

    def let_go():
        assert release.wait(60)
        held.__exit__(None, None, None)

    held.__enter__()
    thread = threading.Thread(target=let_go)
    with gpus(2):
        thread.start()
        ray.drive(runs, store, job, ray_cluster.Cluster(), report, sleeper(0.1))
    thread.join()
    waited = next(k for k, line in enumerate(lines) if line.startswith(f"waiting for {runs[0]}: process"))
    assert waited < next(k for k, line in enumerate(lines) if f"{runs[0]}: slept" in line)
    assert lines[-1].startswith("[2/2]")
    assert "2 GPUs" in lines[0] and "1 GPU and 1 CPU for a run" in lines[0]
