# One target for each habit; CI uses the same ones. `make clean` removes VENV.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ACLIMDB ?= $(or $(IMDBSENT_ACLIMDB),../shared/data/aclImdb_v1.tar.gz)
WORD_INDEX ?= ../shared/data/imdb_word_index.json
LIGHT := $(VENV)-light
# Processes that run tests; neighbors stay together, because they share what is slow to make, until one process has
# nothing left to do. The slow files come first (tests/conftest.py).
JOBS ?= 2
PYTEST := -m pytest --numprocesses $(JOBS) --dist worksteal
# Python compiles what it imports: to compile all of TensorFlow takes longer than to import it.
INSTALL := -m pip install --quiet --no-compile
# So that it keeps what it compiled, whatever the caller has set: TensorFlow's import takes twice as long without.
export PYTHONDONTWRITEBYTECODE :=
STARTED := $(shell date +%s)
# The last line of a command: its time, and the size of the environments.
summary = @echo "make $@: $$(($$(date +%s) - $(STARTED))) s;" $$(du -sm $(VENV) $(LIGHT) 2>/dev/null | sed 's|\(.*\)\t\(.*\)|\2: \1 MB|')

.PHONY: check single setup setup-test setup-light lint types test slow all light teacher fresh lowest newest lowest-all newest-all audit reproducible sdist fuzz faults load cluster hostile bench docs site clean

test: setup-test ## the tests that take no more than a second or so, with TensorFlow
	$(BIN)/python $(PYTEST) -m "not slow and not real" --complete
	$(summary)

# `make TESTS=slow check` where `make test` has passed.
TESTS ?= all
check: single $(TESTS) ## everything that gates a change
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target light teacher # one installs while the other runs
	$(summary)

setup-test: $(BIN)/.test

$(BIN)/.test: pyproject.toml
	@echo "Installing TensorFlow and what the tests need in $(VENV): a minute or two."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) --editable ".[test]"
	@touch $@

setup: $(BIN)/.dev

$(BIN)/.dev: $(BIN)/.test
	@echo "Installing every extra, and what the checks need."
	$(BIN)/python $(INSTALL) --editable ".[dev]"
	@touch $@

single: setup # each uses one processor
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target lint types setup-light

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

slow: setup ## the other tests, which take longer or need an extra
	$(BIN)/python $(PYTEST) -m "slow or real" --complete

# What imports a library that may be lacking (tests/test_project.py), and the commands.
LIGHT_TESTS := tests/cli tests/cluster tests/dataset tests/reading tests/writing tests/test_processes.py tests/test_project.py tests/test_errors.py
light: setup-light ## commands and imports where TensorFlow and the extras are not installed
	$(LIGHT)/bin/python $(PYTEST) -m "not slow and not real" $(LIGHT_TESTS)

all: setup ## the tests of `test` and of `slow`, whose files are then collected, and whose libraries imported, once
	$(BIN)/python $(PYTEST) --complete
	$(summary)

# In a process of its own: PyTorch and the other libraries of `dev` in one process can end in a segmentation fault.
teacher: setup ## every stage of the flagship's recipe, taught by a tiny transformer
	$(BIN)/python $(INSTALL) "torch>=2.4,<2.14" "transformers>=4.48" "safetensors>=0.4"
	IMDBSENT_TEACHER_TESTS=1 $(BIN)/python -m pytest tests/training/distill/test_smoke.py tests/training/distill/test_teacher.py tests/training/test_backends.py -k "not tensorflow" --complete

setup-light: $(LIGHT)/bin/.installed

$(LIGHT)/bin/.installed: pyproject.toml requirements/answer.txt
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python $(INSTALL) -r requirements/answer.txt pytest pytest-socket pytest-xdist hypothesis
	$(LIGHT)/bin/python $(INSTALL) --no-deps --editable .
	@touch $@

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
	for target in bundle inputs records tokenizer; do $(BIN)/python -m tests.fuzz.run $$target --seconds $(SECONDS) || exit 1; done

faults: setup ## kills at 200 random points, full disks, broken networks; or make faults KILLS=20
	$(BIN)/python -m benchmarks.faults --kills $(or $(KILLS),200)

load: setup ## an hour of a million records through one command; or make load MINUTES=1
	$(BIN)/python -m benchmarks.load --minutes $(or $(MINUTES),60)

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

site: setup-test ## docs/ as a site in site/; a link that leads nowhere is an error
	$(BIN)/python $(INSTALL) --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) $(LIGHT)
