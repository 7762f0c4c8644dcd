#!/bin/sh
# Builds kmeans.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
clang --target=wasm32-wasi -O2 -ffp-contract=off -Wall -Wextra -Werror -Wl,--strip-all \
    -o "${1:-.}/kmeans.wasm" kmeans.c
