# One command each: `make report` makes the sample report, `make test` runs the tests.
# Both make their own environment first; nothing needs to be installed by hand but Python 3.11+ and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: report test test-slow bench lint docs clean

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(STAMP)

report: $(STAMP)
	$(BIN)/outage-analyzer simulate --seed 1 -o reports/sample
	$(BIN)/outage-analyzer run reports/sample/study.toml reports/sample/posts.jsonl \
	    --updates reports/sample/updates.jsonl --corpus reports/sample/corpus \
	    -o reports/sample.html -o reports/sample.json
	@echo "Open reports/sample.html in a browser."

test: $(STAMP) lint docs
	$(BIN)/python -m pytest -n 2

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m "slow or not slow"

bench: $(STAMP)
	$(BIN)/python -m benchmarks

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
