PYTHON  ?= python3
WORKERS ?= 2
PEERS   ?= jax tinygrad torch autograd mygrad micrograd
# Two compile every program that they meet: a sample of the properties has to do, which takes some
# minutes of the processor, or one (SAMPLE=brief). Of a chain of ops tinygrad makes one kernel.
SAMPLE  ?= large
EVERY   := 'gradcheck::*'
large_jax      := $(EVERY) --gradcheck-property '!second_derivative[*]' \
	--gradcheck-property '!forward_mode[*]'
large_tinygrad := $(EVERY) --gradcheck-property '!stacked_doublings'
brief_jax      := 'gradcheck::plain numbers' gradcheck::kinks 'gradcheck::numerical stability' \
	'gradcheck::whole expressions' 'gradcheck::detach, no_grad' gradcheck::errors \
	'gradcheck::gradient[c*]' 'gradcheck::second_derivative[hypot]'
brief_tinygrad := 'gradcheck::value of each op' gradcheck::kinks 'gradcheck::numerical stability' \
	gradcheck::edges 'gradcheck::whole expressions' 'gradcheck::sharing and accumulation' \
	'gradcheck::graph lifetime' 'gradcheck::leaves and flags' 'gradcheck::detach, no_grad' \
	gradcheck::errors gradcheck::gradients_apart gradcheck::precision \
	--gradcheck-property '!A7'
# By design a tensor of mygrad drops its gradient when it enters a new graph.
DIALECT_mygrad := --gradcheck-dialect accumulation=overwrites

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Both set-ups share one .venv: two installations at a time would break it.
.NOTPARALLEL:
.PHONY: help demo test lint peers bench soak mutants diagnosis verdicts expectations
.DEFAULT_GOAL := help

help:  ## what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runs  ## grade the sample class and say where the report is
	$(BIN)/gradcheck-suite grade submissions/ --assignment submissions/assignment.toml --out reports/demo

test: $(VENV)/.tests  ## run every test (WORKERS=2 processes)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

lint: $(VENV)/.tests  ## ruff with every rule, its formatter, mypy --strict
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict gradcheck_suite reference

# Without a compiler tinygrad has its own interpreter. What XLA compiles here runs once or twice.
peers: CASES ?= 1
peers: export DEV ?= PYTHON
peers: export JAX_PLATFORMS ?= cpu
peers: export XLA_FLAGS ?= --xla_backend_optimization_level=0
peers: $(VENV)/.peers  ## check other people's libraries against their lists of known faults (CASES=1, SAMPLE=large)
	printf '%s\n' $(foreach library,$(PEERS),"$(strip $(library) $(or $($(SAMPLE)_$(library)),$(EVERY)) $(DIALECT_$(library)))") | \
		xargs -P $(WORKERS) -L 1 \
		$(BIN)/python -m pytest -q -rfEx --no-header --gradcheck-cases $(CASES) \
		--gradcheck-expected reports/peers/expected.toml --gradcheck-engine
	$(BIN)/python -m pytest -q tests/peers

bench: $(VENV)/.tests  ## measure the numbers to hold, in some minutes (CASES=4 for each property)
	$(BIN)/python tests/bench/bench.py

soak: $(VENV)/.tests  ## draw until something is outside (CASES=200000, SEED= the clock's)
	$(BIN)/python tests/bench/soak.py

mutants: $(VENV)/.tests  ## put every bug of the catalogue to the exam; the matrix goes to reports/
	$(BIN)/gradcheck-suite mutants --html reports/mutants.html

diagnosis: $(VENV)/.tests  ## measure counterexamples, places and likely mistakes on the bug catalogue (EVERY=1)
	$(BIN)/python tests/bench/diagnosis.py

verdicts: $(VENV)/.tests  ## print property by engine: known ones, and a graded class (GRADED=reports/sample)
	$(BIN)/python tests/bench/verdicts.py

expectations: $(VENV)/.tests  ## count again what the sample class passes, after a change of the catalogue
	$(BIN)/python tests/grading/expectations.py

# pip is the last thing that venv installs: a broken attempt is made again.
$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

# Stamps: touched only when the installation went through, void when what it reads has changed.
$(VENV)/.runs: $(BIN)/pip $(INPUTS)
	@echo "installing gradcheck-suite into $(VENV): about a minute, once"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.tests: $(BIN)/pip $(INPUTS)
	@echo "installing gradcheck-suite with torch and the tools into $(VENV): some minutes, once"
	@$(PIP) --editable '.[torch,dev]'
	@touch $(VENV)/.runs $@

$(VENV)/.peers: $(VENV)/.tests
	@echo "installing the libraries that are known by name into $(VENV): a minute, once"
	@$(PIP) --editable '.[torch,dev,peers]'
	@touch $@
