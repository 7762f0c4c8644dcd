#!/bin/sh
# wasi-cc.sh SOURCE MODULE FLAG...: builds a C program as a WebAssembly module.
# It compiles and links apart, because a clang that sees -O when it links passes the module through
# whatever wasm-opt is installed, without a word: other bytes, another fuel, another digest.
set -eu
source="$1" module="$2"
shift 2
object="$(mktemp)"
trap 'rm -f "$object"' EXIT
if ! printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
    clang --target=wasm32-wasi -xc - -o "$object" 2>/dev/null; then
    echo "clang can't build for wasm32-wasi: apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32 (the 14 is the version of clang)" >&2
    exit 1
fi
clang --target=wasm32-wasi "$@" -c "$source" -o "$object"
clang --target=wasm32-wasi -Wl,--strip-all "$object" -o "$module"
