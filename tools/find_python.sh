#!/usr/bin/env bash
# Print a Python 3.11 or 3.12 that can make virtual environments, or say what is missing.
# With --other PYTHON, print one of the version that PYTHON is not, or nothing.
set -eu

fits='import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'
if [ "${1:-}" = --other ]; then
    fits="import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12))
        or sys.version_info[:2] == $("$2" -c 'import sys; print(sys.version_info[:2])'))"
fi
found=""
pyenv=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[12].*/bin/python 2> /dev/null || true)
for candidate in ${PYTHON:-python3 python3.12 python3.11 $pyenv}; do
    version=$("$candidate" -V 2> /dev/null) || continue
    "$candidate" -c "$fits" || { found="$found $version,"; continue; }
    if ! "$candidate" -c 'import ensurepip, venv' 2> /dev/null; then
        [ "${1:-}" = --other ] && continue
        echo "$candidate cannot make virtual environments." >&2
        echo "Install its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2
        exit 1
    fi
    command -v "$candidate"
    exit 0
done
[ "${1:-}" = --other ] && exit 0
echo "S2V needs Python 3.11 or 3.12; found:${found:- none}" >&2
echo "Install one of them, or name it: make PYTHON=/path/to/python3.12 demo" >&2
exit 1
