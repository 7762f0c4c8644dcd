#!/bin/sh
# Builds kmeans.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
../wasi-cc.sh kmeans.c "${1:-.}/kmeans.wasm" -O2 -ffp-contract=off -Wall -Wextra -Werror
