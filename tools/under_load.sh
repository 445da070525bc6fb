#!/usr/bin/env bash
# Run the tests again and again while as many processes as there are cores keep them busy.
#
# usage: tools/under_load.sh [TIMES]    (5 unless told otherwise; stops at the first failure)
set -eu

times=${1:-5}
burners=()
trap 'kill "${burners[@]}"' EXIT
for _ in $(seq "$(getconf _NPROCESSORS_ONLN)"); do
    (while :; do :; done) &
    burners+=($!)
done
for time in $(seq "$times"); do
    echo "under load: $time of $times"
    make test
done
