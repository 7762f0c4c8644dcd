"""What `make bench-engine` writes, and that it compares equal work."""

import json
import shutil
from dataclasses import replace

import pytest

from benchmarks import native
from benchmarks.kernel import kernels
from benchmarks.native import Failed

NAMES = [
    *("mandelbrot", "sort", "sha256", "queens", "raytrace", "kmeans-memory", "matmul"),
    *("matmul-f32", "dot", "spectral", "nbody", "stencil-f32", "kmeans"),
]
needs_cc = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler (cc)")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A kernel that takes no time, and a folder of its own for the report."""
    monkeypatch.setattr(native, "REPORT", tmp_path / "reports/bench-engine.json")
    monkeypatch.setattr(native, "ROUNDS", 1)
    sort = next(kernel for kernel in kernels() if kernel.name == "sort")
    return replace(sort, args=("1000",))


def test_the_kernels_are_these_and_their_modules_are_here():
    found = kernels()
    assert [kernel.name for kernel in found] == NAMES
    assert {name for _, _, names, _ in native.GOALS for name in names} == set(NAMES)
    assert all(kernel.source.exists() and kernel.module.exists() for kernel in found)


@needs_cc
def test_a_report_has_seconds_and_ratios(small, tmp_path, capsys):
    found = native.measure([small], simd=False)
    native.write_report(found)
    report = json.loads((tmp_path / "reports/bench-engine.json").read_text())
    row = report["kernels"]["sort"]
    assert row.keys() == {"native", "fast", "portable"}
    assert row["native"] > 0
    assert row["fast"] == found["sort"]["fast"]
    assert "\nsort " in capsys.readouterr().out


def test_goals_are_met_up_to_the_figure_itself(capsys):
    row = {"native": 1.0, "fast": 1.0, "portable": 1.0}
    found = dict.fromkeys(NAMES, row) | {
        "matmul": row | {"fast": 1.4},
        "kmeans": row | {"fast": 2.01},
    }
    native.print_goals(found)
    said = capsys.readouterr().out
    assert "fast       1.40, at most 1.40: met\n" in said
    assert "fast       2.01, at most 2.00: missed\n" in said
    assert said.count("missed") == 1


@needs_cc
def test_other_work_than_natively_is_no_measurement(small, tmp_path):
    runs = native.sides(small, tmp_path, None)
    native.paired(runs)
    native.check_same_work(small, runs)
    runs["fast"].stdout = b"other\n"
    with pytest.raises(Failed, match="sort writes something else than natively: fast"):
        native.check_same_work(small, runs)


def test_what_can_not_be_measured_is_said(monkeypatch, capsys):
    monkeypatch.setattr(native.sys, "argv", ["native", "sort", "bubble"])
    monkeypatch.setattr(native.shutil, "which", lambda name: name)
    with pytest.raises(SystemExit, match="2"):
        native.main()
    assert capsys.readouterr().err == "No kernel is called bubble\n"
    monkeypatch.setattr(native.shutil, "which", lambda name: None)
    with pytest.raises(Failed, match=r"no C compiler .*: apt-get install gcc libc6-dev"):
        native.main()
