# `make water` fits the quick water model from nothing; `make test` runs the tests from nothing.
# Both make a virtual environment in .venv and install cgbridge with its C++ plugin into it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find cgbridge plugins targets mappings examples -type f -not -name '*.pyc' 2>/dev/null)

# Processes of the tests; every module stays with one of them until another has nothing left to do.
CORES ?= auto
PYTEST := $(BIN)/pytest -n $(CORES) --maxprocesses=8 --dist worksteal
# What needs no long simulation, no device and no compiler.
QUICK := tests/unit tests/repo/test_house.py tests/regression/test_cli_bad_input.py

.PHONY: help water neural quick test test-cpp test-all lint check-tools system-libraries clean

help:
	@echo "make water     install into .venv and fit examples/water-quick.yaml (about 4 minutes on 2 cores)"
	@echo "make neural    install into .venv and go from atoms to neural beads (about 35 minutes on 2 cores)"
	@echo "make quick     install into .venv and run the tests that take a minute"
	@echo "make test      install into .venv and run the tests, 10 minutes on 2 cores"
	@echo "make test-cpp  build and run the C++ tests of the plugin"
	@echo "make test-all  all combinations and minutes of molecular dynamics too, with coverage"
	@echo "make lint      ruff, mypy and the import contract"

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
	$(BIN)/pip install --quiet ".[fit,ice,formats]"
	@touch $@

$(VENV)/installed-neural: $(BIN)/python pyproject.toml CMakeLists.txt $(SOURCES)
	@scripts/install-torch $(BIN)/pip
	$(BIN)/pip install --quiet ".[all]"
	@touch $(VENV)/installed $@

$(VENV)/installed-test: $(BIN)/python pyproject.toml CMakeLists.txt $(SOURCES)
	@scripts/install-torch $(BIN)/pip
	$(BIN)/pip install --quiet ".[test]"
	@touch $(VENV)/installed $@

water: check-tools system-libraries $(VENV)/installed
	$(BIN)/cgbridge fit examples/water-quick.yaml

# The chain of examples/neural/, each command of which goes on where it was stopped.
neural: check-tools system-libraries $(VENV)/installed-neural
	@mkdir -p runs/neural && cp examples/neural/*.yaml runs/neural/
	cd runs/neural && for yaml in labels-300K labels-400K; do ../../$(BIN)/cgbridge simulate $$yaml.yaml || exit; done
	cd runs/neural && ../../$(BIN)/cgbridge fit potential.yaml
	cd runs/neural && ../../$(BIN)/cgbridge simulate atoms.yaml
	cd runs/neural && test -e beads.h5 || ../../$(BIN)/cgbridge map atoms.h5 --mapping water-1bead --out beads.h5
	cd runs/neural && ../../$(BIN)/cgbridge fit pairs.yaml
	cd runs/neural && ../../$(BIN)/cgbridge fit beads.yaml

quick: check-tools system-libraries $(VENV)/installed-test
	$(PYTEST) -m "not slow" $(QUICK)

test: check-tools system-libraries $(VENV)/installed-test
	$(PYTEST) -m "not slow"

test-cpp: check-tools $(VENV)/installed-test
	$(BIN)/pytest tests/plugin/test_ctest.py

test-all: check-tools system-libraries $(VENV)/installed-test
	CGBRIDGE_TEST_ALL=1 $(PYTEST) --cov --cov-report=term:skip-covered

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build
