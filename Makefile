# One target for each habit; CI uses the same ones. `make clean` removes VENV.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ACLIMDB ?= $(or $(IMDBSENT_ACLIMDB),../shared/data/aclImdb_v1.tar.gz)
WORD_INDEX ?= ../shared/data/imdb_word_index.json
LIGHT := $(VENV)-light
# Processes that run tests; the tests of a file stay together, because they share what is slow to make, and the slow
# files come first (tests/conftest.py).
JOBS ?= 2
PYTEST := -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: check setup setup-light lint types test light teacher fresh lowest newest lowest-all newest-all audit reproducible sdist fuzz cluster hostile bench docs clean

check: lint types test light teacher ## everything that gates a change

setup: $(BIN)/.installed

$(BIN)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

test: setup
	$(BIN)/python $(PYTEST)

light: setup-light ## everything but training, where TensorFlow is not installed; `test` has been through the real archive
	$(LIGHT)/bin/python $(PYTEST) -m "not real"

# Its test takes a minute, what it installs half a gigabyte; so it is no part of `setup`.
teacher: setup ## every stage of the flagship's recipe, taught by a tiny transformer
	$(BIN)/python -m pip install --quiet "torch>=2.4,<2.14" "transformers>=4.48" "safetensors>=0.4"
	$(BIN)/python -m pytest tests/training/distill/test_smoke.py tests/training/distill/test_teacher.py

setup-light: $(LIGHT)/bin/.installed

$(LIGHT)/bin/.installed: pyproject.toml requirements/answer.txt
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python -m pip install --quiet -r requirements/answer.txt
	$(LIGHT)/bin/python -m pip install --quiet pytest pytest-socket pytest-xdist hypothesis
	$(LIGHT)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

fresh: ## what a user does first, without a network after pip, and with a home that cannot be written
	PYTHON=$(PYTHON) bash tests/fresh.sh

lowest newest: ## the light tests with the oldest, or the newest, library of each range
	PYTHON=$(PYTHON) bash tests/supply/range.sh $@ light

lowest-all newest-all: ## all tests, with the libraries of training and of the extras as well
	PYTHON=$(PYTHON) bash tests/supply/range.sh $(@:-all=) all

audit: setup ## known vulnerabilities of what is installed
	$(BIN)/python -m pip install --quiet pip-audit
	bash tests/supply/audit.sh $(BIN)/python

reproducible: setup ## the wheel, built twice, is the same bytes
	$(BIN)/python -m pip install --quiet build
	PYTHON=$(abspath $(BIN)/python) bash tests/supply/reproducible.sh

sdist: setup ## the source distribution installs and tests itself
	$(BIN)/python -m pip install --quiet build
	PYTHON=$(abspath $(BIN)/python) bash tests/supply/sdist.sh

SECONDS ?= 1800
fuzz: setup ## each target for half an hour, or make fuzz SECONDS=60
	$(BIN)/python -m pip install --quiet atheris
	for target in bundle records tokenizer; do $(BIN)/python -m tests.fuzz.run $$target --seconds $(SECONDS) || exit 1; done

cluster: setup ## a cluster of three nodes on this machine, of which one is lost
	IMDBSENT_CLUSTER_TESTS=1 $(BIN)/python -m pytest tests/cluster

hostile: setup ## the table of bad inputs in docs/reliability.md
	$(BIN)/python -m benchmarks.hostile --large

bench: setup
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.throughput --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.bulk --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.bulk --data $(ACLIMDB) --memory
	$(BIN)/python -m benchmarks.scale --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.scale --data $(ACLIMDB) --lose
	$(BIN)/python -m benchmarks.accuracy --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.explain --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.verdicts --data $(ACLIMDB) --model classic
	$(BIN)/python -m benchmarks.verdicts --data $(ACLIMDB) --model flagship
	$(BIN)/python -m benchmarks.stats --data $(ACLIMDB)
	$(BIN)/python -m benchmarks.vocabulary --data $(ACLIMDB) --word-index $(WORD_INDEX)

docs: setup ## the pages and pictures that commands make; the real archive must be found
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/transcript.py
	$(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV) $(LIGHT)
