# Digit Lab's commands. Each target is the plain commands that a machine without make can type as well.

VENV := .venv
BIN := $(VENV)/bin
# npm's own scripts call `node` by name; the one in .venv comes first.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# As pip does, npm trusts the certificates of the system: schools and companies have their own.
export NODE_USE_SYSTEM_CA := 1

# The locks hold hashes, so pip checks every file; wheels only, so nothing runs while it is installed.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --requirement
LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"
RUN := $(VENV)/.installed-run
ALL := $(VENV)/.installed-all
NODE_MODULES := node_modules/.package-lock.json
PAGE := static/dist/manifest.json
PAGE_SOURCES := $(shell find static -type f -not -path 'static/dist/*' 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help build run test train bench soak fuzz lint format messages lock audit licences clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "make %-9s %s\n", $$1, $$2 }'

build: $(PAGE) ## set up as `run` does and see that the server can start; after this it writes nothing beside its sources
	@$(BIN)/python -c 'import server; server.create_app()'

run: $(PAGE) ## set up what is missing, then serve http://127.0.0.1:8000 (PORT= and HOST= change it)
	@exec $(BIN)/python -m server

test: $(ALL) $(PAGE) ## set up what is missing, the browser too, then run every test
	$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile

train: $(ALL) ## train the networks and export them to static/models (ARGS="--epochs 3")
	$(BIN)/python -m train $(ARGS)

bench: $(ALL) $(PAGE) ## measure the page and the server against their peers, on Linux (ARGS="server-start --quick")
	$(BIN)/python -m tests.browser
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(ALL) $(PAGE) ## load the server with honest and hostile clients, write docs/soak.json (ARGS="--minutes 5")
	$(BIN)/python -m tests.soak $(ARGS)

fuzz: $(ALL) $(PAGE) ## damaged files against the server for ten minutes (ARGS="--seconds 3600 --seed 7")
	$(BIN)/python -m tests.fuzz $(ARGS)

lint: $(ALL) $(NODE_MODULES) ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/npm run --silent lint

format: $(ALL) ## put the Python sources in form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(ALL) ## bring new texts of the code and the templates into the Russian catalog
	$(BIN)/pybabel --quiet extract --mapping-file=server/babel.cfg --keywords=_l --add-location=file --no-wrap \
		--sort-by-file --output-file=server/translations/messages.pot server templates
	$(BIN)/pybabel update --input-file=server/translations/messages.pot --output-dir=server/translations \
		--no-fuzzy-matching --no-wrap --ignore-obsolete --omit-header

lock: $(ALL) ## pin what pyproject.toml asks for (ARGS=--upgrade: the newest of everything)
	$(LOCK) --group test $(ARGS) --output-file requirements.txt
	$(LOCK) --group run --constraint requirements.txt --output-file requirements-run.txt

audit: $(ALL) $(NODE_MODULES) ## ask PyPI and npm for known vulnerabilities of what is pinned (needs the network)
	$(BIN)/python -m tests.supply.audit

licences: $(ALL) ## write docs/licences.md from what is pinned
	$(BIN)/python -m tests.supply.licences

clean: ## remove what was installed and built
	rm -rf $(VENV) node_modules static/dist .bench server/translations/*/LC_MESSAGES/*.mo

# TensorFlow knows no Python 3.13 yet: training and testing ask for an older one, which is looked for first. Running does not.
$(VENV)/pyvenv.cfg:
	@for above in 13 14; do for python in $(or $(PYTHON),python3 python3.12 python3.11 python3.13 python); do \
		$$python -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $$above))" 2>/dev/null \
			&& { echo "$$python -m venv $(VENV)"; $$python -m venv $(VENV); exit; }; \
	done; done; echo "Digit Lab needs Python 3.11 to 3.13. Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1

$(RUN): requirements-run.txt | $(VENV)/pyvenv.cfg
	$(INSTALL) requirements-run.txt
	@touch $@

$(ALL): requirements.txt | $(RUN)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || { echo "To train and to test," \
		"TensorFlow needs Python 3.11 or 3.12. Give: make clean, and this again with PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(INSTALL) requirements.txt
	@touch $@

$(NODE_MODULES): package.json package-lock.json | $(RUN)
	$(BIN)/npm ci
	@touch $@

$(PAGE): $(PAGE_SOURCES) $(NODE_MODULES)
	$(BIN)/node static/build.mjs
	@touch $@
