# Every command of the project. `make` alone lists them.
#
# Nothing needs to be installed but Python 3.11 or 3.12 with venv: the commands make their own
# environments: .venv for the product and its tests, .venv-other for the same tests on the other Python,
# .venv-protos for the code generators.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Hundreds of processes start in the tests: each source is compiled once.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Three processes more than there are cores, five at most, as tests of services wait a lot; each starts
# services of its own. The files in the order of their folders, so that the long ones (chaos, e2e) do
# not come last, one beside none.
PYTEST = -m pytest --numprocesses=$$(($$(getconf _NPROCESSORS_ONLN) + 3)) --maxprocesses=5 --dist=loadfile --no-loadscope-reorder
PIP_INSTALL = install --quiet --disable-pip-version-check -c constraints.txt

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

demo: .venv/light ## make out/demo.mp4 from the sample portrait and text
	@$(BIN)/s2v make --script libs/s2v/samples/script.txt --reference libs/s2v/samples/portrait.jpg \
		-o out/demo.mp4 --force

serve: .venv/light ## run the four services; the gateway listens on 127.0.0.1:50051
	@$(BIN)/s2v serve

test: check ## check everything and run every test
	@tools/install_chromium.sh
	@$(BIN)/python $(PYTEST)

# Without the extra wan: one Python proves it, and torch is the largest thing to install by far.
test-other: .venv/dev ## run all but the end-to-end tests on the other Python, if there is one
	@other=$$(tools/find_python.sh --other $(BIN)/python); \
	if [ -z "$$other" ]; then echo "skipped: no other Python of 3.11 and 3.12 here"; exit 0; fi; \
	[ -x .venv-other/bin/python ] || "$$other" -m venv .venv-other; \
	.venv-other/bin/python -m pip $(PIP_INSTALL) -e '.[dev]'; \
	.venv-other/bin/python $(PYTEST) tests/unit tests/contract tests/integration

chaos: .venv/dev ## try many more kills, full disks, damaged files, odd inputs and random messages than the tests do
	@S2V_CHAOS_FILES=$${S2V_CHAOS_FILES:-5000} S2V_CHAOS_MESSAGES=$${S2V_CHAOS_MESSAGES:-2000} \
		S2V_CHAOS_PARSES=$${S2V_CHAOS_PARSES:-3000} \
		S2V_CHAOS_KILLS=$${S2V_CHAOS_KILLS:-100} S2V_CHAOS_FILLS=$${S2V_CHAOS_FILLS:-50} \
		$(BIN)/python -m pytest tests/chaos

image: ## build the images s2v and s2v-envoy by Buildah, over a base made of Debian's packages
	@tools/containers.sh

stack: .venv/dev ## build them, and run deploy/compose by Podman to a finished film
	@PATH="$$PWD/$(BIN):$$PATH" tools/containers.sh stack

check: .venv/dev .venv-protos/ready ## lint, types, import rules, protos
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@MYPYPATH=benchmarks $(BIN)/mypy benchmarks
	@$(BIN)/lint-imports --no-logo
	@tools/check_protos.sh

fmt: .venv/dev .venv-protos/ready ## format the sources and the protos
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@PATH="$$PWD/.venv-protos/bin:$$PATH" buf format -w protos

protos: .venv-protos/ready ## generate libs/s2v/api and libs/s2v/onnx/v1 from protos/
	@rm -rf libs/s2v/api libs/s2v/onnx/v1
	@PATH="$$PWD/.venv-protos/bin:$$PATH" buf generate 2> /dev/null
	@find libs/s2v/api libs/s2v/onnx/v1 -type d -exec touch {}/__init__.py \;

contract: .venv-protos/ready ## take additions to the protos into protos/contract.binpb
	@PATH="$$PWD/.venv-protos/bin:$$PATH" buf breaking protos --against protos/contract.binpb
	@PATH="$$PWD/.venv-protos/bin:$$PATH" buf build protos -o protos/contract.binpb --as-file-descriptor-set --exclude-source-info

clean: ## delete what the commands made
	@rm -rf .venv .venv-other .venv-protos out build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/light: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing S2V into .venv ..."
	@$(BIN)/python -m pip $(PIP_INSTALL) -e .
	@touch $@

.venv/dev: .venv/light
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/python -m pip $(PIP_INSTALL) -e '.[dev,wan]'
	@touch $@

.venv/bin/python:
	@"$$(tools/find_python.sh)" -m venv .venv

# The generators are older than the runtime on purpose: what they make runs on both.
.venv-protos/ready: tools/protos-requirements.txt
	@"$$(tools/find_python.sh)" -m venv .venv-protos
	@.venv-protos/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: help demo serve test test-other chaos check fmt protos contract clean
