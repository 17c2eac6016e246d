"""Installed as one package, from a folder in which a user has ``data/``, ``models/`` and ``losses/``."""

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FOLDERS = ("data", "losses", "models")
SCRIPT = """
import sys
import data, losses, models
from selfsup_segmentation import losses as ours
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments.executors import ray_task
from selfsup_segmentation.models import build_multitask_unet
from selfsup_segmentation.reproduce.__main__ import main

assert {data.OWNER, losses.OWNER, models.OWNER} == {"the user"}
assert ours.reconstruction_loss and not hasattr(losses, "reconstruction_loss")
files = [module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]
root = ours.__file__.removesuffix("losses/__init__.py")
folders = ("data", "experiments", "losses", "models", "reproduce", "weighting")
loaded = [file for file in files if file.startswith(tuple(f"{root}{folder}/" for folder in folders))]
assert len(loaded) == len(set(loaded)) > 20, "a module is loaded twice"
print(ours.__file__)
"""
ON_RAY = """
import ray
from selfsup_segmentation.experiments.catalog import make_run
from selfsup_segmentation.experiments.executors.ray_task import Job, Outcome, execute_task
from selfsup_segmentation.experiments.options import Options

ray.init(address="local", num_cpus=1, include_dashboard=False, object_store_memory=80 << 20)
job = Job((), {}, Options(), None)
run = make_run("cityscapes", ("seg",), "none", "random", 0)
assert ray.get(ray.remote(execute_task).remote(job, run, Outcome())) == Outcome()
import data
assert data.OWNER == "the user"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user's folder."""
    home = tmp_path_factory.mktemp("home")
    for name in FOLDERS:
        (home / name).mkdir()
        (home / name / "__init__.py").write_text("OWNER = 'the user'\n")
    (home / "script.py").write_text(SCRIPT)
    (home / "on_ray.py").write_text(ON_RAY)
    return home


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Python of an environment that has the wheel, and the dependencies of this one."""
    if find_spec("pip") is None or find_spec("setuptools") is None:
        pytest.skip("a wheel is built by pip and setuptools, which this environment lacks")
    place = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("the files of a wheel are listed by git, and this is no clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, place / "source" / name)
    words = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*words, "-w", place, place / "source"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    venv.create(place / "venv", symlinks=True)
    packages = next((place / "venv").glob("lib/python*/site-packages"))
    # A path file brings the dependencies, and does not process the path file of an editable install.
    (packages / "dependencies.pth").write_text("\n".join(map(str, dependencies())))
    (file,) = place.glob("*.whl")
    zipfile.ZipFile(file).extractall(packages)
    return place / "venv" / "bin" / "python"


def dependencies():
    """Folders of this environment's packages."""
    return [*site.getsitepackages(), *(path for path in sys.path if path.endswith("site-packages"))]


@pytest.fixture(params=["wheel", "editable"])
def python(request):
    """Python of an environment in which the project is installed, and the folder it is installed from."""
    if request.param == "editable":
        return Path(sys.executable), str(REPOSITORY)
    path = request.getfixturevalue("wheel")
    return path, str(path.parents[1])


def run(python, home, *words, **environment):
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, *words], cwd=home, capture_output=True, text=True, env=clean | environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": ":/opt"}], ids=["script", "PYTHONPATH"])
def test_a_script_beside_folders_of_the_same_names_has_ours_and_its_own(python, home, environment):
    path, place = python
    assert run(path, home, "script.py", **environment).strip().startswith(place)


@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": ":/opt"}], ids=["command", "PYTHONPATH"])
def test_the_command_works_there(python, home, tmp_path, environment):
    path, _ = python
    words = ["-m", "selfsup_segmentation.reproduce", "scenes", tmp_path / "scenes", "--count", "2"]
    run(path, home, *words, "--size", "64x32", **environment)
    assert (tmp_path / "scenes" / "leftImg8bit").is_dir()


def test_the_console_script_works_there(home, tmp_path):
    command = Path(sys.executable).with_name("reproduce")
    words = ["scenes", tmp_path / "scenes", "--count", "2", "--size", "64x32"]
    run(sys.executable, home, command, *words)
    assert (tmp_path / "scenes" / "leftImg8bit").is_dir()


def test_a_ray_worker_has_ours(python, home):
    pytest.importorskip("ray", reason="ray is not installed: pip install '.[cluster]'")
    run(python[0], home, "on_ray.py")
