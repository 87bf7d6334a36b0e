# Vaka. `make` lists what there is; `make run` and `make test` set everything up by themselves, as root or not.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# A run starts hundreds of Python processes; where modules are not kept compiled, each would compile them all anew.
unexport PYTHONDONTWRITEBYTECODE

DATA := $(or $(VAKA_DATA),.vaka)
SCREENS := gateway/web/screens
STATIC := gateway/web/static
PY := .venv/bin/python
FACTS ?= 100000
KILLS ?= 220
SEED ?=
# Test processes side by side, each with servers of its own: with two, a third of two cores stood idle; four fill them.
WORKERS ?= 4
# Where so many fail something is wrong with all: better told soon than cut by whoever waits for the run.
FAILURES := --maxfail=40

# Python 3.11 or newer: the machine's python3, or the newest one with a number in its name.
PYTHON ?= $(firstword $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p"; done))

# Vite 7 needs Node 20.19, 22.12 or newer: the version is asked, not the presence. Else Node comes as a wheel.
NODE_FITS := const [a, b] = process.versions.node.split('.').map(Number); \
  process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)
HOST_NODE := $(shell command -v npm >/dev/null && node -e "$(NODE_FITS)" 2>/dev/null && echo yes)
ifeq ($(HOST_NODE),yes)
  NODE_READY :=
else
  NODE_READY := .venv-node/installed.stamp
  NODE_PATH := $(CURDIR)/.venv-node/bin:
endif

# The front end; nothing to build while its folder is not there.
ifneq ($(wildcard $(SCREENS)/package.json),)
  SCREENS_SOURCES := $(shell find $(SCREENS) -name node_modules -prune -o -type f -print)
  SCREENS_BUILT := $(STATIC)/built.stamp
  SCREENS_INSTALLED := $(SCREENS)/node_modules/installed.stamp
endif

FLOCK := $(shell command -v flock)

.PHONY: help run test check fix bench faults night sabotage test-plain setup ready services screens-test

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## set everything up and run gateway, broker, database and three simulated homes
	@exec .venv/bin/vaka

test: setup services screens-test ## set everything up and run the tests (all but the long campaigns)
	@$(PY) -m pytest -q -m "not long" -n $(WORKERS) --dist worksteal $(FAILURES)

test-plain: setup services ## the same on PostgreSQL without TimescaleDB
	@VAKA_TEST_PLAIN_POSTGRES=1 $(PY) -m pytest -q -m "not long" -n $(WORKERS) --dist worksteal $(FAILURES)

check: setup .venv-esphome/installed.stamp ## style, types, import rules, the house's own rules, device configurations, front end
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/test_tidy.py
	@$(PY) -m firmware_configs.check
ifdef SCREENS_BUILT
	@cd $(SCREENS) && PATH="$(NODE_PATH)$$PATH" npm run --silent check
endif

fix: setup ## put right what can be put right by machine
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup services ## measure speed, each figure beside what it is compared with
	@$(PY) -m tests.benchmarks

faults: setup services ## kill everything at random under load and count what was lost (FACTS= KILLS= SEED=)
	@$(PY) -m tests.faults --facts $(FACTS) --kills $(KILLS) $(if $(SEED),--seed $(SEED))

night: setup services ## play one night with three people in real browser windows (NIGHTS= SEED= HARM=all)
	@$(PY) -m tests.night $(if $(NIGHTS),--nights $(NIGHTS)) $(if $(SEED),--seed $(SEED)) $(if $(HARM),--harm $(HARM))

sabotage: setup services ## break Vaka on purpose, patch by patch, and see that a test turns red
	@$(PY) -m tests.faults.sabotage

# --- what the targets above stand on ---------------------------------------------------------------------------------

# One at a time in this folder: two that install into one place leave neither whole. The second one waits.
setup:
ifdef FLOCK
	@flock -n .setup.lock true || echo "another make is setting this folder up: waiting for it"
	@flock -o .setup.lock $(MAKE) -s ready
else
	@$(MAKE) -s ready
endif

ready: .venv/project.stamp $(SCREENS_BUILT)

services: setup
	@$(PY) -m gateway.embedded $(DATA)/services

# Packages first, by hash; then the project itself without the network. A Debian without python3-venv has no pip for
# the new environment, so the machine's pip is pointed at it.
PYTHON_FOUND = [ -n "$(PYTHON)" ] || { echo "Vaka needs Python 3.11 or newer; install it, or make PYTHON=..."; exit 1; }
define PIP
if [ -x $(1)/bin/pip ]; then pip=($(1)/bin/pip); else pip=($(PYTHON) -m pip --python $(1)/bin/python); fi; \
"$${pip[@]}" --quiet --disable-pip-version-check install $(2)
endef
define VENV
if [ ! -x $(1)/bin/python ]; then \
  if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(1); \
  else $(PYTHON) -m venv --without-pip $(1); fi; fi
endef

screens-test: setup
ifneq ($(wildcard $(SCREENS)/tests/*.test.ts),)
	@cd $(SCREENS) && PATH="$(NODE_PATH)$$PATH" npm run --silent test
endif

.venv/packages.stamp: requirements/dev.txt
	@$(PYTHON_FOUND)
	@echo "installing the Python packages into .venv (about a minute, once)"
	@$(call VENV,.venv)
	@$(call PIP,.venv,--require-hashes -r requirements/dev.txt)
	@touch $@

.venv/project.stamp: .venv/packages.stamp pyproject.toml
	@$(call PIP,.venv,--no-build-isolation --no-deps -e .)
	@touch $@

# Tools that must not share the product's packages: Node as a wheel, ESPHome.
.venv-%/installed.stamp: requirements/%.txt
	@$(PYTHON_FOUND)
	@echo "installing $* into .venv-$* (once)"
	@$(call VENV,.venv-$*)
	@$(call PIP,.venv-$*,--require-hashes -r $<)
	@touch $@

ifdef SCREENS_BUILT
$(SCREENS_INSTALLED): $(SCREENS)/package-lock.json $(NODE_READY)
	@echo "installing the front end's packages"
	@cd $(SCREENS) && PATH="$(NODE_PATH)$$PATH" npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(SCREENS_BUILT): $(SCREENS_SOURCES) $(SCREENS_INSTALLED)
	@echo "building the screens"
	@cd $(SCREENS) && PATH="$(NODE_PATH)$$PATH" npm run --silent build
	@mkdir -p $(STATIC) && touch $@
endif
