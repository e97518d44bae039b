# Every target sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
FULL   := .venv-torchtext
# Notebooks run two at a time, each on one thread: torch's own threads win less than that on a machine with two cores.
NBVAL  := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=600 \
	-n 2 --dist loadfile solutions
TWINS  := notebooks
ASSETS := reviews newsgroups glove
MODELS := minilm smollm2 trec
# nbgrader calls a bare `alembic`, so the environment's programs must be on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup assets lab release demo book test browser postgresql colab bench gpu nbval torchtext build lint constraints clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/ready ## create .venv with the pinned versions

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

assets: setup ## fetch the corpora and word vectors, once
	lora-utils assets fetch $(ASSETS)

lab: assets ## open JupyterLab on the student notebooks
	cd notebooks && jupyter lab

release: setup ## write what students get into build/kit
	rm -rf build/kit
	grader release --out build/kit

demo: assets ## build the twins, and go through a term with a sample class
	grader build
	grader demo --out build/demo

book: $(VENV)/book ## the course as a static site in build/book; TWINS=solutions shows the executed solutions
	python -m book --twins $(TWINS)

$(VENV)/book: $(VENV)/ready
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,book]'
	@touch $@

test: assets ## every test
	lora-utils assets fetch $(MODELS)
	ruff check .
	ruff format --check .
	python -m pytest -n auto

browser: assets $(VENV)/browser ## labs and hostile submissions, in the Chromium or Chrome on PATH
	python -m pytest -m browser tests/browser

$(VENV)/browser: $(VENV)/ready
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,book,browser]'
	@touch $@

postgresql: setup ## the gradebook on a PostgreSQL server that the tests start, from Debian's package postgresql
	python -m pytest -m postgresql tests/grader/records/test_postgresql.py

colab: setup ## three untouched labs where torch is installed and the course is not, as on Colab and Kaggle
	python -m pytest -m platform tests/grader/release/test_other_platforms.py

bench: setup ## our time over that of peft, bitsandbytes and nbgrader, in one table; ten minutes, most of them grading
	lora-utils assets fetch minilm
	OMP_NUM_THREADS=1 python -m benchmarks.ratios

gpu: setup ## on a machine with an NVIDIA GPU: its tests, steps of SmolLM2, lab 08, and a table of all, in ten minutes
	lora-utils assets fetch $(ASSETS) smollm2
	python benchmarks/gpu.py

nbval: assets ## run every solution notebook and compare the marked outputs
	$(NBVAL)

# The full card: exactly the packages of environment.yml, in a venv of its own.
torchtext: $(FULL)/ready ## the environment with torchtext, its tests, and its labs executed there
	$(FULL)/bin/lora-utils assets fetch $(ASSETS) $(MODELS)
	export PATH=$(CURDIR)/$(FULL)/bin:$$PATH; python -m pytest -n auto tests/lora_utils
	export PATH=$(CURDIR)/$(FULL)/bin:$$PATH; $(NBVAL)

$(FULL)/ready: environment.yml pyproject.toml
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/python -m pip install --quiet --upgrade pip
	sed -n 's/^      - \([^#]*[^# ]\) *\(#.*\)\{0,1\}$$/\1/p' environment.yml > $(FULL)/requirements.txt
	$(FULL)/bin/python -m pip install --quiet --requirement $(FULL)/requirements.txt
	@touch $@

build: assets ## build both twins of every lab, executing those whose code changed, and the picture in the README
	grader build
	lora-utils schematic insertion_points --out figures/insertion_points.svg

lint: setup ## format and lint
	ruff format .
	ruff check --fix .

constraints: $(VENV)/browser ## write down the versions that are installed now
	(head -1 constraints.txt; pip freeze --all --exclude-editable | grep -v '^pip==' | sed 's/+cpu//') > constraints.new
	mv constraints.new constraints.txt

clean: ## remove environments and everything built, but not the notebooks
	rm -rf $(VENV) $(FULL) build .nbgrader *.egg-info .pytest_cache .ruff_cache
