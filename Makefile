# make train      train the default network, in an environment made on the first call
# make test       formatting, types and tests; under five minutes
# make check      make test, the compiled engine under the sanitizers, and slower tests: about ten minutes
# make check-all  make check, hundreds of diagnoses in PyTorch, Keras and scikit-learn, tenths of two benches: an hour more
# make docs       the API reference into build/api, the table of docs/gradients.md, docs/causes.md and docs/words.md
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test check check-all docs api page-lint page-types sanitized sanitized-tests clean

train: .venv/installed
	$(BIN)/whynet train

test: .venv/tested-with
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto -m "not slow" --pyargs tests whynet

check: test api .venv/with-torch sanitized page-lint page-types
	$(BIN)/python tests/reading_path.py
	$(BIN)/python -m pytest -q -n auto -m "slow and not matrix" tests

check-all: check .venv/with-guests
	$(BIN)/python -m pytest -q -m matrix tests
	$(BIN)/python -m benchmarks.inside --every 10 --effort 6 build/inside.jsonl
	$(BIN)/python -m benchmarks.programs --trials --every 10 build/programs.jsonl

# The compiled engine's tests once more, on a build that watches every memory access and every undefined operation.
SANITIZED := build/sanitized
sanitized: .venv/tested-with
	@if command -v g++ > /dev/null; then $(MAKE) --no-print-directory sanitized-tests; \
	else echo "no g++ here: the compiled engine is not checked by the sanitizers"; fi

sanitized-tests:
	$(BIN)/python -m venv --clear $(SANITIZED)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
	  > $$(echo $(SANITIZED)/lib/python3*/site-packages)/guests.pth
	$(SANITIZED)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --config-settings=cmake.define.WHYNET_SANITIZE=ON --config-settings=build-dir=build/sanitized-objects .
	LD_PRELOAD="$$(g++ -print-file-name=libasan.so) $$(g++ -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	  $(SANITIZED)/bin/python -m pytest -q -p no:cacheprovider -m "not slow" tests/engines

# The page's JavaScript, by ESLint and against the types in its comments; where npm is, and what it fetches can be had.
PAGE := tests/interfaces/web
NODE := build/page
page-lint: $(NODE)/installed
	@if test -e $<; then $(NODE)/node_modules/.bin/eslint --max-warnings 0 --config $(NODE)/eslint.config.js src/whynet/interfaces/web/static; \
	else echo "no npm here, or nothing to be had: ESLint does not check the page"; fi

page-types: $(NODE)/installed
	@if test -e $<; then $(NODE)/node_modules/.bin/tsc --project $(PAGE); \
	else echo "no npm here, or nothing to be had: the page's types are not checked"; fi

$(NODE)/installed: $(PAGE)/package.json $(PAGE)/eslint.config.js
	@mkdir -p $(NODE) && cp $^ $(NODE)
	@if npm install --prefix $(NODE) --no-audit --no-fund --silent > /dev/null 2>&1; then touch $@; fi

.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/tested-with: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	touch $@

ROOMS := data network optimizers engines mistakes training casebook doctor types params noise errors files

docs: api
	$(BIN)/python benchmarks/gradients.py docs/gradients.md
	$(BIN)/python -c "from pathlib import Path; from whynet.doctor.causes import pages; \
	  Path('docs/causes.md').write_text(pages(), 'utf-8')"
	$(BIN)/python -c "from pathlib import Path; from whynet.report.glossary import words_page; \
	  Path('docs/words.md').write_text(words_page(), 'utf-8')"

api: .venv/tested-with
	mkdir -p build
	$(BIN)/pdoc --docformat numpy --output-directory build/api whynet $(ROOMS:%=whynet.%) 2> build/pdoc.log

# PyTorch is a second opinion on gradients; it and Keras (on JAX, or else on PyTorch) have patients of their own. Where
# one is not to be had, its tests are skipped with a sentence.
.venv/with-torch: .venv/tested-with
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
	touch $@

.venv/with-guests: .venv/with-torch
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check keras jax
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
