#!/usr/bin/env bash
# Lint the protos, hold them to the contract, and check that the generated code is current.
set -eu

PATH="$PWD/.venv-protos/bin:$PATH"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

buf lint
buf format -d --exit-code protos > /dev/null || { echo "run make fmt: protos/ is not formatted"; exit 1; }
buf breaking protos --against protos/contract.binpb
buf build protos -o "$made/contract.binpb" --as-file-descriptor-set --exclude-source-info
cmp -s "$made/contract.binpb" protos/contract.binpb || { echo "run make contract: protos/contract.binpb lacks what was added"; exit 1; }
buf generate -o "$made" 2> /dev/null
for generated in api onnx/v1; do
    diff -r -x __pycache__ -x __init__.py "$made/libs/s2v/$generated" "libs/s2v/$generated" || { echo "run make protos: libs/s2v/$generated is not current"; exit 1; }
done
