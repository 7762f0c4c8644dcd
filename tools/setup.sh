#!/usr/bin/env bash
# The halves of `make setup`: tools/setup.sh python | package | older | node | solc | slither | prove | ipfs | notebook | web | chromium
set -euo pipefail
cd "$(dirname "$0")/.."

SOLC=0.8.30
SOLC_COMMIT=73712a01 # also of the native build: both must give the same bytecode

fail() {
    echo "setup: $*" >&2
    exit 1
}

version_of() { # interpreter; prints 311 for Python 3.11, nothing if it does not run
    "$1" -c 'import sys; print("%d%02d" % sys.version_info[:2])' 2>/dev/null || true
}

new_venv() { # interpreter, folder
    "$1" -m venv --clear "$2" >/dev/null 2>&1 ||
        fail "'$1 -m venv' does not work: install it (Debian, Ubuntu: apt install python3-venv)"
}

# pyrevm, the tests' EVM, is built for Python 3.11 and 3.12 only. Where there is a newer one alone,
# uv fetches 3.12 into .cache: building pyrevm from source would need Rust and minutes.
make_venv() {
    local candidate version newer=
    if [ ! -s .venv/.installed ] || [ "$(cat .venv/.installed)" = "$(pwd -P)" ]; then
        case "$(version_of .venv/bin/python)" in 311 | 312) return ;; esac
    fi
    for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13 python3.14}; do
        version=$(version_of "$candidate")
        case "$version" in 311 | 312) new_venv "$candidate" .venv && return ;; esac
        [ "${version:-0}" -le 312 ] || newer=$candidate
    done
    [ -n "$newer" ] ||
        fail "Python 3.11 or newer is missing: install it (Debian, Ubuntu: apt install python3 python3-venv)" \
            "or name one: make PYTHON=/path/to/python3.11 setup"
    echo "setup: fetching Python 3.12"
    new_venv "$newer" .cache/uv
    install_uv .cache/uv
    export UV_PYTHON_INSTALL_DIR=.cache/python
    .cache/uv/bin/uv python install -q --no-bin 3.12 ||
        fail "could not fetch it: install Python 3.11 or 3.12 and name it: make PYTHON=/path/to/python3.12 setup"
    new_venv "$(.cache/uv/bin/uv python find --managed-python 3.12)" .venv
}

# uv is quick, but does not read pip's configuration (mirrors, certificates): pip is the second try.
install_locked() { # environment, lock file
    local pip=(.venv/bin/python -m pip --disable-pip-version-check --python "$1/bin/python")
    .venv/bin/uv pip sync -q --python "$1/bin/python" --require-hashes "$2" 2>/dev/null ||
        "${pip[@]}" install -qq --no-deps --require-hashes -r "$2" ||
        fail "could not install $2: is a Python package index reachable?"
}

install_uv() { # environment
    local lock=.cache/requirements-uv.txt
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p}' requirements.txt >"$lock"
    "$1/bin/python" -m pip --disable-pip-version-check install -qq --no-deps --require-hashes -r "$lock" ||
        fail "could not install uv: is a Python package index reachable?"
}

setup_python() {
    echo "setup: Python packages into .venv"
    make_venv
    install_uv .venv
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
    npm ci --loglevel=error >.cache/npm.log 2>&1 ||
        fail "npm ci failed, see .cache/npm.log: is an npm registry reachable?"
}

# Only `make lint` needs it.
setup_slither() {
    echo "setup: Slither into .venv-slither"
    .venv/bin/uv venv -q --clear --python .venv/bin/python .venv-slither
    install_locked .venv-slither requirements-lint.txt
}

# Only `make prove` needs it.
setup_prove() {
    echo "setup: Halmos into .venv-prove, Forge into tools/prove"
    .venv/bin/uv venv -q --clear --python .venv/bin/python .venv-prove
    install_locked .venv-prove requirements-prove.txt
    npm ci --prefix tools/prove --loglevel=error >.cache/npm-prove.log 2>&1 ||
        fail "npm ci failed, see .cache/npm-prove.log: is an npm registry reachable?"
}

# Only `make test-deep` needs it.
setup_ipfs() {
    echo "setup: Kubo and a newer Node into .venv-ipfs, Helia into tools/ipfs"
    .venv/bin/uv venv -q --clear --python .venv/bin/python .venv-ipfs
    install_locked .venv-ipfs requirements-ipfs.txt
    npm ci --prefix tools/ipfs --loglevel=error >.cache/npm-ipfs.log 2>&1 ||
        fail "npm ci failed, see .cache/npm-ipfs.log: is an npm registry reachable?"
}

# The page, and its tests.
setup_web() {
    echo "setup: npm packages into web/node_modules"
    local node
    node=$(node -p 'const [major, minor] = process.versions.node.split("."); 100 * major + +minor')
    [ "$node" -ge 2019 ] || fail "Node.js $(node --version) is too old for web/ (the page, lint-web, test-web, check-wheel): install 20.19 or newer"
    npm ci --prefix web --loglevel=error >.cache/npm-web.log 2>&1 ||
        fail "npm ci failed, see .cache/npm-web.log: is an npm registry reachable?"
}

# A former engine, which tests run beside today's: a folder, since an environment has one of each.
setup_older() {
    echo "setup: the former wasmtime into .cache/older"
    rm -rf .cache/older
    .venv/bin/uv pip install -q --python .venv/bin/python --target .cache/older --no-deps --require-hashes \
        -r requirements-older.txt 2>/dev/null ||
        .venv/bin/python -m pip --disable-pip-version-check install -qq --target .cache/older --no-deps \
            --require-hashes -r requirements-older.txt ||
        fail "could not install requirements-older.txt: is a Python package index reachable?"
}

# Only `make test-deep` needs it. Its kernel finds suanli and what that needs in .venv.
setup_notebook() {
    echo "setup: Jupyter's kernel and client into .venv-notebook"
    .venv/bin/uv venv -q --clear --python .venv/bin/python .venv-notebook
    install_locked .venv-notebook requirements-notebook.txt
    local purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
    printf '%s\n' "$PWD" "$(.venv/bin/python -c "$purelib")" \
        >"$(.venv-notebook/bin/python -c "$purelib")/suanli.pth"
}

# Only `make test-web` needs it: a browser of the system's own, none is downloaded.
setup_chromium() {
    [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null || return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "Chromium is missing: install it (Debian, Ubuntu: apt install chromium fonts-noto-cjk)" \
            "or name one: make CHROMIUM=/path/to/chromium test-web"
    echo "setup: Chromium from the system's packages"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >.cache/chromium.log 2>&1 ||
        fail "apt could not install Chromium, see .cache/chromium.log"
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
python | package | older | node | solc | slither | prove | ipfs | notebook | web | chromium) "setup_$1" ;;
*) fail "usage: tools/setup.sh python | package | older | node | solc | slither | prove | ipfs | notebook | web | chromium" ;;
esac
