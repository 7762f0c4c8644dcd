"""What a job's tasks left can be had, however the others ended: it was paid for."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from suanli.client import Client, Run
from suanli.client.results import Results
from suanli.engine import Result
from tests.harness.doubles import FakeExecutor, exited
from tests.suanli.client.conftest import BOB, World, finish
from tests.suanli.client.test_commands import Shell

FILES = """
module = "program.wasm"
limits = { fuel = 10_000_000, file_bytes = 1024 }
tasks = { count = 3, args = ["{index}"] }
gather = { kind = "files" }
"""


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


def one_fails(task: Any) -> Result:
    number = int(task.args[0])
    if number == 2:
        return exited(b"half\n", code=7, stderr=b"it \x1b[2J broke\n")
    return exited(b"task %d\n" % number)


def same_name(task: Any) -> Result:
    return exited(files={"out.txt": task.args[0].encode()})


def ended(world: World, program: Any, text: str | None = None, **changes: Any) -> Run:
    """A job that ran to its end, open once more."""
    world.miner(BOB, program=program).join()
    client = world.client(executor=lambda _: nullcontext(FakeExecutor(program=program)), **changes)
    file = world.job(4)
    if text:
        file.write_text(text)
    finish(run := client.submit(file, budget="500"))
    return client.run(run.id)


def test_one_of_four_fails(world: World, shell: Shell) -> None:
    with closing(ended(world, one_fails)) as run:
        told = shell("job", "results", run.id, "--out", world.folder / "out")
        assert told.exit_code == 1
        assert "task 2 failed: exit code 7: it \\x1b[2J broke" in told.stderr
        assert f"suanli job results {run.id} --partial" in told.stderr
        assert f"suanli job logs {run.id} 2  shows what task 2 printed" in told.stderr
        assert not (world.folder / "out").exists()
        partial = shell("job", "results", run.id, "--partial", "--out", world.folder / "out")
        assert partial.exit_code == 0, partial.output
        assert (world.folder / "out" / "all.txt").read_bytes() == b"task 0\ntask 1\ntask 3\n"
        assert run.files(partial=True) == {"all.txt": b"task 0\ntask 1\ntask 3\n"}
        (listed,) = json.loads(shell("job", "list", "--json").stdout)
        assert (listed["state"], listed["done"], listed["failed"]) == ("failed", 4, 1)


def test_two_tasks_write_one_name(world: World, shell: Shell) -> None:
    with closing(ended(world, same_name, FILES)) as run:
        out = world.folder / "out"
        told = shell("job", "results", run.id, "--out", out)
        assert told.exit_code == 1
        assert "tasks 0 and 1 both wrote out.txt" in told.stderr
        assert f"suanli job results {run.id} --by-task" in told.stderr
        told = shell("job", "results", run.id, "--by-task", "--out", out)
        assert told.exit_code == 0
        assert told.output.split() == [str(out / f"task-{number}") for number in range(3)]
        found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
        kept = ("files/out.txt", "stdout", "stderr", "result.json")
        assert found == {f"task-{number}/{name}" for number in range(3) for name in kept}
        assert (out / "task-1" / "files" / "out.txt").read_bytes() == b"1"


def test_one_task_alone(world: World, shell: Shell) -> None:
    with closing(ended(world, one_fails)) as run:
        out = world.folder / "out"
        told = shell("job", "results", run.id, "--task", 2, "--out", out, "--json")
        assert json.loads(told.stdout) == {"job": run.id, "files": [str(out / "task-2")]}
        assert json.loads((out / "task-2" / "result.json").read_text()) == {
            "outcome": "exited",
            "exit_code": 7,
            "detail": "",
            "units": "3",
        }
        assert (out / "task-2" / "stdout").read_bytes() == b"half\n"
        printed = shell("job", "logs", run.id, 2)
        assert (printed.stdout, printed.stderr) == ("half\n", "it \x1b[2J broke\n")
        assert "the tasks 0 to 3, no 4" in shell("job", "logs", run.id, 4).stderr
        both = shell("job", "results", run.id, "--task", 2, "--partial")
        assert (both.exit_code, "choose one" in both.stderr) == (2, True)


def test_results_ask_neither_chain_nor_account(world: World, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> Client:
        raise AssertionError("not needed")

    with closing(ended(world, one_fails)) as run:
        monkeypatch.setattr("suanli.client.connecting.connect", refuse)
        with Results(run.folder) as found:
            assert [kept.ok for kept, _ in found] == [True, True, False, True]
            assert found.save_tasks(world.folder / "out", [0]) == [
                Path(world.folder / "out" / "task-0")
            ]


def test_a_job_that_is_not_done_gives_what_it_has(world: World, shell: Shell) -> None:
    run = world.client().submit(world.job(2), budget="5")
    run.close()
    told = shell("job", "results", run.id, "--partial")
    assert (told.exit_code, "no task has a good result yet" in told.stderr) == (1, True)
    assert "has no accepted result yet" in shell("job", "logs", run.id, 0).stderr
