# Two commands on a fresh machine: `make demo` and `make test`. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: install demo test check browser bench chaos clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: install
	$(BIN)/notifier demo $(ARGS)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Chromium for tests/browser, where the machine has none; says so where it cannot be had.
browser: install
	@sh tests/browser/install.sh $(BIN)/python

# A worker for each core of a small machine: with more, what waits in real time runs out of it.
test: check browser
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

bench: install
	$(BIN)/python -m tests.bench $(ARGS)

# Over a hundred kills; CHAOS_SEED=… plays a run once more.
chaos: install
	CHAOS=long $(BIN)/python -m pytest -n 0 -s tests/chaos $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
