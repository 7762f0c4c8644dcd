#!/bin/sh
# Builds the kernels here, or in the folder whose absolute path is given. Those with a path are
# examples; at -O2 like all others, so that both sides of the comparison are built alike.
set -eu
cd "$(dirname "$0")"
for source in *.c ../../examples/queens/queens.c ../../examples/raytrace/render.c \
    ../../examples/kmeans/kmeans.c; do
    ../../examples/wasi-cc.sh "$source" "${1:-.}/$(basename "$source" .c).wasm" \
        -O2 -ffp-contract=off -Wall -Wextra -Werror
done
clang --version | head -n 1 > "${1:-.}/compiler.txt"
