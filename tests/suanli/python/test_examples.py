"""Each example that is a Python function gives its expected result."""

import functools
import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

import suanli
from suanli.engine import runtime_id
from suanli.job import load, run_local
from suanli.protocol import NO_SALT
from suanli.python import local_executor
from tests.harness.functions import science_made

EXAMPLES = Path(__file__).parents[3] / "examples"
READINGS = "da46eff06fc56b95600fc65ab149a03e04ab2971ea86240a5a56a06a3f4a3248"


@pytest.fixture(scope="module")
def science(pool):
    with science_made(pool):
        yield pool


@pytest.fixture
def program(monkeypatch):
    def program(path):
        """A file of an example, as a module."""
        spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, made)
        spec.loader.exec_module(made)
        return made

    return program


@pytest.fixture
def here(monkeypatch, pool):
    """Whoever asks for an executor gets this pool's."""
    monkeypatch.setattr(suanli, "local_executor", functools.partial(local_executor, 2, pool=pool))


def run_job(folder, pool):
    job = load(folder / "job.toml", salt=NO_SALT, runtime=runtime_id())
    return run_local(job, pool, ahead=2, on_done=lambda *_: None).files


def test_there_are_no_others():
    named = {"python-pi", "python-csv", "python-search"}
    assert {path.name for path in EXAMPLES.glob("python-*")} == named


@pytest.mark.deep
def test_pi(pool):
    files = run_job(EXAMPLES / "python-pi", pool)
    assert files == {"pi.tsv": (EXAMPLES / "python-pi" / "expected" / "pi.tsv").read_bytes()}


@pytest.mark.deep
def test_pi_by_calls(here, program, capsys):
    """As the sum of the job says."""
    lines = (EXAMPLES / "python-pi" / "expected" / "pi.tsv").read_text().splitlines()
    total = {name: int(value) for name, value in (line.split("\t") for line in lines)}
    program(EXAMPLES / "python-pi" / "calls.py").main()
    assert capsys.readouterr().out == f"{4 * total['within'] / total['points']}\n"


@pytest.mark.deep
def test_a_statistic_by_numpy(science, program, tmp_path):
    shutil.copytree(EXAMPLES / "python-csv", tmp_path, dirs_exist_ok=True)
    expected, table = tmp_path / "expected", tmp_path / "readings.csv"
    program(tmp_path / "make_csv.py").main(table)
    with table.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == READINGS
    assert run_job(tmp_path, science) == {"sums.tsv": (expected / "sums.tsv").read_bytes()}
    told = program(tmp_path / "report.py").table((expected / "sums.tsv").read_text())
    assert told == (expected / "report.txt").read_text().splitlines()


@pytest.mark.deep
def test_a_search_by_scikit_learn(science, here, program, capsys):
    folder = EXAMPLES / "python-search"
    program(folder / "search.py").main()
    assert capsys.readouterr().out == (folder / "expected.txt").read_text()
