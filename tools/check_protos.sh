#!/usr/bin/env bash
# Lint the protos, compare them with main's, and check that the generated code is current.
set -eu

PATH="$PWD/.venv-protos/bin:$PATH"
buf lint
buf format -d --exit-code protos > /dev/null || { echo "run make fmt: protos/ is not formatted"; exit 1; }
if git rev-parse --verify --quiet main:protos > /dev/null; then
    buf breaking --against '.git#branch=main'
else
    echo "no branch main with protos/ here: not compared with it"
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
buf generate -o "$made" 2> /dev/null
diff -r -x __pycache__ -x __init__.py "$made/libs/s2v/api" libs/s2v/api || { echo "run make protos: libs/s2v/api is not current"; exit 1; }
