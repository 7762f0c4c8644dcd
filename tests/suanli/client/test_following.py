"""Jobs that go on without their terminal, are followed from another, raised and cancelled."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.base.locking import held, is_held
from suanli.cli.job_folder import followed
from suanli.client import BudgetTooSmall, Filing, InvalidAmount, Ledger
from suanli.client.jobs import JobState, find, summary
from suanli.client.records import Fault, FilingStage
from tests.suanli.client.conftest import BOB, World, finish
from tests.suanli.client.test_commands import Shell

LIMIT = 60.0


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


def test_a_budget_that_was_too_small_is_raised(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    client = world.client()
    run = client.submit(world.job(4), budget="5")
    with closing(run), pytest.raises(BudgetTooSmall, match=f"suanli job resume {run.id} --budget"):
        list(run.events())
    assert summary(run.folder).state is JobState.FAILED
    assert "the budget is 5 SLT" in summary(run.folder).failure
    with closing(client.run(run.id)) as again:
        for wrong in ("5", "4"):
            with pytest.raises(BudgetTooSmall, match="has a budget of 5 SLT: name a greater one"):
                again.raise_budget(wrong)
        with pytest.raises(InvalidAmount):
            again.raise_budget("much")
        again.raise_budget("500")
        list(again.events())
        assert again.done
    assert summary(run.folder).state is JobState.DONE
    assert (summary(run.folder).budget, summary(run.folder).failure) == (500 * 10**18, "")
    told = shell("job", "resume", run.id, "--budget", "1")
    assert (told.exit_code, "name a greater one" in told.stderr) == (1, True)


def test_a_finished_job_is_not_cancelled(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    finish(run)
    told = shell("job", "cancel", run.id)
    assert told.exit_code == 0, told.output
    assert f"job {run.id} is done and paid: nothing is left to cancel" in told.stderr
    (listed,) = json.loads(shell("job", "list", "--json").stdout)
    assert (listed["state"], listed["cost"]) == ("done", str(world.spent()))
    again = json.loads(
        shell("job", "status", run.id, "--json", SUANLI_PRIVATE_KEY="nonsense").stdout
    )
    assert (again["job"], again["state"], again["cancelled"]) == (run.id, "done", False)
    assert shell("job", "results", run.id, "--out", world.folder / "out").exit_code == 0


def test_what_is_left_in_the_market_is_said(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    finish(run)
    left = world.market.account_of(run.session.account.address).available
    assert left > 0
    told = shell("job", "resume", run.id, "--out", world.folder / "out")
    assert f"left        {run.session.show(left)} available in the market" in told.stdout
    assert "suanli market withdraw takes it out" in told.stdout


def test_a_log_is_followed_until_nobody_runs_the_job(world: World) -> None:
    run = world.client().submit(world.job(2), budget="500")
    with held(run.folder / "lock", "1", lambda _: AssertionError()):  # type: ignore[arg-type]
        run.tell("one", "two")
        lines = followed(run.folder)
        assert [next(lines)[9:], next(lines)[9:]] == ["one", "two"]
        run.tell("three")
        assert next(lines)[9:] == "three"
        run.tell("four")
    assert [line[9:] for line in lines] == ["four"]
    run.close()


def test_watching_a_job_that_nobody_runs_says_what_became_of_it(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    waiting = shell("job", "watch", run.id)
    assert waiting.exit_code == 1
    assert f"job {run.id} is waiting: 0 of 2 tasks done, cost 0 SLT" in waiting.stdout
    assert f"suanli job resume {run.id}" in waiting.stderr
    finish(run)
    done = shell("job", "watch", run.id[:5])
    assert done.exit_code == 0
    begun, *_, last = done.stdout.splitlines()
    assert begun[9:] == f"begun by process {os.getpid()}"
    assert last.startswith(f"job {run.id} is done: 2 of 2 tasks done, cost ")
    assert any("results of 0x" in line for line in done.stdout.splitlines())


def test_a_detached_job_outlives_its_terminal(world: World, shell: Shell) -> None:
    """Started in a session whose end kills all that is left in it."""
    command = [sys.executable, "-m", "suanli", "job", "run", str(world.job(2)), "--detach"]
    command += ["--budget", "500", "--state", str(world.folder / "state"), "--json"]
    started = subprocess.run(
        command,
        env=os.environ | shell.where,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
        timeout=LIMIT,
    )
    told = json.loads(started.stdout)
    folder = find(world.folder / "state", told["job"])
    assert told["log"] == str(folder / "log")
    assert os.getsid(told["pid"]) == told["pid"], "a session of its own, without a terminal"
    lines = followed(folder)
    seen = [next(lines)]
    # There is no miner: it waits for one, or says that there is none.
    seen += lines
    text = "\n".join(seen)
    assert "nobody takes 2 of the tasks" in text, text
    assert summary(folder).state is JobState.FAILED


def test_a_job_is_removed_once_nothing_is_open(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    happening = run.events()
    while not run.live():
        next(happening)
    assert "is being run by another process" in shell("job", "remove", run.id).stderr
    happening.close()
    assert "has 1 open deals" in shell("job", "remove", run.id).stderr
    finish(run)
    with closing(Ledger(run.folder / "job.sqlite")) as ledger:
        filing = Filing(0, 0, Fault(bytes(32), 1), FilingStage.FILED, 1, 5)
        ledger.save(filings=[filing])
        assert "has a case before a court" in shell("job", "remove", run.id).stderr
        ledger.save(filings=[replace(filing, stage=FilingStage.CLOSED, end="upheld")])
    assert shell("job", "remove", run.id).exit_code == 0
    assert not run.folder.exists()
    assert "no one job" in shell("job", "status", run.id).stderr


def test_jobs_that_can_t_be_read_hide_no_others(world: World, shell: Shell) -> None:
    """Such as another version's, and a damaged one."""
    runs = [world.client().submit(world.job(1), budget="5") for _ in range(3)]
    for run in runs:
        run.close()
    with closing(sqlite3.connect(runs[0].folder / "job.sqlite")) as database:
        database.execute("PRAGMA user_version = 77")
        database.commit()
    for path in runs[1].folder.glob("job.sqlite*"):
        path.write_bytes(b"damaged " * 1_000)
    told = shell("job", "list", "--json")
    assert [job["job"] for job in json.loads(told.stdout)] == [runs[2].id]
    assert f"job {runs[0].id} is passed over: " in told.stderr
    assert "was written by a newer version of suanli" in told.stderr
    assert f"job {runs[1].id} is passed over: " in told.stderr
    assert shell("market", "deals").exit_code == 0
    status = shell("job", "status", runs[0].id)
    assert (status.exit_code, "go on with that version" in status.stderr) == (1, True)


def test_a_lock_that_is_only_looked_at_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with held(path, "me", lambda holder: OSError(holder)):  # type: ignore[arg-type,return-value]
        assert is_held(path)
        with pytest.raises(OSError, match="me"), held(path, "you", OSError):  # type: ignore[arg-type]
            pass
    assert not is_held(path)
