# The one door, for people and for CI. Every target sets itself up; `make help` lists them.

PYTHON ?= python3
# numpy's oldest supported release has wheels for these only
OLDEST_PYTHON ?= $(shell for p in python3.10 python3.11 $(PYTHON); do $$p -c '' 2>/dev/null && echo $$p && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt interop remote compat faults attacks mutations mutants oldest cover fuzz bench smoke growth protos golden docs build sdist-test clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

# An environment a purpose, made from pyproject.toml's groups and remade when that changes.

.venv: pyproject.toml
	@echo "Setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv/bin/python -m pip install --quiet --editable . --group test --group lint --group protos
	@touch .venv

.venv-interop: pyproject.toml
	@echo "Setting up .venv-interop, with TensorFlow (once; about a minute)"
	@$(PYTHON) -m venv .venv-interop
	@.venv-interop/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-interop/bin/python -m pip install --quiet --editable . --group interop
	@touch .venv-interop

.venv-oldest: pyproject.toml
	@echo "Setting up .venv-oldest, with the oldest supported dependencies (once)"
	@$(OLDEST_PYTHON) -m venv .venv-oldest
	@.venv-oldest/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-oldest/bin/python -m pip install --quiet --editable . --group test --group oldest
	@touch .venv-oldest

.venv-compat: pyproject.toml
	@echo "Setting up .venv-compat, with transformers, PyTorch and JAX (once; a minute or two)"
	@$(PYTHON) -m venv .venv-compat
	@.venv-compat/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-compat/bin/python -m pip install --quiet --editable . --group compat
	@.venv-compat/bin/python -m pip install --quiet --no-deps t5==0.9.4  # which asks for TensorFlow
	@touch .venv-compat

.venv-remote: pyproject.toml
	@echo "Setting up .venv-remote, with an S3 server and dask (once)"
	@$(PYTHON) -m venv .venv-remote
	@.venv-remote/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-remote/bin/python -m pip install --quiet --editable . --group remote
	@touch .venv-remote

.venv-docs: pyproject.toml
	@echo "Setting up .venv-docs (once)"
	@$(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-docs/bin/python -m pip install --quiet --editable . --group docs --group build
	@touch .venv-docs

.venv-fuzz: pyproject.toml
	@echo "Setting up .venv-fuzz (once)"
	@$(PYTHON) -m venv .venv-fuzz
	@.venv-fuzz/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-fuzz/bin/python -m pip install --quiet --editable . --group fuzz
	@touch .venv-fuzz

demo: .venv  ## train, interrupt, resume, and read a checkpoint that TensorFlow wrote
	@.venv/bin/python examples/demo.py

test: .venv  ## the tests that need no TensorFlow, doctests and documentation examples too
	.venv/bin/python -m pytest -n 2 $(if $(COVER),--cov --cov-report=term-missing:skip-covered)

check: .venv  ## format, lint, types, and whether generated files are up to date
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/mypy --config-file tests/mypy.ini
	.venv/bin/python tools/make_protos.py --check
	.venv/bin/python tools/make_compat_table.py --check

fmt: .venv  ## format and mend what the linter can
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

interop: .venv-interop  ## tests against real TensorFlow
	.venv-interop/bin/python -m pytest -n 2 tests/interop

remote: .venv-remote  ## tests against an S3 server, on this machine, and dask's workers
	.venv-remote/bin/python -m pytest -n 2 tests/remote

compat: .venv-compat  ## other people's converters, as they are, without TensorFlow
	.venv-compat/bin/python -m pytest tests/compat/test_transformers.py tests/compat/test_others.py

faults: .venv  ## interrupt, kill, fail and cut saves, mutate files, in the form for CI (20 minutes)
	TFCKPT_FAULTS=some .venv/bin/python -m pytest -n 2 tests/attacks

attacks: .venv  ## the same, everything, at every line and system call (hours; needs strace)
	TFCKPT_FAULTS=all .venv/bin/python -m pytest -n 2 tests/attacks

mutations: .venv  ## files that say wrong things rightly, for SECONDS each kind (an hour)
	.venv/bin/python tests/attacks/mutations.py --seconds $(or $(SECONDS),3600)

mutants: .venv  ## change the code in small ways, to see that tests notice (SHARE, SECONDS, MODULES)
	.venv/bin/python tools/mutants.py $(MODULES) --share $(or $(SHARE),0.1) \
		--seconds $(or $(SECONDS),3600) --seed $(or $(SEED),0)

oldest: .venv-oldest  ## the tests, on the oldest supported dependencies
	.venv-oldest/bin/python -m pytest -n 2

cover:  ## the tests, with branch coverage
	$(MAKE) test COVER=yes

FUZZ = bundle v1 graph meta_graph saved_model state objects safetensors torch npz npy hdf5 index frozen any

fuzz: .venv-fuzz  ## throw made-up files at each reader, for SECONDS (60), from SEED (0: any)
	for target in $(FUZZ); do \
		.venv-fuzz/bin/python tests/fuzz/fuzz.py $$target -max_total_time=$(or $(SECONDS),60) -seed=$(or $(SEED),0) -verbosity=0 || exit 1; \
	done

bench: .venv-interop  ## speed and memory beside TensorFlow, safetensors and numpy (RECORD=1)
	.venv-interop/bin/python benchmarks/run.py $(if $(RECORD),--record)

smoke: .venv-interop  ## run the benchmarks on little data, to see that they run
	.venv-interop/bin/python benchmarks/run.py --quick
	.venv-interop/bin/python benchmarks/growth.py --quick

growth: .venv-interop  ## how time grows with the data, as the plot in docs/performance.md
	.venv-interop/bin/python benchmarks/growth.py --plot docs/growth.svg

protos: .venv  ## regenerate the protobuf bindings from protos/
	.venv/bin/python tools/make_protos.py

golden: .venv-interop  ## remake tests/golden with real TensorFlow
	.venv-interop/bin/python tests/golden/make_golden.py
	.venv-interop/bin/python tests/golden/make_v1.py

docs: .venv-docs  ## build the documentation into site/, and read it and a report in a browser
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict --quiet
	.venv-docs/bin/python -m pytest -q --noconftest tests/site tests/report

build: .venv-docs  ## wheel and sdist into dist/, checked, and tried in an environment of their own
	rm -rf dist .venv-built
	.venv-docs/bin/python -m build --quiet
	.venv-docs/bin/python -m twine check --strict dist/*
	$(PYTHON) -m venv .venv-built
	.venv-built/bin/python -m pip install --quiet "$$(echo dist/*.whl)[cli]"
	cd tests/golden && ../../.venv-built/bin/tfckpt ls trained
	.venv-built/bin/python -c "import tempfile, tfckpt; path = tfckpt.save(tempfile.mkdtemp() + '/x', {'a': 1.0}); assert tfckpt.load(path)['a'] == 1"

# Those that read other files of the project, and the doctests: what an sdist may lack.
SDIST_TESTS = tests/test_docs.py tests/test_golden.py tests/test_json_output.py tests/test_outputs.py \
	tests/test_protos.py tests/test_public_api.py tests/test_troubleshooting.py src/tfckpt

sdist-test: build  ## the tests that the sdist's files matter to, from it (TESTS=tests: all)
	rm -rf build/sdist && mkdir -p build/sdist && tar -xf dist/*.tar.gz -C build/sdist --strip-components 1
	.venv-built/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-built/bin/python -m pip install --quiet --group build/sdist/pyproject.toml:test
	cd build/sdist && ../../.venv-built/bin/python -m pytest -q -n 2 -p no:cacheprovider $(or $(TESTS),$(SDIST_TESTS))

clean:  ## remove what the other targets made
	rm -rf .venv .venv-* build dist site demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
