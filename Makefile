# `make run` serves the site and `make test` runs the tests. Both make .venv and install what
# requirements/ pins, the first time and whenever the pins change; nothing is put outside this folder.

BIN := .venv/bin
ARGS ?=
UPGRADE ?=

# What Python compiled is kept, whatever the shell says: tests start some hundred processes, and each
# would compile all that it imports once more.
test drills: export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test drills check bench docs lock clean

help: ## Say what can be made
	@echo 'Targets:'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: ## Serve the site at http://127.0.0.1:5000/ (HOST=… PORT=… change that)
	@tools/install.sh site
	@exec $(BIN)/gatehouse run

test: ## Run all tests (ARGS='…' goes to pytest)
	@tools/install.sh dev
	@$(BIN)/python -m tests.services
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

drills: ## Run the long form of drills, fuzz and properties: twenty minutes
	@tools/install.sh dev
	GATEHOUSE_TEST_LONG=1 $(BIN)/python -m pytest --timeout 7200 \
		tests/drills tests/fuzz tests/properties $(ARGS)

check: ## Formatter, linter, types, architecture, dependencies, changelog fragments
	@tools/install.sh dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	@mkdir -p build
	$(BIN)/towncrier build --draft --version next > build/changelog.md

bench: ## Time Gatehouse beside its peers, as ratios from one run
	@tools/install.sh bench build/bench-venv
	build/bench-venv/bin/python -m bench $(ARGS)

docs: ## Build the documentation into build/docs; a warning is an error
	@tools/install.sh dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs
	@echo 'Open build/docs/index.html'

lock: ## Renew requirements/ from pyproject.toml (UPGRADE=--upgrade takes the newest releases)
	@tools/install.sh dev
	@tools/lock.sh $(UPGRADE)

clean: ## Remove everything that was made here, except the site's data in instance/
	rm -rf .venv build dist .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
