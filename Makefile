# make compare   measure what mixing does, on real pictures
# make learn     the course, in JupyterLab
# make test      everything that is checked
# make quick     what needs no browser, chapter, server, compiler or comparison, and what takes less than half a second: for
#                the inner loop
# make bench     time mixing beside other libraries
# make site      the pages, into _docs
# make slides    the chapters as slides, into _slides
# They set up .venv on their first run and are quick afterwards.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
SETUP := settings.ini setup.py pyproject.toml
FIRST := $(firstword $(sort $(wildcard nbs/chapters/*.ipynb)))

compare: .venv/mixcourse.stamp
	$(BIN)/mixcourse compare $(ARGS)

learn: .venv/learn.stamp
	$(BIN)/jupyter lab --ServerApp.root_dir=nbs --LabApp.default_url=/lab/tree/$(FIRST:nbs/%=%) $(ARGS)

bench: .venv/bench.stamp
	$(BIN)/python -m mixcourse.bench $(ARGS)

site: .venv/dev.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -W ignore nbs/site.py

slides: .venv/learn.stamp
	$(BIN)/jupyter nbconvert --to mixcourse.teach.deck.Deck --output-dir _slides nbs/chapters/*.ipynb

# One thread a process: small tensors gain nothing from more. Two processes keep two cores busy; a third one helps where
# tests wait for browsers and servers.
test quick: export OMP_NUM_THREADS = 1
PYTEST := $(BIN)/pytest --dist loadgroup
test: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/pytest -q tests/test_sync.py
	$(BIN)/nbdev-test --n-workers 2 --skip-folder-re '^[_.]|^chapters'  # pytest runs those as a user would
	$(PYTEST) -n 3 --ignore tests/test_sync.py

quick: .venv/dev.stamp
	$(BIN)/ruff check
	$(PYTEST) -n 2 -q -x -m 'not slow'

.venv/mixcourse.stamp: $(SETUP) | .venv/bin/pip
	@echo 'Installing into .venv: some minutes, once'
	$(BIN)/python -m pip install -q -e .
	@touch $@

.venv/learn.stamp: $(SETUP) | .venv/bin/pip
	@echo 'Installing into .venv: some minutes, once'
	$(BIN)/python -m pip install -q -e '.[learn]'
	@touch $@ .venv/mixcourse.stamp

.venv/bench.stamp: $(SETUP) | .venv/bin/pip
	@echo 'Installing into .venv: some minutes, once'
	$(BIN)/python -m pip install -q -e '.[bench]'
	@touch $@ .venv/mixcourse.stamp

.venv/dev.stamp: $(SETUP) | .venv/bin/pip
	@echo 'Installing into .venv: some minutes, once'
	$(BIN)/python -m pip install -q -e '.[dev]'
	$(BIN)/python tests/browser/chromium.py
	@touch $@ .venv/mixcourse.stamp .venv/learn.stamp

.venv/bin/pip:
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "mixcourse needs Python 3.10 or newer with venv (Debian: apt install python3-venv); name another: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.PHONY: compare learn bench site slides test quick
