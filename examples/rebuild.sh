#!/bin/sh
# Builds all examples and the benchmarks' kernels anew and compares them with the modules kept here.
# Needs, on Debian 12: apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32
set -eu
cd "$(dirname "$0")"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
failed=0
for build in */build.sh ../benchmarks/kernels/build.sh; do
    folder="$(dirname "$build")"
    mkdir -p "$made/$(basename "$folder")"
    "$build" "$made/$(basename "$folder")"
    for module in "$folder"/*.wasm; do
        if cmp -s "$module" "$made/$(basename "$folder")/$(basename "$module")"; then
            echo "same    $module"
        else
            echo "DIFFERS $module"
            failed=1
        fi
    done
done
if [ "$failed" = 1 ]; then
    echo "Modules are the same only if the compiler is: $(clang --version | head -n 1)" >&2
fi
exit "$failed"
