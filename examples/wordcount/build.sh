#!/bin/sh
# Builds wordcount.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
../wasi-cc.sh wordcount.c "${1:-.}/wordcount.wasm" -O2 -Wall -Wextra -Werror
