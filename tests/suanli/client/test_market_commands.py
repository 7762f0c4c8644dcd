"""`suanli market` and `suanli account balance`: what is there, and the way in and out."""

from __future__ import annotations

import json
import re

import pytest

from suanli.base.locking import is_held
from suanli.chain import Token
from suanli.engine import runtime_ids
from tests.harness.doubles import RUNTIME
from tests.harness.local_chain import ALICE
from tests.suanli.client.conftest import BOB, CAROL, TOKEN, World, finish
from tests.suanli.client.test_commands import Shell


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


def ask(shell: Shell, *arguments: str) -> list[list[str]]:
    """A table's cells."""
    told = shell(*arguments, state=False)
    assert told.exit_code == 0, told.output
    return [re.split(r" {2,}", line.strip()) for line in told.stdout.splitlines()]


def test_offers_cheapest_first(world: World, shell: Shell) -> None:
    world.miner(BOB).join(ask=2 * TOKEN, capacity=500)
    world.miner(CAROL).join(capacity=2_000, runtimes=runtime_ids())
    head, first, second = ask(shell, "market", "offers")
    assert head[:4] == ["miner", "ask", "free units", "units/s"]
    assert first[:4] == [CAROL.address, "1", "2,000", "5"]
    assert second[:4] == [BOB.address, "2", "500", "5"]
    told = json.loads(shell("market", "offers", "--json", state=False).stdout)
    assert [(o["miner"], o["ask"], o["free"]) for o in told] == [
        (CAROL.address, str(TOKEN), "2000"),
        (BOB.address, str(2 * TOKEN), "500"),
    ]
    ends = [row[-2] for row in (head, first, second)]
    assert ends == ["runtimes", "fast, portable", f"{RUNTIME.hex()[:16]}…"]
    assert told[0]["runtimes"] == [runtime.hex() for runtime in runtime_ids()]
    assert (told[1]["runtimes"], told[1]["workers"], told[1]["completed"]) == (
        [RUNTIME.hex()],
        1,
        0,
    )
    by_chain = ask(shell, "market", "offers", "--relay", "")
    assert [row[:4] for row in by_chain[1:]] == [[*first[:3], "?"], [*second[:3], "?"]]
    (line,) = ask(shell, "market", "offers", "--resource", "2")
    assert line == ["nobody offers class 2 now"]


def test_prices_need_no_account(world: World, shell: Shell) -> None:
    world.miner(BOB).join(capacity=500)
    told = shell("market", "prices", "--json", state=False, SUANLI_PRIVATE_KEY="nonsense")
    first, *others = json.loads(told.stdout)
    assert (first["resource"], first["published"], first["sold_by"]) == (1, "500", "deals")
    assert first["price"] == str(world.market.price_of(1))
    assert others[-1]["sold_by"] == "channels"
    head, *rows = ask(shell, "market", "prices")
    assert head[0] == "class"
    assert len(rows) == world.market.resource_count()


def test_money_goes_in_and_out(world: World, shell: Shell) -> None:
    wallet = Token(world.node, world.market.token()).balance_of
    before = wallet(ALICE.address)
    told = shell("market", "deposit", "1,000.5", state=False)
    assert (
        told.stdout == "deposited 1,000.5 SLT; in the market 1,000.5 SLT available, 0 SLT locked\n"
    )
    assert before - wallet(ALICE.address) == 1_000 * TOKEN + TOKEN // 2
    told = shell("market", "withdraw", "0.5", "--to", CAROL.address, "--json", state=False)
    assert json.loads(told.stdout) == {
        "value": str(TOKEN // 2),
        "available": str(1_000 * TOKEN),
        "locked": "0",
    }
    told = shell("market", "withdraw", state=False)
    assert told.stdout == "withdrawn 1,000 SLT; in the market 0 SLT available, 0 SLT locked\n"
    assert before - wallet(ALICE.address) == TOKEN // 2
    nothing = shell("market", "withdraw", state=False)
    assert (nothing.exit_code, nothing.stdout[:15]) == (0, "withdrawn 0 SLT")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("deposit", "much"), "is no amount of tokens"),
        (("deposit", "1e30"), "is no amount of tokens|less than"),
        (("withdraw", "5"), "InsufficientAvailable|has 0|available"),
        (("withdraw", "--to", "garbage"), "is no address"),
        (("offers", "--market", "garbage"), "'garbage' is no address of a contract"),
        (("offers", "--relay", "nonsense"), "such as http://127.0.0.1:8646"),
        (("offers", "--rpc", "nonsense"), "such as http://127.0.0.1:8545"),
    ],
)
def test_mistakes(shell: Shell, arguments: tuple[str, ...], why: str) -> None:
    told = shell("market", *arguments, state=False)
    assert told.exit_code == 1, told.output
    assert re.search(why, told.stderr), told.stderr
    assert isinstance(told.exception, SystemExit)


def test_deals_of_all_jobs(world: World, shell: Shell) -> None:
    assert shell("market", "deals").stdout.startswith("no deals yet")
    miner = world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    finish(run)
    miner.takes = False
    other = world.client().submit(world.job(1), budget="500")
    happening = other.events()
    while not other.live():
        next(happening)
    assert is_held(other.folder / "lock")
    deals = json.loads(shell("market", "deals", "--json").stdout)
    assert [(d["job"], d["number"], d["tasks"], d["state"]) for d in deals] == [
        (run.id, 0, 2, "settled"),
        (other.id, 0, 1, "signed"),
    ]
    assert deals[0]["cost"] == str(world.spent())
    (left,) = json.loads(shell("market", "deals", "--open", "--json").stdout)
    assert left["job"] == other.id
    assert len(shell("market", "deals").stdout.splitlines()) == 3
    happening.close()
    other.close()


def test_balance(world: World, shell: Shell) -> None:
    world.miner(BOB).join(capacity=100)
    mine = json.loads(shell("account", "balance", "--json", state=False).stdout)
    assert mine["address"] == ALICE.address
    assert (mine["available"], mine["locked"]) == ("0", "0")
    assert int(mine["wei"]) == world.node.balance(ALICE.address)
    assert "stake" not in mine
    theirs = json.loads(shell("account", "balance", BOB.address, "--json", state=False).stdout)
    assert (theirs["stake"], theirs["earnings"]) == (str(200 * TOKEN), "0")
    text = shell("account", "balance", BOB.address, state=False).stdout
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:]}
    assert rows["stake"] == ["200", "SLT"]
    assert set(rows) == {"ether", "wallet", "available", "locked", "stake", "earnings"}


def test_a_dry_run_without_offers_says_so(world: World, shell: Shell) -> None:
    told = shell("job", "run", world.job(2), "--dry-run")
    assert told.exit_code == 0
    assert "2 tasks must wait for a miner: nobody offers this class now" in told.stdout
    world.miner(BOB).join(runtimes=(b"\x77" * 32,))
    told = shell("job", "run", world.job(2), "--dry-run")
    assert "2 tasks must wait for an offer that fits" in told.stdout
