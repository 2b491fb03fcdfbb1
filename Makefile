# Two commands do everything, set-up included: `make serve` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: serve test check bench browser clean

serve: .venv/serving
	$(BIN)/iscore serve

test: .venv/developing browser check
	$(BIN)/python -m pytest

check: .venv/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/developing
	$(BIN)/python -m benchmarks

.venv/serving: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "iscore needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/developing: .venv/serving
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train,postgres,scale,dev]'
	touch $@

# The tests drive a real Chromium: the system's, else Debian's package, else Playwright's own build.
browser: .venv/developing
	@command -v chromium chromium-browser google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	|| $(BIN)/playwright install chromium

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
