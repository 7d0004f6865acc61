# make help lists what there is to do. Needs GNU make, Python 3.11 to 3.13 and a C compiler.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
ARGS ?=

BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11

RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
COMPILED := $(VENV)/.compiled

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo 'PYTHON=python3.12 picks the interpreter, PORT=8080 the port, ARGS="-k booking" goes to the tool.'

# Environment: one file in $(VENV) per finished step, so that the next call has nothing to do.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo 'Python 3.11, 3.12 or 3.13 is needed; "$(PYTHON)" is' \
			"$$($(PYTHON) --version 2>&1 || true). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo 'This Python has no venv module; on Debian: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements.txt | $(BIN)/python
	$(PIP_INSTALL) -r requirements-dev.txt
	@touch $(RUNTIME) $@

# The planner's loops, compiled once: whoever asks for the first plan shall not wait for that.
$(COMPILED): $(wildcard scheduler/matching/kernels/*.py) | $(RUNTIME)
	$(BIN)/python -c 'from scheduler.matching.day_plan import compile_loops; compile_loops()'
	@touch $@

.PHONY: setup
setup: $(DEV) $(COMPILED) ## Install everything, for working on the code

$(VENV)-osrm/osrm: requirements-roads.txt | $(BIN)/python
	$(PIP_INSTALL) -r requirements-roads.txt --no-deps --only-binary :all: --python-version 3.12 --target $(VENV)-osrm
	@touch $@

.PHONY: roads
roads: $(VENV)-osrm/osrm ## Install OSRM's programs, for the tests and measurements by real roads

# Running it

.PHONY: run
run: $(RUNTIME) $(COMPILED) ## Prepare the database (demo practice on first start) and serve on PORT (8000)
	exec $(FLASK) serve --port $${PORT:-8000}

.PHONY: demo
demo: $(RUNTIME) ## Play the demo
	$(FLASK) demo $(ARGS)

.PHONY: jobs
jobs: $(RUNTIME) $(COMPILED) ## Run the scheduled jobs' clock alone
	exec $(FLASK) jobs $(ARGS)

.PHONY: migrate
migrate: $(RUNTIME) ## Bring the database to the newest migration
	$(FLASK) db upgrade

.PHONY: seed
seed: $(RUNTIME) ## Load the demo practice into the database
	$(FLASK) seed $(ARGS)

# Checking it

.PHONY: check
check: static test ## All that a change must pass: static, then test

.PHONY: static
static: format-check lint types arch migration-check ## All of check that needs no test run

.PHONY: format-check
format-check: $(DEV)
	$(BIN)/ruff format --check .

.PHONY: lint
lint: $(DEV) ## ruff check
	$(BIN)/ruff check .

.PHONY: types
types: $(DEV) ## mypy, strict
	$(BIN)/mypy

.PHONY: arch
arch: $(DEV) ## Who may import whom
	$(BIN)/lint-imports

.PHONY: migration-check
migration-check: $(DEV) ## The migrations make exactly the models
	$(FLASK) migration-check

.PHONY: test
test: $(DEV) $(COMPILED) ## All tests but the long ones
	HYPOTHESIS_PROFILE=short $(PYTEST) -m "not soak" $(ARGS)

.PHONY: soak
soak: $(DEV) $(COMPILED) ## The long tests
	HYPOTHESIS_PROFILE=soak $(PYTEST) -m soak $(ARGS)

.PHONY: bench
bench: $(DEV) $(COMPILED) ## Measure the engine
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: screenshots
screenshots: $(DEV) ## Pictures of every page, role and state, into FOLDER (default screenshots/)
	$(BIN)/python -m tests.screenshots $${FOLDER:-screenshots}

# Changing it

.PHONY: format
format: $(DEV) ## Format the code and sort its imports
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(DEV) ## Pin the dependencies of pyproject.toml again (ARGS=--upgrade takes newer ones)
	$(UV_COMPILE) $(ARGS) pyproject.toml --output-file requirements.txt
	$(UV_COMPILE) $(ARGS) --constraint requirements.txt --group dev pyproject.toml --output-file requirements-dev.txt
	$(UV_COMPILE) $(ARGS) --constraint requirements.txt --group bench pyproject.toml --output-file requirements-bench.txt
