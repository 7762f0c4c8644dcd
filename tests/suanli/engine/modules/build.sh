#!/bin/sh
# Rebuild the modules here: apt install clang lld wasi-libc libclang-rt-14-dev-wasm32 (Debian 12).
set -eu
cd "$(dirname "$0")"
for source in *.c; do
    clang --target=wasm32-wasi -Os -Wall -Werror -Wl,--strip-all "$source" -o "${source%.c}.wasm"
done
