#!/bin/sh
# Builds wordcount.wasm here, or in the folder whose absolute path is given.
set -eu
cd "$(dirname "$0")"
clang --target=wasm32-wasi -O2 -Wall -Wextra -Werror -Wl,--strip-all \
    -o "${1:-.}/wordcount.wasm" wordcount.c
