# Every target makes its own environment in .venv; nothing else is installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GPU := $(if $(shell command -v nvidia-smi 2>/dev/null),gpu,)
EXTRAS := $(if $(GPU),[$(GPU)],)
ARGS ?=
comma := ,
# More workers than cores, because many tests wait for processes that they start.
WORKERS = $(shell $(PYTHON) -c 'import os; print(3 * len(os.sched_getaffinity(0)) // 2)')
# By file: what is prepared for a file is prepared once. In order: the long ones are not the last.
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The tested versions, most of which have no release for Python 3.10.
PINS := $(if $(filter 3.10,$(VERSION)),,-c constraints.txt)
# Written when the environment is complete; one that is not, or is of another Python, is made again.
MADE := $(VENV)/.made-$(VERSION)

.PHONY: table1 test test-all test-faults test-cluster bench docs lint clean

table1: $(VENV)/.installed  ## Table 1: on embedded scenes, or ARGS="--cityscapes DIR"
	$(BIN)/reproduce table1 $(ARGS)

test: $(VENV)/.installed-dev  ## the tests, those that kill processes and those on a Ray cluster included
	$(PYTEST) $(ARGS)

test-all: $(VENV)/.installed-dev  ## also further cases of the same kinds: an hour rather than minutes
	$(PYTEST) -m "" $(ARGS)

test-faults: $(VENV)/.installed-dev  ## kill -9, full disks, damaged files, two processes
	$(PYTEST) -m "" tests/faults $(ARGS)

test-cluster: $(VENV)/.installed-dev  ## a Ray cluster and several hosts, all on this machine
	$(PYTEST) -m "" tests/cluster $(ARGS)

bench: $(VENV)/.installed-bench  ## times beside Keras, torch, scikit-image, cityscapesScripts
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.installed-dev  ## the documentation as pages in site/; fails where a link leads nowhere
	$(BIN)/mkdocs build

lint: $(VENV)/.installed-dev  ## style, unused code, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) *.egg-info build site

$(MADE):
	@$(if $(filter 3.10 3.11 3.12 3.13,$(VERSION)),:,echo "$(PYTHON) is Python $(or $(VERSION),unknown)$(comma) and \
	this project needs 3.10 to 3.13: make PYTHON=python3.11" >&2; exit 1)
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

$(VENV)/.installed: $(MADE) setup.py constraints.txt
	$(BIN)/pip install -q $(PINS) -e '.$(EXTRAS)'
	touch $@

$(VENV)/.installed-dev: $(MADE) setup.py constraints.txt
	$(BIN)/pip install -q $(PINS) -e '.[dev,export,cluster,docs$(if $(GPU),$(comma)$(GPU),)]'
	touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/pip install -q $(PINS) -e '.[bench]'
	touch $@
