# `make demo` shows a live cluster, `make test` proves all of it; see CONTRIBUTING.md.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
SOAK_MINUTES ?= 60
SOAK_RATE ?= 5000
SOAK_FILE_TASKS ?= 1000000
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start hundreds of Pythons; without bytecode each would compile Umbel again.
unexport PYTHONDONTWRITEBYTECODE

# install FILE: the versions of this file, each package checked by its hash, and Umbel as it lies.
install = $(BIN)/pip install --quiet --require-hashes -r $(1) && \
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .

# The faces of Flower's package, as they lie.
install_compat = $(BIN)/pip install --quiet --no-deps --no-build-isolation -e compat

# What the installed package is made from, beyond the Python sources that it links to.
SOURCES := pyproject.toml compat/pyproject.toml hatch_build.py requirements/lock.txt requirements/demo.txt \
	$(shell find ui -type f -not -path '*/node_modules/*' 2>/dev/null)

# A file's tests in one process, and files in their order: those of `faults` and `integration`, which
# wait most, have begun when the many small ones of `unit` come.
by_file = --dist loadfile --no-loadscope-reorder

.PHONY: help demo test test-apart test-thorough test-floods test-healing soak test-million test-versions lint ui bench lock clean services

help: ## What there is.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

demo: .venv/.demo ## A small live cluster at http://127.0.0.1:5555; Ctrl-C ends it.
	@exec $(BIN)/umbel demo

test: .venv/.dev services ## Everything: lint, then all tests.
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint test-apart
	scripts/test.sh -n 4 $(by_file) --ignore=tests/browser --ignore=tests/architecture
	scripts/test.sh -n 2 $(by_file) tests/browser

# What uses one core at a time, so that it runs beside lint.
test-apart: .venv/.dev services
	$(BIN)/python hatch_build.py npm test
	scripts/versions-test.sh --brief oldest

test-thorough: .venv/.dev services ## All the examples and variants that there are; half an hour.
	UMBEL_TEST_THOROUGH=1 $(BIN)/pytest -n 4 $(by_file) --ignore=tests/browser \
		-m 'not flood and not healing and not million and not soak'
	$(BIN)/pytest -n 2 $(by_file) -m thorough tests/browser

test-floods: .venv/.dev services ## What many connections and large inputs do; minutes, and a machine to itself.
	$(BIN)/pytest -m flood

test-healing: .venv/.dev services ## 100,000 tasks, the collector killed 20 times and away for a minute; 10 min and more.
	$(BIN)/pytest -m healing -s --log-cli-level=WARNING

soak: .venv/.dev services ## An hour at 5,000 events/s, everything restarted at random; SOAK_MINUTES=, SOAK_RATE=, SOAK_FILE_TASKS=.
	SOAK_MINUTES=$(SOAK_MINUTES) SOAK_RATE=$(SOAK_RATE) SOAK_FILE_TASKS=$(SOAK_FILE_TASKS) $(BIN)/pytest -m soak -s --log-cli-level=WARNING tests/faults

test-million: .venv/.dev services ## The pages on a store of a million tasks; the first time fills it, some minutes.
	$(BIN)/pytest -m million tests/browser/test_million.py

test-versions: .venv/.dev services ## What matters, with the oldest, a middle and the newest versions.
	scripts/versions-test.sh oldest middle newest
	$(BIN)/python scripts/versions_page.py write

lint: .venv/.dev ## ruff, mypy, import layers, svelte-check.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/architecture
	$(BIN)/python hatch_build.py npm run check

ui: .venv/.dev ## Build the browser's part anew.
	$(BIN)/python hatch_build.py

bench: .venv/.dev services ## Measure beside Flower; writes bench/RESULTS.md.
	$(BIN)/python -m bench

lock: ## Resolve all dependencies anew into requirements/, with hashes.
	scripts/lock.sh

services:
	@scripts/services.sh

clean: ## Remove everything that was made here.
	rm -rf .venv .venv-* dist build ui/node_modules src/umbel/web/static \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is newer than all that its environment was made from.
.venv/.demo: $(SOURCES)
	@scripts/venv.sh
	@echo "Installing Umbel into .venv (the first time takes a minute or two)."
	@$(call install,requirements/demo.txt)
	@touch $@

.venv/.dev: $(SOURCES)
	@scripts/venv.sh
	@echo "Installing Umbel and its tools into .venv."
	@$(call install,requirements/lock.txt)
	@$(install_compat)
	@touch $@ .venv/.demo
