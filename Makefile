# make lab    open the lessons and the workbench, on the sample networks
# make test   everything that must hold
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: help lab test lint types imports unit notebooks browser bench screenshots lessons samples clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

lab: $(VENV)/installed  ## open JupyterLab on the map of the notebooks
	$(BIN)/workbench lab

test: lint types imports unit notebooks  ## run every check and test

lint: $(VENV)/developed  ## style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/developed  ## static types
	$(BIN)/mypy

imports: $(VENV)/developed  ## imports point one way
	$(BIN)/lint-imports

unit: $(VENV)/developed browser  ## the tests
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --ignore tests/browser
	$(BIN)/pytest tests/browser

notebooks: $(VENV)/developed  ## run every notebook
	$(BIN)/pytest --nbval-lax notebooks

browser: $(VENV)/developed  ## find a Chromium for the tests of the page, or fetch one
	@command -v chromium >/dev/null || $(BIN)/playwright install chromium || \
	  echo "No Chromium: the tests of the page will be skipped. Install one to run them."

bench: $(VENV)/developed  ## measure speed and memory, as ratios
	$(BIN)/python -m benchmarks --json benchmarks/results.json

screenshots: $(VENV)/developed browser  ## make the pictures of the page
	$(BIN)/python tests/browser/screenshots.py

lessons: $(VENV)/developed browser  ## run the lessons and save them with their pictures
	$(BIN)/python tools/lessons.py

samples: $(VENV)/developed  ## train the sample networks again (large download: torch)
	$(BIN)/pip install -q -e '.[train]'
	$(BIN)/python sample_models/make.py

$(VENV)/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e .
	@touch $@

$(VENV)/developed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@ $(VENV)/installed

clean:  ## remove the virtual environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
