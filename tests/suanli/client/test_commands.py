"""The commands and the Python example, and what they say about bad input: message and exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import suanli
from suanli.cli import cli
from suanli.client import DuplicateJob, Options
from suanli.client.errors import ClientError
from suanli.engine import runtime_id
from suanli.job import load
from tests.harness.doubles import RUNTIME
from tests.suanli.client.conftest import ALICE, BOB, CAROL, World, finish

KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
"""Alice's; the whole world knows it."""


class Shell:
    """Calls `suanli`, connected to a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.where = {
            "SUANLI_RPC": world.url,
            "SUANLI_MARKET": world.market.address,
            "SUANLI_RELAY": world.broker.url,
            "SUANLI_PRIVATE_KEY": KEY,
            "SUANLI_SENT": str(world.folder / "sent"),
            "SUANLI_STATE": str(world.folder / "state"),
        }

    def __call__(self, *arguments: Any, state: bool = True, **changes: str) -> Result:
        """`state`: the command takes the flag."""
        given = [str(argument) for argument in arguments]
        given += ["--state", str(self.world.folder / "state")] if state else []
        return CliRunner().invoke(cli, given, env=self.where | changes)


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


def test_the_documented_example_runs(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.miner(BOB).join()
    world.job(3)
    page = (Path(__file__).parents[3] / "docs" / "requesting.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    asked = {}

    def connect(rpc: str, **where: Any) -> Any:
        asked.update(where, rpc=rpc)
        return world.client()

    monkeypatch.setattr("suanli.client.connect", connect)
    monkeypatch.chdir(world.folder)
    exec(compile(example, "docs/requesting.md", "exec"), {})
    assert asked.keys() == {"rpc", "market", "relay", "account"}
    assert (world.folder / "out" / "all.txt").read_bytes() == b"task 0\ntask 1\ntask 2\n"
    told = capsys.readouterr().out
    assert f"0 True 3 {BOB.address}" in told
    assert len([line for line in example.splitlines() if line]) <= 10


def test_connect_is_exported() -> None:
    from suanli.client import connect

    assert suanli.connect is connect
    with pytest.raises(AttributeError):
        _ = suanli.nothing  # type: ignore[attr-defined]


def test_a_dry_run_moves_nothing(world: World, shell: Shell) -> None:
    world.miner(BOB).join(runtimes=(runtime_id(),))
    told = shell("job", "run", world.job(4), "--dry-run", "--budget", "1")
    assert told.exit_code == 0, told.output
    assert "4 tasks" in told.output
    assert "the budget of 1 does not reach" in told.output
    about = json.loads(shell("job", "run", world.job(4), "--dry-run", "--json").stdout)
    assert (about["units"], about["runtime"]) == ("40", runtime_id().hex())
    assert "\nruntime     fast\n" in told.output
    assert about["parts"][0]["miner"] == BOB.address
    assert world.spent() == 0
    assert shell("job", "list").output.startswith("no jobs yet")


def test_nobody_takes_it(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    told = shell("job", "run", world.job(4), "--budget", "100")
    assert told.exit_code == 1
    assert "only, the job is for fast" in told.stderr
    assert "suanli job resume" in told.stderr
    (listed,) = json.loads(shell("job", "list", "--json").stdout)
    assert (listed["done"], listed["tasks"]) == (0, 4)
    assert "4 tasks wait for a miner" in shell("job", "status", listed["job"]).output
    assert shell("job", "results", listed["job"]).exit_code == 1
    assert shell("job", "cancel", listed["job"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        ((), 2, "say where"),
        (("--budget", "0"), 1, "no amount of tokens"),
        (("--budget", "a lot"), 1, "no amount of tokens"),
        (("--budget", "1", "--audit", "2"), 1, "from 0 to 1"),
        (("--budget", "1", "--duration", "1"), 1, "duration is from 60"),
        (("--budget", "1", "--resource", "9"), 1, "no resource class 9"),
        (("--budget", "1", "--resource", "3"), 1, "not sold by deals"),
        (("--budget", "1", "--max-price", "-1"), 1, "no amount of tokens"),
        (("--local", "--budget", "1"), 2, "costs nothing"),
        (("--budget", "1e999999999"), 1, "no amount of tokens"),
        (("--budget", "1", "--max-price", "1e999999999"), 1, "no amount of tokens"),
        (("--budget", "1", "--max-price", "1e50"), 1, "is at most"),
        (("--budget", "1", "--slippage", "nan"), 1, "slippage is from 0"),
        (("--budget", "1", "--slippage", "inf"), 1, "slippage is from 0"),
        (("--budget", "1", "--audit", "nan"), 1, "from 0 to 1"),
        (("--budget", "1", "--patience", "nan"), 1, "patience is from 0"),
        (("--budget", "1", "--patience", "inf"), 1, "patience is from 0"),
        (("--dry-run", "--relay", "http://[::1"), 1, "is no URL of the relay"),
        (("--dry-run", "--relay", "http://a\0b"), 1, "is no URL of the relay"),
        (("--dry-run", "--rpc", "http://x:99999999"), 1, "is no URL of the rpc"),
        (("--dry-run", "--rpc", "nonsense"), 1, "is no URL of the rpc"),
    ],
)
def test_wrong_flags(
    world: World, shell: Shell, arguments: tuple[str, ...], code: int, why: str
) -> None:
    told = shell("job", "run", world.job(2), *arguments)
    assert (told.exit_code, why in told.stderr) == (code, True), told.output
    assert isinstance(told.exception, SystemExit), "no traceback"
    assert not list((world.folder / "state").glob("jobs/*")), "no folder is left"


def test_a_wrong_job_file(world: World, shell: Shell) -> None:
    file = world.folder / "wrong.toml"
    file.write_text('module = "missing.wasm"\nfoo = 1\ntasks = { count = 0 }\n')
    told = shell("job", "run", file, "--budget", "1")
    assert told.exit_code == 1
    assert f"{file}:1:1: module" in told.stderr
    assert f"{file}:2:1: foo" in told.stderr


def test_a_job_file_nested_too_deeply(world: World, shell: Shell) -> None:
    file = world.folder / "deep.toml"
    file.write_text("module = " + "[" * 3_000 + "]" * 3_000)
    told = shell("job", "run", file, "--budget", "1")
    assert (told.exit_code, "nested too deeply" in told.stderr) == (1, True), told.output


def test_the_same_job_twice(world: World) -> None:
    world.miner(BOB).join()
    job = load(world.job(1), runtime=RUNTIME, salt=bytes(32))
    client = world.client()
    run = client.submit(job, budget="100")
    finish(run)
    with pytest.raises(DuplicateJob, match=f"suanli job resume {run.id}"):
        client.submit(job, budget="100")


def test_jobs_of_other_accounts_are_listed_too(world: World, shell: Shell) -> None:
    world.client().submit(world.job(1), budget="5").close()
    world.client(account=CAROL).submit(world.job(2), budget="5").close()
    told = shell("job", "list")
    assert told.exit_code == 0
    head, ours, theirs = (re.split(r" {2,}", line) for line in told.output.splitlines())
    assert head == ["job", "begun", "state", "done", "cost", "account", "name"]
    assert ours[2:-1] == ["waiting", "0/1", "0 SLT", ALICE.address[:10]]
    assert theirs[2:-1] == ["waiting", "0/2", "0 SLT", CAROL.address[:10]]


def test_a_cancelled_job_says_so(world: World, shell: Shell) -> None:
    run = world.client().submit(world.job(2), budget="5")
    run.close()
    assert shell("job", "cancel", run.id).exit_code == 0
    assert "cancelled: nothing more is placed" in shell("job", "status", run.id).output
    assert json.loads(shell("job", "status", run.id, "--json").stdout)["cancelled"] is True
    told = shell("job", "resume", run.id)
    assert told.exit_code == 1
    assert "was cancelled; 0 of 2 tasks are done" in told.stderr
    assert f"suanli job results {run.id} --partial" in told.stderr
    assert "job resume" not in told.stderr
    assert [job["state"] for job in json.loads(shell("job", "list", "--json").stdout)] == [
        "cancelled"
    ]


def test_a_task_beyond_the_class(world: World, shell: Shell) -> None:
    file = world.job(2)
    file.write_text(file.read_text().replace("10_000_000", "200_000_000_000"))
    told = shell("job", "run", file, "--budget", "1")
    assert told.exit_code == 1
    assert "200,000 units, class 1 allows 100,000: lower fuel" in told.stderr


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"SUANLI_RPC": "http://127.0.0.1:1"}, "no answer from the node"),
        ({"SUANLI_MARKET": "0x" + "12" * 20}, "no contract"),
        ({"SUANLI_PRIVATE_KEY": "nonsense"}, "not a private key"),
        ({"SUANLI_RELAY": ""}, "--store"),
    ],
)
def test_a_wrong_connection(world: World, shell: Shell, changes: dict[str, str], why: str) -> None:
    told = shell("job", "run", world.job(2), "--budget", "1", **changes)
    assert told.exit_code == 1
    assert why in told.stderr


def test_an_empty_wallet_says_what_to_send(world: World, shell: Shell) -> None:
    world.miner(BOB).join(runtimes=(runtime_id(),))
    told = shell("job", "run", world.job(2), "--budget", "100", SUANLI_PRIVATE_KEY="11" * 32)
    assert told.exit_code == 1
    assert "holds 0 SLT" in told.stderr


def test_options_without_meaning() -> None:
    for wrong in ({"slippage_bps": -1}, {"confirm_within": 1}):
        with pytest.raises(ClientError):
            Options(**wrong)
    options = Options(most_price=2**70, audit=0.5, duration=90)
    assert Options.from_json(json.loads(json.dumps(options.to_json()))) == options


def test_status_and_results_of_a_job_that_is_done(world: World, shell: Shell) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(3), budget="500")
    finish(run)
    told = shell("job", "status", run.id)
    assert "settled" in told.output
    assert "no task waits" in told.output
    out = world.folder / "out"
    assert shell("job", "results", run.id[:6], "--out", out).exit_code == 0
    assert (out / "all.txt").exists()
    assert json.loads(shell("job", "status", run.id, "--json").stdout)["done"] == 3
    assert ALICE.address == world.client().account.address


def test_ctrl_c_says_how_to_go_on(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_run: Any) -> Any:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("suanli.client.run.run.Run.events", interrupted)
    told = shell("job", "run", world.job(2), "--budget", "100")
    assert told.exit_code == 130
    assert "go on with: suanli job resume" in told.stderr
