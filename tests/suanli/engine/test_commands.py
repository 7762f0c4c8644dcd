"""`suanli task run` as somebody at a terminal sees it."""

import hashlib
import json

import pytest
from click.testing import CliRunner

from suanli.cli import cli
from suanli.engine import Runtime, runtime_id
from tests.suanli.engine.conftest import MODULES, command


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def suanli(cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def call(*arguments, stdin=None):
        return CliRunner().invoke(cli, ["task", "run", *map(str, arguments)], input=stdin)

    return call


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


LIBC = MODULES / "libc.wasm"


def module(write, body, **rest):
    return write("module.wasm", command(body, **rest).code)


WRITES = (
    "(call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 13)"
    " (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 64)))"
)
"""Makes the file outputs/x.csv, in a folder that must be there."""


def test_gives_empty_folders(suanli, write, tmp_path):
    name = '(data (i32.const 0) "outputs/x.csv")'
    program = module(write, WRITES, imports="path_open", data=name)
    without = suanli(program)
    assert "exited with code 44" in without.stderr  # there is no such entry
    got = suanli(program, "--dir", "outputs", "--dir", "logs", "--out", tmp_path / "out")
    assert got.exit_code == 0, got.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["outputs"]
    assert (tmp_path / "out" / "outputs" / "x.csv").read_bytes() == b""
    wrong = suanli(program, "--dir", "outputs/")
    assert wrong.exit_code == 2
    assert (
        "folder path must be relative and normalized, such as outputs: 'outputs/'" in wrong.stderr
    )


def test_follows_no_link_that_is_already_there(suanli, write, tmp_path):
    name = '(data (i32.const 0) "outputs/x.csv")'
    program = module(write, WRITES, imports="path_open", data=name)
    out, mine = tmp_path / "out", write("mine.csv", b"mine")
    (out / "outputs").mkdir(parents=True)
    (out / "outputs" / "x.csv").symlink_to(mine)
    got = suanli(program, "--dir", "outputs", "--out", out)
    assert got.exit_code == 1
    assert "x.csv' is a link, which may lead anywhere: nothing was written" in got.stderr
    assert "outcome     exited with code 0" in got.stderr
    assert mine.read_bytes() == b"mine"


def test_runs_a_program_and_keeps_its_files(suanli, write, tmp_path):
    data = write("table.csv", b"x,y\n")
    out = tmp_path / "out" / "here"
    options = ("--input", f"inputs/data.csv={data}", "--env", "NAME=a=b", "--stdin", "-")
    got = suanli(LIBC, *options, "--out", out, "--", "--first", "second", stdin="typed\n")
    assert got.exit_code == 3, got.output
    lines = got.stdout.splitlines()
    assert lines[:5] == [
        "argument task",
        "argument --first",
        "argument second",
        "NAME=a=b",
        "stdin: typed",
    ]
    assert "outcome     exited with code 42" in got.stderr
    assert "units" in got.stderr
    assert hashlib.sha256(b"one 1\n").hexdigest() in got.stderr
    assert (out / "out" / "b.txt").read_bytes() == b"one 1\n"
    assert "--out to keep" not in got.stderr


def test_shows_a_trace(suanli, write):
    program = module(write, "(call $proc_exit (i32.const 0))")
    fuel = int(json.loads(suanli(program, "--json").stdout)["fuel"])
    told = json.loads(suanli(program, "--json", "--trace", fuel).stdout)
    assert len(told["trace"]) == 64
    assert f"trace       {told['trace']}" in suanli(program, "--trace", fuel).stderr
    beyond = suanli(program, "--trace", fuel + 1)
    assert beyond.exit_code == 1
    assert "outcome     exited with code 0" in beyond.stderr
    assert f"it ended after {fuel} fuel, before {fuel + 1}" in beyond.stderr
    assert suanli(program, "--trace", 0).exit_code == 1


def test_by_the_runtime_that_is_named(suanli, write):
    program = module(write, "(call $proc_exit (i32.const 0))")
    for named in Runtime:
        told = json.loads(suanli(program, "--runtime", named, "--json").stdout)
        assert told["runtime"] == runtime_id(named).hex()
    assert "is not one of 'fast', 'portable'" in suanli(program, "--runtime", "quick").stderr


def test_json(suanli, write):
    data = write("table.csv", b"x,y\n")
    options = ("--input", f"inputs/data.csv={data}", "--env", "NAME=x", "--stdin", data)
    got = suanli(LIBC, *options, "--json")
    report = json.loads(got.stdout)
    assert (report["outcome"], report["exit_code"], got.exit_code) == ("exited", 42, 3)
    assert int(report["units"]) == -(-int(report["fuel"]) // 10**6)
    assert report["runtime"] == runtime_id().hex()
    assert report["module"] == hashlib.sha256(LIBC.read_bytes()).hexdigest()
    assert report["stderr"] == {
        "bytes": 5,
        "sha256": hashlib.sha256(b"done\n").hexdigest(),
        "text": "done\n",
    }
    assert report["files"]["out/b.txt"]["bytes"] == 6


@pytest.mark.parametrize(
    ("body", "options", "code"),
    [
        ("", (), 0),
        ("(call $proc_exit (i32.const 7))", (), 3),
        ("unreachable", (), 4),
        ("(loop (br 0))", ("--limit", "fuel=10m"), 4),
        ("", ("--limit", "memory=0"), 5),
    ],
)
def test_exit_codes(suanli, write, body, options, code):
    assert suanli(module(write, body), *options).exit_code == code


def test_what_is_not_a_module(suanli, write):
    got = suanli(write("x", b"int main() {}"))
    assert got.exit_code == 5
    assert "not a WebAssembly core module" in got.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--input", "a"), "NAME=VALUE"),
        (("--input", "../a={file}"), "relative and normalized"),
        (("--env", "=b"), "NAME=VALUE"),
        (("--env", "A=b", "--env", "A=c"), "twice"),
        (("--limit", "time=5"), "no limit 'time'; there are fuel"),
        (("--limit", "fuel=many"), "whole number such as"),
        (("--limit", "fuel=-5"), "whole number such as"),
        (("--limit", "fuel=0"), "from 1 to"),
        (("--limit", "memory=5Gi"), "limit memory must be"),
        (("--limit", "fuel=5kk"), "whole number such as"),
        (("--stdin", "no-such-file"), "No such file"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_command_lines(suanli, write, options, words):
    path = module(write, "")
    got = suanli(path, *(option.format(file=path) for option in options))
    assert got.exit_code == 2
    assert words in got.stderr
    assert "Traceback" not in got.output


def test_files_that_are_not_there(suanli, write, tmp_path):
    path = module(write, "")
    got = suanli(path, "--input", f"a={tmp_path}/missing")
    assert got.exit_code == 1
    assert "missing" in got.stderr
    assert suanli(tmp_path / "missing.wasm").exit_code == 2


def test_an_output_folder_that_can_not_be_made(suanli, write):
    path = module(write, "")
    got = suanli(path, "--out", path / "below")
    assert got.exit_code == 1
    assert "Error:" in got.stderr


@pytest.mark.parametrize(
    ("text", "fuel"), [("5", 5), ("2k", 2000), ("2ki", 2048), ("3M", 3 * 10**6), ("1Gi", 1 << 30)]
)
def test_suffixes(suanli, write, text, fuel):
    report = suanli(module(write, "(loop (br 0))"), "--limit", f"fuel={text}", "--json").stdout
    assert json.loads(report)["fuel"] == str(fuel)


def test_help_has_examples():
    got = CliRunner().invoke(cli, ["task", "run", "--help"])
    assert got.exit_code == 0
    assert "Examples:" in got.output
    assert "Exit codes:" in got.output
