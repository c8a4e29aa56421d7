# `make demo` and `make test` do all their set-up; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
# Relative, because a path with blanks is two targets to make.
VENV := .venv
BIN := $(VENV)/bin
# Node.js: the machine's own if it is new enough, else the one PyPI carries (see tools/node.py).
JS = export PATH="$$($(BIN)/python tools/node.py)$(CURDIR)/$(BIN):$$PATH"; cd extension &&
JS_SOURCES := $(shell find extension/src extension/style extension/schema -type f -not -path '*/__tests__/*') \
    extension/package.json extension/tsconfig.json
LABEXTENSION := $(VENV)/share/jupyter/labextensions/nbops-lab
# Settings of the person who calls make must not reach demo and tests.
SETTINGS = compgen -e | grep -E '^(NBOPS|MLFLOW)_' | grep -vxE 'NBOPS_(SHOTS|LONG_FAULTS|CACHE)' || true
CLEAN_ENV = unset MAKEFLAGS MAKELEVEL MFLAGS $$($(SETTINGS)) &&

# Set by `make test` for what may be done at the same time.
ifndef BESIDE
.NOTPARALLEL:
endif
BESIDE_EACH_OTHER = $(MAKE) BESIDE=yes --jobs=4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help setup demo lab test lint js unit notebooks e2e bench system exports clean

help: ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready ## a virtual environment with everything in it

$(VENV)/.venv:
	$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/.packages: pyproject.toml $(VENV)/.venv
	@echo "installing the Python packages (a few minutes the first time)"
	$(BIN)/python tools/install_packages.py
	touch $@

extension/node_modules/.package-lock.json: extension/package-lock.json | $(VENV)/.packages
	@echo "installing the JavaScript packages"
	$(JS) npm ci --no-audit --no-fund --loglevel=error
	touch $@

extension/nbops_lab/labextension/package.json: $(JS_SOURCES) extension/node_modules/.package-lock.json
	@echo "building the JupyterLab extension"
	rm -rf extension/lib extension/nbops_lab/labextension extension/tsconfig.tsbuildinfo
	$(JS) npm run --silent build:prod
	touch $@

$(VENV)/.ready: extension/nbops_lab/labextension/package.json pyproject.toml
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	# Links instead of the installed copies, so that the next build reaches JupyterLab.
	rm -rf $(LABEXTENSION) && mkdir -p $(LABEXTENSION)
	ln -s "$(CURDIR)"/extension/install.json "$(CURDIR)"/extension/nbops_lab/labextension/* $(LABEXTENSION)
	touch $@

demo: setup ## the whole life cycle on real data, in ./nbops-demo
	$(CLEAN_ENV) $(BIN)/nbops demo

lab: setup ## JupyterLab with the tutorial
	$(BIN)/jupyter lab $$([ "$$(id -u)" -ne 0 ] || echo --allow-root) notebooks/01_quickstart.ipynb

test: setup ## every test
	$(BESIDE_EACH_OTHER) system exports lint js
	$(MAKE) unit e2e

lint: setup ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

js: setup ## lint, types and unit tests of the extension
	$(JS) npm run --silent lint
	$(JS) npm run --silent typecheck
	$(JS) npm run --silent test

unit: setup ## Python tests without a browser
	$(CLEAN_ENV) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q --durations=8 -m "not e2e"

notebooks: setup ## the tutorials alone, cell by cell (`make unit` runs them too)
	rm -rf build/notebooks && mkdir -p build && cp -r notebooks build/notebooks && touch build/notebooks/nbops.toml
	cd build/notebooks && $(CLEAN_ENV) NBOPS_COURIER=false "$(CURDIR)/$(BIN)/python" -m pytest -q -c ../../pyproject.toml --rootdir . --nbval-lax -p no:cacheprovider *.ipynb

e2e: setup ## a real JupyterLab in headless Chromium
	$(CLEAN_ENV) $(BIN)/python -m pytest -n 2 --dist loadfile -q --durations=5 -m e2e tests/e2e

bench: setup ## benchmarks, as ratios against peers and limits of the same run
	$(CLEAN_ENV) $(BIN)/python benchmarks

system: ## what the tests need beyond PyPI and npm: Chromium, PostgreSQL, Groovy
	bash tools/system_packages.sh

exports: setup ## environments of Airflow, Kubeflow Pipelines and Prefect, for the tests of exports
	$(BIN)/python tools/export_environments.py

clean: ## remove everything that was built
	rm -rf $(VENV) build dist extension/node_modules extension/lib extension/nbops_lab/labextension
