#!/usr/bin/env bash
# Put Debian's Chromium on this machine for the tests of the web page, where that is possible.
set -eu
if command -v chromium > /dev/null; then exit 0; fi
if ! command -v apt-get > /dev/null || [ "$(id -u)" != 0 ]; then
    echo "no Chromium: tests/browser is skipped (on Debian and Ubuntu: apt install chromium)" >&2
    exit 0
fi
echo "Installing Chromium for the tests of the web page ..."
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install --yes --no-install-recommends chromium; } > /dev/null 2>&1; then
    echo "no Chromium: apt-get cannot install it, so tests/browser is skipped" >&2
fi
