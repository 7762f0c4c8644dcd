#!/usr/bin/env bash
# The halves of `make setup`: tools/setup.sh python | package | node | solc | slither
set -euo pipefail
cd "$(dirname "$0")/.."

SOLC=0.8.30
SOLC_COMMIT=73712a01 # also of the native build: both must give the same bytecode

fail() {
    echo "setup: $*" >&2
    exit 1
}

# Prints the first interpreter that will do. 3.11 and 3.12 come first: pyrevm has wheels for them.
find_python() {
    local candidate found
    for candidate in ${PYTHON:-python3 python3.12 python3.11}; do
        found=$("$candidate" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null) || continue
        case "$found" in "3 11" | "3 12") echo "$candidate" && return ;; esac
    done
    for candidate in ${PYTHON:-python3 python3.13 python3.14}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "setup: no Python 3.11 or 3.12 found; with a newer one pyrevm is built from source," \
                "which needs Rust and minutes" >&2
            echo "$candidate" && return
        fi
    done
    fail "Python 3.11 or newer is missing: install it (Debian, Ubuntu: apt install python3 python3-venv)" \
        "or name one: make PYTHON=/path/to/python3.11 setup"
}

make_venv() {
    local python
    .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    python=$(find_python)
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 ||
        fail "'$python -m venv' does not work: install it (Debian, Ubuntu: apt install python3-venv)"
}

# uv is quick, but does not read pip's configuration (mirrors, certificates): pip is the second try.
install_locked() { # environment, lock file
    local pip=(.venv/bin/python -m pip --disable-pip-version-check --python "$1/bin/python")
    .venv/bin/uv pip sync -q --python "$1/bin/python" --require-hashes "$2" 2>/dev/null ||
        "${pip[@]}" install -q --no-deps --require-hashes -r "$2" ||
        fail "could not install $2: is a Python package index reachable?"
}

# The lock's own uv.
install_uv() {
    local lock=.cache/requirements-uv.txt
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p}' requirements.txt >"$lock"
    .venv/bin/python -m pip --disable-pip-version-check install -q --no-deps --require-hashes -r "$lock" ||
        fail "could not install uv: is a Python package index reachable?"
}

setup_python() {
    echo "setup: Python packages into .venv"
    make_venv
    install_uv
    install_locked .venv requirements.txt
    local site
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    # Brownie's mypyc build has bugs that its plain Python, in the same wheel, does not have.
    find "$site/brownie" -name '*.so' -delete
    cp tools/venv/suanli_* "$site/"
    # sed -i writes a new file: the installed one may be a hard link into uv's cache.
    grep -q suanli_brownie "$site/brownie/__init__.py" ||
        sed -i '$ a import suanli_brownie  # see tools/venv' "$site/brownie/__init__.py"
}

# Apart from the locked packages, so that an edit of pyproject.toml costs a second and no network.
setup_package() {
    .venv/bin/uv pip install -q --python .venv/bin/python --offline --no-deps --no-build-isolation -e . ||
        fail "could not install the package suanli: see pyproject.toml"
}

setup_node() {
    echo "setup: npm packages into node_modules"
    command -v npm >/dev/null && command -v node >/dev/null ||
        fail "npm is missing: install Node.js 18 or newer with npm (Debian, Ubuntu: apt install npm)"
    npm ci --loglevel=error >/dev/null || fail "npm ci failed: is an npm registry reachable?"
}

# Only `make lint` needs it.
setup_slither() {
    echo "setup: Slither into .venv-slither"
    .venv/bin/uv venv -q --clear --python .venv/bin/python .venv-slither
    install_locked .venv-slither requirements-lint.txt
}

# The native compiler where its server answers, else the npm build behind a launcher.
setup_solc() {
    local new=.cache/solcx.new/solc-v$SOLC
    rm -rf .cache/solcx.new
    mkdir -p .cache/solcx .cache/solcx.new
    if [ "$(uname -sm)" = "Linux x86_64" ] &&
        SOLCX_BINARY_PATH=.cache/solcx.new timeout 60 \
            .venv/bin/python tools/native_solc.py "$SOLC" "$SOLC_COMMIT" 2>/dev/null; then
        echo "setup: native solc $SOLC"
    else
        echo "setup: solc $SOLC from npm (the native compiler can't be downloaded; same bytecode, slower)"
        node -e 'process.exit(require("solc").version().startsWith(process.argv[1]) ? 0 : 1)' \
            "$SOLC+commit.$SOLC_COMMIT" ||
            fail "node_modules/solc is not $SOLC+commit.$SOLC_COMMIT: package.json and tools/setup.sh disagree"
        write_launcher >"$new"
        chmod +x "$new"
    fi
    mv "$new" .cache/solcx/
    rm -rf .cache/solcx.new
}

write_launcher() {
    cat <<LAUNCHER
#!/bin/sh
# Written by tools/setup.sh; answers --version itself, for loading the compiler takes half a second.
if [ "\$1" = --version ]; then
    echo "Version: $SOLC+commit.$SOLC_COMMIT.Emscripten.clang"
else
    exec node "\$(dirname "\$0")/../../tools/solc.js" "\$@"
fi
LAUNCHER
}

mkdir -p .cache
exec 9>.cache/setup.lock
flock 9 # two runs of make in one checkout take turns

case "${1:-}" in
python | package | node | solc | slither) "setup_$1" ;;
*) fail "usage: tools/setup.sh python | package | node | solc | slither" ;;
esac
