# The tasks of this project. `make` alone lists them.

PYTHON ?= python3
ARGS   ?=

VENV      := .venv
BIN       := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LINTED    := app.py config.py tre queries disclosure_control

.DEFAULT_GOAL := help
.PHONY: help run demo test check bench docs lock clean migrations-check

help: ## List these tasks
	@awk -F ' ## ' '/^[a-z]+:.* ## / { sub(/:.*/, "", $$1); printf "  make %-7s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  ARGS="..." is passed on to the command of test and lock.'

run: $(INSTALLED) ## Show a query's whole journey on demonstration data, then serve it
	@$(BIN)/python -m tre.demo

demo: $(INSTALLED) ## The same journey without serving
	@ONCE=1 $(BIN)/python -m tre.demo

# One thread each: several processes that all compute on every core wait for each other.
test: $(INSTALLED) ## Run the tests, e.g. make test ARGS="-k budget"
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n logical --maxprocesses 8 --dist loadgroup -rs $(ARGS)

check: $(INSTALLED) ## Check format, lint, types, layers, security and migrations
	@echo '• format'     && $(BIN)/ruff format --check .
	@echo '• lint'       && $(BIN)/ruff check .
	@echo '• types'      && $(BIN)/mypy
	@echo '• layers'     && $(BIN)/lint-imports --no-logo
	@echo '• security'   && $(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml $(LINTED)
	@echo '• migrations' && $(MAKE) --no-print-directory migrations-check

migrations-check: $(INSTALLED)
	@$(BIN)/python -m tre.cli db check

bench: $(INSTALLED) ## Run every benchmark; each prints a table
	@for file in $(filter-out benchmarks/_%,$(sort $(wildcard benchmarks/*.py))); do \
		echo "• $$file" && $(BIN)/python -m "benchmarks.$$(basename "$$file" .py)" || exit 1; \
	done

docs: $(INSTALLED) ## Write again the parts of docs/ that come from the code
	@for file in $(filter-out docs/generate/_%,$(sort $(wildcard docs/generate/*.py))); do \
		echo "• $$file" && PYTHONPATH=. $(BIN)/python "$$file" || exit 1; \
	done

COMPILE = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' $(ARGS)

lock: $(INSTALLED) ## Pin requirements*.in with hashes; ARGS=--upgrade for newer versions
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@echo 'Locked. The next task installs what changed.'

clean: ## Remove the environment and all caches; data in var/ stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Clean.'

# One environment, exactly as locked: every file is checked against its hash.
# uv is quick; where it cannot be installed or used, pip does the same work.
$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'This project needs Python 3.11 or newer; $(PYTHON) is not. Name another: make PYTHON=python3.12 ...'; \
		exit 1; }
	@echo 'Installing the locked packages into $(VENV); this happens once.'
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| $(PYTHON) -m venv --clear $(VENV) || { \
		echo 'Python cannot make an environment here. On Debian: apt-get install python3-venv'; \
		exit 1; }
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements-dev.txt > $(VENV)/uv.txt
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			--only-binary :all: -r $(VENV)/uv.txt \
		&& $(BIN)/uv pip sync --no-config --python $(BIN)/python --require-hashes requirements-dev.txt; } \
	|| { echo 'uv is not usable here; installing with pip, which takes a minute or two.'; \
		$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt; }
	@touch $(INSTALLED)
	@echo 'Installed.'
