# make sweep   set up, measure this machine, write a report        make test   the tests        make help   the rest
SHELL := bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := install --require-hashes --only-binary :all:
# Files of lab tests that run at a time: each has boards of its own, and mostly waits for them.
LABS ?= 4

PACKAGES := analysis board_tuning controller edgebench_runner fuzz locks model_zoo power_meter power_switch virtual_lab

.PHONY: help sweep test types lint unit fault e2e lab-test formats backends bench bench-fleet fuzz meter-libraries env dev-env lab lab-down test-arm clean

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

sweep: env ## measure the default profile on this machine; ends with the path of the report
	$(BIN)/ansible-playbook playbooks/full_sweep.yml $(ARGS)

test: lint unit fault e2e lab-test ## every check and test; what CI runs

types: dev-env
	$(BIN)/mypy $(PACKAGES:%=--package %)

lint: types ## formatting, style, types, Python 3.6 on the board, playbooks
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/vermin --quiet --target=3.6- --violations --no-tips edgebench_runner board_tuning roles/*/files/*.py
	$(BIN)/yamllint --strict .
	PATH=$(BIN):$$PATH $(BIN)/ansible-lint --offline -q

unit: dev-env ## fast tests of each part, and of the contracts between them
	$(BIN)/python -m pytest -n 2 -m "not e2e and not lab and not arm" tests/unit tests/contract tests/browser

fault: dev-env ## real kills, crashes and deadlines of real processes
	$(BIN)/python -m pytest -m "not arm" tests/fault

e2e: dev-env ## whole sweeps, interrupted and resumed
	$(BIN)/python -m pytest tests/e2e

lab-test: dev-env ## boards of the virtual lab that boot, reboot and fail (needs root)
	$(BIN)/python -m pytest -n $(LABS) --dist loadfile -m "not arm" tests/lab

test-arm: dev-env ## emulated arm64 boards: slow, for correctness
	$(BIN)/python -m pytest -m arm tests/lab

formats: env ## five models in every format, each converter in its own environment: not in CI, for its size
	$(BIN)/python -m model_zoo build --models digits_cnn mobilenet_v2 resnet18 shufflenet_v2_x0_5 keras_mnist_cnn --variants fp32 fp16 int8 uint8 --formats all

lab: env ## make the virtual lab and its inventory (needs root)
	$(BIN)/ansible-playbook playbooks/virtual_lab.yml $(ARGS)

lab-down: env ## remove the virtual lab
	$(BIN)/ansible-playbook playbooks/virtual_lab.yml -e state=absent

backends: dev-env ## the environment of every backend on this machine, and the tests over them: not in CI, for their size
	$(BIN)/ansible-playbook playbooks/provision.yml -e "$$($(BIN)/python tests/backends/environments.py)"
	$(BIN)/python -m pytest tests/backends

bench: dev-env ## ratios, measured side by side in one run
	missed=0; for bench in runner backends power analysis; do $(BIN)/python benchmarks/bench_$$bench.py || missed=1; done; exit $$missed

bench-fleet: dev-env ## sixteen boards against one (needs root)
	$(BIN)/python benchmarks/bench_fleet.py

fuzz: $(VENV)-fuzz/.made ## a million inputs, chosen by coverage, for the parsers of meter bytes
	$(VENV)-fuzz/bin/python -m fuzz.meters --guided $(ARGS)

meter-libraries: env ## what only a Joulescope, a Yokogawa or a USB bulk endpoint needs
	$(PIP) $(LOCKED) -r locks/meters.txt

env: $(VENV)/.controller ## the controller's environment, from the lock

dev-env: $(VENV)/.dev ## and what the tests need

$(VENV)/.controller: locks/controller.txt locks/controller-nodeps.txt pyproject.toml
	@echo "Making the controller's environment in $(VENV) (some minutes the first time)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(LOCKED) -r locks/controller.txt
	$(PIP) $(LOCKED) --no-deps -r locks/controller-nodeps.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.controller locks/dev.txt
	$(PIP) $(LOCKED) -r locks/dev.txt
	touch $@

$(VENV)-fuzz/.made: locks/fuzz.txt
	$(PYTHON) -m venv --clear $(VENV)-fuzz
	$(VENV)-fuzz/bin/python -m pip --disable-pip-version-check --quiet $(LOCKED) -r locks/fuzz.txt
	touch $@

clean: ## remove what can be made again, but no results
	rm -rf $(VENV) $(VENV)-fuzz .edgebench build dist *.egg-info
