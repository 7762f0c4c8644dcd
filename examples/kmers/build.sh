#!/bin/sh
# Builds kmers.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
../wasi-cc.sh kmers.c "${1:-.}/kmers.wasm" -O2 -Wall -Wextra -Werror
