# Every target makes its own environment in .venv; nothing else is installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := $(if $(shell command -v nvidia-smi 2>/dev/null),[gpu],)
ARGS ?=
# The tested versions, most of which have no release for Python 3.10.
PINS := $(shell $(PYTHON) -c 'import sys; print("-c constraints.txt" * (sys.version_info >= (3, 11)))')

.PHONY: table1 test test-slow test-faults test-cluster bench docs lint clean

table1: $(VENV)/.installed  ## Table 1: on embedded scenes, or ARGS="--cityscapes DIR"
	$(BIN)/reproduce table1 $(ARGS)

test: $(VENV)/.installed-dev  ## the fast tests
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-slow: $(VENV)/.installed-dev  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow -n auto --dist loadfile $(ARGS)

test-faults: $(VENV)/.installed-dev  ## kill -9, full disks, damaged files, two processes: minutes
	$(BIN)/python -m pytest -m fault -n auto --dist loadfile tests/faults $(ARGS)

test-cluster: $(VENV)/.installed-cluster  ## runs on a Ray cluster and over several hosts, all on this machine
	$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

bench: $(VENV)/.installed-bench  ## times beside Keras, torch, scikit-image, cityscapesScripts
	$(BIN)/reproduce bench $(ARGS)

docs: $(VENV)/.installed-docs  ## the documentation as pages in site/; fails where a link leads nowhere
	$(BIN)/mkdocs build

lint: $(VENV)/.installed-dev  ## style, unused code, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) *.egg-info build site

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python setup.py constraints.txt
	$(BIN)/pip install -q $(PINS) -e '.$(EXTRAS)'
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install -q $(PINS) -e '.[dev,export]'
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/pip install -q $(PINS) -e '.[bench]'
	touch $@

$(VENV)/.installed-cluster: $(VENV)/.installed-dev
	$(BIN)/pip install -q $(PINS) -e '.[cluster]'
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/pip install -q $(PINS) -e '.[docs]'
	touch $@
