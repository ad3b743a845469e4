# Everything a developer runs. A second run of any command reuses what the first one built.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help check audit mutants test outcomes generate demo bench soak cluster-up cluster-down lock clean

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pypi-registry-operator
# The environment is shared by all clones whose lock and Python are the same.
ENVIRONMENT := $(CACHE)/environment-$(shell { cat tests/requirements.lock; python3 -V; } | sha256sum | cut -c1-16)
READY := $(ENVIRONMENT)/complete
PYTHON := $(ENVIRONMENT)/bin/python
export PYTHONPATH := $(CURDIR)/operator:$(CURDIR)
export MYPY_CACHE_DIR := $(CACHE)/mypy

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

check: $(READY) ## Lint, types, layers, unit tests: under a minute.
	@$(PYTHON) -m tests.stages check

audit: $(READY) ## Ask an advisory service (AUDIT_URL, in OSV's terms) about every locked package.
	@$(PYTHON) -m tests.supply.audit $(if $(AUDIT_URL),--url $(AUDIT_URL))

mutants: $(READY) ## Change one thing at a time in the access and upload rules, and see the tests notice: a quarter of an hour.
	@$(PYTHON) -m tests.mutation

test: $(READY) ## All that must pass, fast parts first.
	@$(PYTHON) -m tests.stages check operator+contract+conformance kubernetes hostile

outcomes: $(READY) ## Each sentence that an issue calls done, its test and how that last went.
	@$(PYTHON) -m pytest --collect-only --outcomes -q --no-cov

generate: $(READY) ## Copy the CRDs into the chart, write the images' bills of materials.
	@$(PYTHON) -m tests.generate

demo: $(READY) ## The main job on a real cluster, step by step.
	@$(PYTHON) -m tests.demo

bench: $(READY) ## Measure speed and memory, beside a peer in the same run.
	@$(PYTHON) -m benchmarks

soak: $(READY) ## Publish and install for SOAK_MINUTES (60), and watch memory; then fuzz for as long.
	@$(PYTHON) -m benchmarks.soak --minutes $(or $(SOAK_MINUTES),60)
	@$(PYTHON) -m tests.fuzz --minutes $(or $(SOAK_MINUTES),60)

cluster-up: $(READY) ## Make the test cluster, or mend it.
	@$(PYTHON) -m tests.cluster up

cluster-down: $(READY) ## Remove the test cluster; what was built for it stays in the cache.
	@$(PYTHON) -m tests.cluster down

lock: $(READY) ## Update locked dependencies (needs uv) and base images (docker or skopeo).
	@compile() { uv pip compile -q pyproject.toml --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header "$$@"; }; \
	compile --all-extras --group dev --upgrade -o tests/requirements.lock; \
	compile --extra operator -c tests/requirements.lock -o operator/requirements.lock; \
	compile --extra service -c tests/requirements.lock -o registry_service/requirements.lock
	@$(PYTHON) -m tests.supply.base_images
	@$(PYTHON) -m tests.generate

clean: ## Remove what the commands left in this folder; the shared cache stays.
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* data dist
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY):
	@mkdir -p $(CACHE)
	@flock $(ENVIRONMENT).lock $(SHELL) -euo pipefail -c 'if ! [ -e $(READY) ]; then \
	  echo "making the Python environment: about a minute"; rm -rf $(ENVIRONMENT); python3 -m venv $(ENVIRONMENT); \
	  $(ENVIRONMENT)/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r tests/requirements.lock; touch $(READY); fi'
