#!/bin/sh
# Builds render.wasm and png.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
for program in render png; do
    ../wasi-cc.sh "$program.c" "${1:-.}/$program.wasm" -O2 -ffp-contract=off -Wall -Wextra -Werror
done
