"""`suanli job` as its user sees it, with the real engine."""

import json
from hashlib import sha256

import pytest
from click.testing import CliRunner
from wasmtime import wat2wasm

from suanli.cli import cli
from suanli.engine import UNIT, Runtime, runtime, runtime_id

# Copies stdin to stdout; ends with code 3 if there was none.
CAT = """
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\00\\80\\00\\00")
  (func (export "_start") (local $all i32)
    (loop $more
      (i32.store (i32.const 4) (i32.const 32768))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8))
        (then
          (local.set $all (i32.const 1))
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
          (br $more))))
    (if (i32.eqz (local.get $all)) (then (call $exit (i32.const 3))))))
"""

JOB = """
name = "copies"
module = "cat.wasm"
limits = { fuel = 20_000_000, memory = "1 MiB" }
[tasks]
split = "words.txt"
parts = 4
as = "stdin"
[gather]
kind = "concat"
to = "copy.txt"
"""

WORDS = b"".join(b"word %d\n" % number for number in range(5000))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(folder, cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    folder.write("cat.wasm", bytes(wat2wasm(CAT)))
    folder.write("words.txt", WORDS)
    folder.write("job.toml", JOB)
    monkeypatch.chdir(folder.path)
    return folder


def suanli(*args):
    done = CliRunner().invoke(cli, ["job", *args])
    # Nothing but a clean exit may end a command.
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_run_writes_the_result_and_says_what_it_cost(project):
    done = suanli("run", "--local", "job.toml", "--workers", "2")
    assert done.exit_code == 0, done.output
    assert (project.path / "out" / "copy.txt").read_bytes() == WORDS
    for part in ("tasks       4, 0 of them failed", "billed as 4 units", "on 2 workers"):
        assert part in done.stdout
    assert f"result      out/copy.txt, {len(WORDS):,} bytes" in done.stdout


def test_json_is_alone_on_stdout_and_the_same_again(project):
    runs = [
        json.loads(
            suanli("run", "--local", "job.toml", "--json", "--workers", w, "--out", "o").stdout
        )
        for w in ("1", "2")
    ]
    one, two = ({k: v for k, v in run.items() if k not in ("seconds", "workers")} for run in runs)
    assert one == two
    assert one["files"] == {"o/copy.txt": {"size": len(WORDS), "sha256": sha256(WORDS).hexdigest()}}
    assert (one["tasks"], one["failed"], one["outcomes"]) == (4, 0, {"exited": 4})
    assert 0 < int(one["fuel"]) <= int(one["units"]) * UNIT
    assert len(bytes.fromhex(one["root"])) == len(bytes.fromhex(one["digest"])) == 32


def test_the_salt_changes_every_digest_and_nothing_else(project):
    plain = json.loads(suanli("run", "--local", "job.toml", "--json").stdout)
    salted = json.loads(suanli("run", "--local", "job.toml", "--json", "--salt", "ab" * 32).stdout)
    assert plain["root"] != salted["root"]
    assert plain["digest"] != salted["digest"]
    assert (plain["fuel"], plain["files"]) == (salted["fuel"], salted["files"])


def test_a_failed_task_is_exit_code_1_and_gathers_nothing(project):
    project.write("empty")
    text = 'module="cat.wasm"\n[[tasks]]\nstdin="words.txt"\n[[tasks]]\nstdin="empty"\n'
    project.write("job.toml", text)
    done = suanli("run", "--local", "job.toml", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["failed_tasks"] == [1]
    assert "task 1 failed: exit code 3" in done.stderr
    assert "Nothing was gathered" in done.stderr
    assert not (project.path / "out").exists()


def test_check_explains(project):
    done = suanli("check", "job.toml")
    assert done.exit_code == 0, done.output
    for part in (
        "name        copies",
        runtime_id().hex(),
        "tasks       4, at most 80 units in all",
    ):
        assert part in done.stdout
    about = json.loads(suanli("check", "job.toml", "--json").stdout)
    assert (about["tasks"], about["units"], about["input_bytes"]) == (4, "80", len(WORDS))
    run = json.loads(suanli("run", "--local", "job.toml", "--json").stdout)
    assert about["digest"] == run["digest"]


@pytest.mark.parametrize("named", Runtime)
def test_the_file_names_the_runtime(project, named):
    project.write("job.toml", f'runtime = "{named}"\n' + JOB)
    assert f"runtime     {named}, {runtime_id(named).hex()}" in suanli("check", "job.toml").stdout
    done = suanli("run", "--local", "job.toml")
    assert done.exit_code == 0, done.output
    assert f" workers, {named}; tasks alone" in done.stdout
    assert (project.path / "out" / "copy.txt").read_bytes() == WORDS


def test_a_runtime_that_this_machine_can_not_run(project, monkeypatch):
    monkeypatch.setattr(runtime, "_CPUINFO", project.write("cpuinfo", b"flags : fpu sse2 avx\n"))
    assert suanli("check", "job.toml").exit_code == 0, "without a word the one that can be run"
    project.write("job.toml", 'runtime = "fast"\n' + JOB)
    for command in (["check"], ["run", "--local"], ["estimate"]):
        done = suanli(*command, "job.toml")
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: this processor lacks abm, avx2, bmi1")
        advice = 'choose the runtime portable (job file: runtime = "portable")\n'
        assert done.stderr.endswith(f"which the runtime fast uses: {advice}")


def test_check_compiles_the_module(project):
    project.write("cat.wasm", b"not wasm")
    done = suanli("check", "job.toml")
    assert done.exit_code == 1
    assert "cat.wasm: the engine refuses this module" in done.stderr


@pytest.mark.parametrize("command", [["check"], ["run", "--local"]])
def test_mistakes_in_the_file_are_exit_code_1(project, command):
    project.write("job.toml", JOB.replace("parts = 4", "parts = 0").replace("concat", "magic"))
    done = suanli(*command, "job.toml")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Error: job.toml:7:1: tasks.parts: must be from 1 to 100000",
        "job.toml:10:1: gather.kind: must be one of files, concat, sum, program",
    ]
    assert suanli(*command, "none.toml").exit_code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["run", "job.toml"],
        ["run", "--local"],
        ["run", "job.toml", "--channel"],
        ["run", "job.toml", "--channel", "--local"],
        ["run", "job.toml", "--channel", "--budget", "5", "--detach"],
        ["run", "job.toml", "--channel", "--budget", "5", "--audit", "2"],
        ["run", "--local", "job.toml", "--workers", "0"],
        ["run", "--local", "job.toml", "--salt", "abc"],
        ["check", "job.toml", "--salt", "ab"],
        ["check"],
        ["bake", "job.toml"],
    ],
)
def test_wrong_usage_is_exit_code_2(project, args):
    assert suanli(*args).exit_code == 2


@pytest.mark.parametrize("command", ["check", "run"])
def test_help_has_examples(command):
    done = suanli(command, "--help")
    assert done.exit_code == 0
    assert "Examples:\n    suanli job " + command in done.stdout


def test_a_file_in_the_way_of_the_result(project):
    project.write("out/copy.txt/in-the-way")
    done = suanli("run", "--local", "job.toml")
    assert done.exit_code == 1
    assert "is a folder, and the result has a file there: nothing was written" in done.stderr
