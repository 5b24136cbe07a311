# One command each: `make demo` and `make test` install all they need.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: install demo test check clean
install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[embeddings,dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(VENV)/bin/midwatch demo

check: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: check
	$(VENV)/bin/pytest -m "not real and not bench" -n 2 --dist loadfile

clean:
	rm -rf $(VENV) var build *.egg-info
