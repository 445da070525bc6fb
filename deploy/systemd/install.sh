#!/usr/bin/env bash
# Put the units where systemd looks for them, below the folder ROOT if one is given: install.sh [ROOT]
set -euo pipefail
here=$(dirname "$0")
root=${1:-}
units=$root/etc/systemd/system

install -D -m 644 -t "$units" "$here/s2v.service" "$here/s2v@.service" "$here/s2v.target"
for unit in s2v.service s2v@.service; do
    install -D -m 644 "$here/hardening.conf" "$units/$unit.d/hardening.conf"
done
install -D -m 644 "$here/sysusers.conf" "$root/etc/sysusers.d/s2v.conf"
# Yours is left alone.
[ -e "$root/etc/s2v/s2v.toml" ] || install -D -m 644 "$here/s2v.toml" "$root/etc/s2v/s2v.toml"
