"""Modules are built alike wherever the compiler is the same, whatever else is installed."""

import os
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def build(tools: Path, module: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EXAMPLES / "wasi-cc.sh", EXAMPLES / "queens/queens.c", module, "-O2"],
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_what_links_is_not_told_to_optimize(tmp_path):
    """A clang that is told runs wasm-opt, if there is one. It need not be here for this test."""
    tool(tmp_path, "clang", f'echo "$*" >> {tmp_path}/calls')
    assert build(tmp_path, tmp_path / "queens.wasm").returncode == 0
    _probe, compiles, links = (tmp_path / "calls").read_text().splitlines()
    assert " -O2 -c " in compiles
    assert "-O" not in links
    assert links.endswith(f"-o {tmp_path}/queens.wasm")


def test_an_installed_wasm_opt_changes_nothing(tmp_path):
    # What it would do to the module shows: this one keeps nothing of it.
    tool(tmp_path, "wasm-opt", 'for last; do :; done; echo changed > "$last"')
    module = tmp_path / "queens.wasm"
    done = build(tmp_path, module)
    if "clang can't build for wasm32-wasi" in done.stderr:
        pytest.skip(done.stderr)
    assert module.read_bytes().startswith(b"\0asm"), done.stderr


def test_a_compiler_that_is_missing_is_named_in_one_line(tmp_path):
    tool(tmp_path, "clang", "echo 'no such target' >&2; exit 1")
    done = build(tmp_path, tmp_path / "queens.wasm")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32" in done.stderr
    assert not (tmp_path / "queens.wasm").exists()
