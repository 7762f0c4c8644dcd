#!/bin/sh
# Runs one job a round, each on the centroids of the round before, until they stand still.
# Its arguments say where, as those of `suanli job run`: here, unless there are any.
set -eu
[ $# -gt 0 ] || set -- --local
cd "$(dirname "$0")"
centroids=start.csv
for round in $(seq 50); do
    sed "s|\"start.csv\"|\"$centroids\"|" job.toml > round.toml
    suanli job run "$@" round.toml --out "out/$round" > round.log
    echo "round $round: $(cat "out/$round/report.txt")"
    if cmp -s "$centroids" "out/$round/centroids.csv"; then
        echo "The centroids stand still: out/$round/centroids.csv"
        exit
    fi
    centroids="out/$round/centroids.csv"
done
echo "Not still after $round rounds" >&2
exit 1
