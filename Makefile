# `make demo` and `make test` are all the set-up there is: Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/installed
# Three processes for two cores, for tests wait for Spark to start; each with the tests of whole files, so that what a file sets up is set up once.
PYTEST := $(BIN)/python -m pytest -rs --numprocesses 3 --dist loadfile --cov --cov-report=term
DS := 2026-11-22

# What AWS Glue has: its own modules, and ours by requirements.glue.lock.
GLUE_BIN := .venv-glue/bin
GLUE_INSTALLED := .venv-glue/installed
# What uses a library that has another version there: botocore, DuckDB, orjson, pydantic, and what Great Expectations
# needs. Detectors use RE2 and phonenumbers, readers and languages pyarrow and eldc: the same in both locks.
GLUE_TESTS := tests/infra/glue tests/expectations/test_gate.py tests/expectations/test_profile.py tests/transforms/*.py \
	tests/sql tests/transforms/pii/test_policy_file.py tests/transforms/pii/test_columns.py \
	tests/transforms/sentiment/test_scoring.py tests/jobs/test_settings.py tests/jobs/lake/test_sql.py \
	tests/jobs/readers/test_jsonl.py tests/jobs/report/test_page.py

STACK_INSTALLED := .venv-stack/installed
CHECKOV := .venv-checkov/bin/checkov

.PHONY: demo test test-glue test-all aws-test stack-test checkov secrets deploy destroy glue chaos notebooks rendered lint lock clean
.DELETE_ON_ERROR:

demo: $(INSTALLED)
	$(BIN)/aurastream sample --out demo/drops --documents 2000 --ds $(DS)
	$(BIN)/aurastream nightly --drops demo/drops --lake demo/lake
	$(BIN)/aurastream runs --lake demo/lake
	$(BIN)/aurastream sql --lake demo/lake "select sentiment, count(*) as documents from scores group by 1 order by 2 desc"

test: $(INSTALLED) lint
	$(BIN)/coverage erase
	$(PYTEST) -m "not slow and not aws"
	$(MAKE) test-glue

test-glue: $(GLUE_INSTALLED)
	$(GLUE_BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow and not aws" $(GLUE_TESTS)

test-all: $(INSTALLED) lint
	$(BIN)/coverage erase
	$(PYTEST)
	$(MAKE) test-glue

# On the whole local AWS, which each of three processes starts for itself; every harm at every milestone is part of test-all.
aws-test: $(INSTALLED)
	$(BIN)/python -m pytest -p tests.dealing --numprocesses 3 --no-loadscope-reorder -m "aws and not slow"

# The templates, deployed on a control plane of this machine, the night's state machine walked there, and the runbook done:
# 100 s of CPU, Spark and the control plane among it; waits end by the tests' own time limits alone, so that a busy machine only takes longer.
stack-test: $(INSTALLED) $(STACK_INSTALLED)
	$(BIN)/python -m pytest tests/stack tests/infra/test_template.py tests/infra/test_machines.py tests/infra/test_environment.py

# What checkov has to say of the templates, in 5 s of CPU; each exception stands beside what it is of.
checkov:
	test -x $(CHECKOV) || ($(PYTHON) -m venv .venv-checkov && .venv-checkov/bin/pip install --quiet checkov==3.3.30)
	$(CHECKOV) --quiet --compact --framework cloudformation --skip-download -f infra/template.yaml -f infra/data.yaml -f infra/github.yaml

# Keys and tokens by their form, in 14 s of CPU. Not by entropy, nor by words such as `secret` before them: what that finds here are digests,
# policies and names. Cases of the detectors are credentials that are made up.
secrets: $(INSTALLED)
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --no-verify --exclude-files '\.(lock|npz)$$|^tests/transforms/pii/cases/' \
		--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString --disable-plugin KeywordDetector

# Into the account that the AWS SDK's usual settings name: docs/operations.md.
deploy: $(INSTALLED)
	$(BIN)/python -m infra.deploy up $(ENV)

destroy: $(INSTALLED)
	$(BIN)/python -m infra.deploy destroy $(ENV)

# An hour: 200 kills at seeded moments while readers ask, 500 sequences of nights, every harm at every milestone.
chaos: $(INSTALLED)
	$(BIN)/python -m tests.chaos --kills 200
	AURASTREAM_EXAMPLES=500 $(BIN)/python -m pytest tests/integration/test_stateful.py
	$(BIN)/python -m pytest --numprocesses 2 tests/integration/test_milestones.py tests/integration/test_races.py

# What AWS Glue is given: a zip of wheels, and the script.
glue: $(INSTALLED)
	$(BIN)/python -m infra.glue.build

# docs/notebooks anew, of the sample's month.
NOTEBOOKS := dist/notebooks
notebooks: $(INSTALLED)
	rm -rf $(NOTEBOOKS) docs/notebooks/*_files
	$(BIN)/aurastream sample --out $(NOTEBOOKS)/drops --documents 500 --days 30 --ds $(DS) > /dev/null
	$(BIN)/aurastream nightly --drops $(NOTEBOOKS)/drops --lake $(NOTEBOOKS)/lake
	$(MAKE) rendered LAKE=$(CURDIR)/$(NOTEBOOKS)/lake

rendered: $(INSTALLED)
	mkdir -p $(NOTEBOOKS)
	for script in notebooks/[0-9]*.py; do \
		$(BIN)/jupytext --quiet --to ipynb --output $(NOTEBOOKS)/$$(basename $$script .py).ipynb $$script || exit 1; done
	AURASTREAM_LAKE=$(LAKE) AURASTREAM_LABELLED=$(CURDIR)/docs/notebooks/labelled.csv $(BIN)/jupyter nbconvert \
		--log-level WARN --to markdown --template-file $(CURDIR)/docs/notebooks/page.md.j2 \
		--execute --no-input --output-dir docs/notebooks \
		--NbConvertBase.display_data_priority image/png --NbConvertBase.display_data_priority text/plain \
		--NbConvertBase.display_data_priority text/markdown $(NOTEBOOKS)/*.ipynb

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Installs exactly what the locks say. uv, itself from a lock, does it in a third of pip's time.
$(INSTALLED): requirements.lock requirements.installer.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.installer.lock
	$(BIN)/uv pip sync --quiet --system-certs --python $(BIN)/python --require-hashes --compile-bytecode \
		--build-constraints requirements.installer.lock requirements.lock requirements.installer.lock
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $(INSTALLED)

# Our packages are those of this folder, which pytest is started in.
$(GLUE_INSTALLED): requirements.glue-test.lock $(INSTALLED)
	$(BIN)/uv venv --quiet --system-certs --clear --python $(BIN)/python .venv-glue
	$(BIN)/uv pip sync --quiet --system-certs --python $(GLUE_BIN)/python --require-hashes --compile-bytecode requirements.glue-test.lock
	touch $(GLUE_INSTALLED)

# The control plane pins another botocore, so it has an environment of its own.
$(STACK_INSTALLED): requirements.stack.lock $(INSTALLED)
	$(BIN)/uv venv --quiet --system-certs --clear --python $(BIN)/python .venv-stack
	$(BIN)/uv pip sync --quiet --system-certs --python .venv-stack/bin/python --require-hashes requirements.stack.lock
	touch $(STACK_INSTALLED)

LOCK := $(BIN)/uv pip compile --quiet --system-certs --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" --output-file

lock: $(INSTALLED)
	$(LOCK) requirements.lock --extra spark --extra documents --extra athena --extra analysts --extra notebooks --extra servers --extra dev pyproject.toml
	$(LOCK) requirements.installer.lock requirements.installer.in
	$(LOCK) requirements.stack.lock requirements.stack.in
	$(LOCK) requirements.glue.lock --python-platform x86_64-manylinux_2_28 --constraint infra/glue/base-requirements.txt \
		--extra documents pyproject.toml
	$(LOCK) requirements.glue-test.lock --python-platform x86_64-manylinux_2_28 --constraint requirements.glue.lock \
		--extra documents --extra spark --extra dev pyproject.toml infra/glue/base-requirements.txt

clean:
	rm -rf .venv .venv-glue .venv-stack .venv-checkov demo dist
