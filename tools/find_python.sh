#!/usr/bin/env bash
# Print a Python 3.11 or 3.12 that can make virtual environments, or say what is missing.
set -eu

fits='import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'
found=""
for candidate in ${PYTHON:-python3 python3.12 python3.11}; do
    command -v "$candidate" > /dev/null || continue
    "$candidate" -c "$fits" 2> /dev/null || { found="$found $("$candidate" -V 2>&1 || true)"; continue; }
    if ! "$candidate" -c 'import ensurepip, venv' 2> /dev/null; then
        echo "$candidate cannot make virtual environments." >&2
        echo "Install its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2
        exit 1
    fi
    command -v "$candidate"
    exit 0
done
echo "S2V needs Python 3.11 or 3.12; found:${found:- none}." >&2
echo "Install one of them, or name it: make PYTHON=/path/to/python3.12 demo" >&2
exit 1
