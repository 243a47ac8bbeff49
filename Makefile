# `make water` fits the quick water model from nothing; `make test` runs the tests from nothing.
# Both make a virtual environment in .venv and install cgbridge with its C++ plugin into it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find cgbridge plugins targets mappings examples -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: help water test test-slow lint check-tools system-libraries clean

help:
	@echo "make water   install into .venv and fit examples/water-quick.yaml (about 4 minutes on 2 cores)"
	@echo "make test    install into .venv and run the tests"
	@echo "make lint    ruff, mypy and the import contract"

check-tools:
	@command -v $(PYTHON) >/dev/null || { echo "error: no '$(PYTHON)' found; install Python >= 3.11 or set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) has no venv module; install it (Debian: apt install python3-venv)"; exit 1; }
	@command -v $${CXX:-c++} >/dev/null || { echo "error: no C++ compiler found; install one (Debian: apt install g++) or set CXX"; exit 1; }

# OVITO's wheel needs these system libraries (ice recognition); skipped where they are or where we may not install.
system-libraries:
	@scripts/system-libraries

$(BIN)/python: | check-tools
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/installed: $(BIN)/python pyproject.toml CMakeLists.txt $(SOURCES)
	$(BIN)/pip install --quiet .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install --quiet ".[test]"
	@touch $@

water: check-tools system-libraries $(VENV)/installed
	$(BIN)/cgbridge fit examples/water-quick.yaml

test: check-tools system-libraries $(VENV)/installed-test
	$(BIN)/pytest -m "not slow" --cov --cov-report=term:skip-covered

test-slow: check-tools system-libraries $(VENV)/installed-test
	$(BIN)/pytest -m slow

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build
