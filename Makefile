# Everything a contributor needs, each target by itself from a fresh clone: 'make help' lists them.

PYTHON ?= python3
VENV ?= .venv
# More than four workers gain little: the slow tests wait for real servers.
WORKERS ?= auto
ARGS ?=
COUNT ?= 1

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install web web-types screenshots demo test test-slow faults lint lint-web format check check-all bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "  ARGS=... goes to demo, test, test-slow, faults and bench: make test ARGS='-k tunnel'"

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "cannot install: $(PYTHON) is older than 3.11; use make PYTHON=python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Without Node.js everything but the dashboard works; with it, it is built before whatever may show it.
NPM := $(shell command -v npm 2> /dev/null)
PAGE := runicornd/gateway/static/index.html
NODE_MODULES := web/node_modules/.package-lock.json
DASHBOARD := $(if $(NPM),$(PAGE))

$(NODE_MODULES): web/package.json web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE): $(NODE_MODULES) $(shell find web/src web/index.html web/public web/*.config.* -type f 2> /dev/null)
	cd web && npm run --silent build
	@touch $@

web: ## Build the dashboard (needs Node.js)
	@command -v npm > /dev/null || { echo "cannot build the dashboard: npm is not installed" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(PAGE)

web-types: $(INSTALLED) ## Write the wire contract as TypeScript
	$(BIN)/python -m runicornd.protocol.typescript > web/src/lib/rpc/contract.ts

screenshots: $(INSTALLED) $(DASHBOARD) ## Take pictures of every page of the dashboard (needs Chromium)
	$(BIN)/python -m tests.screenshots build/screenshots

install: $(INSTALLED) ## Make .venv with the project and its tools

demo: $(INSTALLED) $(DASHBOARD) ## Start a made-up host, connect to it and show its viewer
	@if [ -t 0 ]; then exec $(BIN)/runicornctl demo $(ARGS); else exec $(BIN)/runicornctl demo --once $(ARGS); fi

test: $(INSTALLED) $(DASHBOARD) ## Run the tests, but for the fault suite and the slow ones
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist worksteal \
		--ignore tests/faults -m "not slow" $(ARGS)

test-slow: $(INSTALLED) $(DASHBOARD) ## Run the slow tests: large files, large roots, every combination
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 2 --dist worksteal \
		--ignore tests/faults -m slow $(ARGS)

faults: $(INSTALLED) ## Break everything that can break; COUNT=10 does it ten times
	@for round in $$(seq $(COUNT)); do \
		echo "round $$round of $(COUNT)"; \
		$(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 2 --dist worksteal tests/faults $(ARGS) \
			|| exit 1; \
	done

lint: $(INSTALLED) ## Check style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(if $(NPM),$(MAKE) --no-print-directory lint-web,{ echo "web not checked: npm is not installed"; [ -z "$$CI" ]; })

lint-web: $(NODE_MODULES)
	cd web && npm run --silent check && npm run --silent lint && npm run --silent test

format: $(INSTALLED) ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test ## What to run before a commit; CI breaks things as well

check-all: check faults test-slow bench ## That, all faults, the slow tests, the demo, and the numbers
	$(MAKE) demo < /dev/null

bench: $(INSTALLED) $(DASHBOARD) ## Measure, beside the peers
	$(BIN)/python -m bench $(ARGS)

clean: ## Remove what these targets made
	rm -rf $(VENV) web/node_modules runicornd/gateway/static build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
