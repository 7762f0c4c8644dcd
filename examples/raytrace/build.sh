#!/bin/sh
# Builds render.wasm and png.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
to="${1:-.}"
for program in render png; do
    clang --target=wasm32-wasi -O2 -ffp-contract=off -Wall -Wextra -Werror -Wl,--strip-all \
        -o "$to/$program.wasm" "$program.c"
done
