# Isletscope. Needs Python 3.11 or later, git and make; everything else is set up in .venv.
#   make demo     the main job on a digital reference patient
#   make test     the tests
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help install demo test lint style types contracts parts format bench accept accept-full accept-exams lock licences docs clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: ## set up .venv with the locked parts; gives .venv/bin/isletscope
	@sh scripts/install.sh

demo: install ## make a digital reference patient, read it, write the report into demo/
	$(BIN)/isletscope demo

test: install ## run the tests on all cores (ARGS="tests/model -k ..." narrows)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: style types contracts parts ## style, types, room contracts, licences, lock

style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy
	$(BIN)/mypy scripts

contracts: install
	$(BIN)/lint-imports

parts: install
	$(BIN)/python scripts/licences.py --check
	$(BIN)/python scripts/lock.py --check

format: install ## bring the source into house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## speed beside the straight way with SciPy, SimpleITK and pydicom
	$(BIN)/python -m benchmarks

accept: install ## the accuracy figures, small reference patients (results kept in .accept)
	$(BIN)/python -m scripts.accept --size small

accept-full: install ## the accuracy figures at full size; writes docs/accuracy.md; may be stopped and resumed
	$(BIN)/python -m scripts.accept --size full --document docs/accuracy.md

accept-exams: install ## the figures of every scenario with several exams, small; writes docs/accuracy-exams.md
	$(BIN)/python -m scripts.accept --size small --only exams --every-scenario --document docs/accuracy-exams.md

lock: install ## renew requirements.lock from pyproject.toml
	$(BIN)/python scripts/lock.py

licences: install ## renew THIRD_PARTY.md
	$(BIN)/python scripts/licences.py

docs: install ## renew docs/commands.md from the help texts and docs/clinical-basis.md from the rules
	$(BIN)/python scripts/commands.py
	$(BIN)/python scripts/clinical_basis.py

clean: ## remove the environment, caches, demo and kept results
	rm -rf .venv .accept .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis demo build dist
