#!/bin/sh
# Builds queens.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
../wasi-cc.sh queens.c "${1:-.}/queens.wasm" -O2 -Wall -Wextra -Werror
