"""`suanli rewards`: an epoch played by commands, and what they say about bad input."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suanli.chain import RewardPool, Sender, Token
from suanli.cli import cli
from suanli.deployment import TOKEN
from suanli.reputation import History, MarkKind, records
from tests.harness.local_chain import let_reward, trade
from tests.suanli.client.conftest import ALICE, BOB, CHEAP, CPU, World
from tests.suanli.client.test_commands import Shell

EPOCH, GRANT = 6_400, 500 * TOKEN
SETTLING = EPOCH // 64
NOTHING_LEFT = "nothing is to be returned: of no epoch is anything left whose claims have ended"


class Rewards(Shell):
    """Calls `suanli rewards`, as Alice."""

    def __call__(self, *arguments: Any) -> Result:  # type: ignore[override]
        given = ["rewards", *map(str, arguments)]
        return CliRunner().invoke(cli, given, env=self.where)


def told(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.rstrip() for line in result.stdout.splitlines()]


def refused(result: Result) -> str:
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), "no traceback"
    return result.stderr.strip().removeprefix("Error: ")


@pytest.fixture
def say(world: World) -> Rewards:
    world.miner(BOB).join(capacity=100)
    return Rewards(world)


@pytest.fixture
def pool(world: World, say: Rewards) -> RewardPool:
    """The treasury of terms 2; it has been granted something."""
    return let_reward(world.market, EPOCH, GRANT)


def drawn(world: World, pool: RewardPool) -> None:
    """Epoch 0, in which Bob sold and was paid."""
    bob = Sender(world.node, BOB, fees=CHEAP, poll_every=0.01)
    until = world.node.head().time + 10 * EPOCH
    bob.execute(world.market.publish_offer(CPU, 100, TOKEN // 2, until, False))
    bob.execute(pool.read([1]))
    world.pass_time(SETTLING)
    bob.execute(pool.read([1]))
    trade(world.market, ALICE, BOB, units=10, terms=2)
    bob.execute(pool.read([1]))
    world.pass_time(EPOCH)
    bob.execute(pool.prepare_draw(0))
    world.chain.mine(6)
    bob.execute(pool.draw(0))


@pytest.mark.parametrize("later", [1, SETTLING, EPOCH])
def test_a_reading_has_gas_for_another_second_or_epoch(
    world: World, pool: RewardPool, later: int
) -> None:
    bob = Sender(world.node, BOB, fees=CHEAP, poll_every=0.01)
    until = world.node.head().time + 10 * EPOCH
    bob.execute(world.market.publish_offer(CPU, 100, TOKEN // 2, until, False))
    bob.execute(pool.read([1]))
    gas = bob.estimate(pool.read([1]))
    world.pass_time(later)
    bob.wait(bob.send(pool.read([1]), gas=gas))


def test_an_epoch_by_commands(world: World, say: Rewards, pool: RewardPool) -> None:
    Sender(world.node, BOB, fees=CHEAP, poll_every=0.01).execute(
        world.market.publish_offer(CPU, 100, TOKEN // 2, world.node.head().time + 10 * EPOCH, False)
    )
    assert told(say("read", 1))[1].split() == ["1", str(CPU), "0", "100"]
    world.pass_time(SETTLING)
    assert told(say("read", BOB.address))[1].split() == ["1", str(CPU), "100", "100"]
    trade(world.market, ALICE, BOB, units=10, terms=2)
    told(say("read", 1))
    (shown, limit) = json.loads(say("show", "--miner", 1, "--json").stdout), pool.limit_of(0, 1)
    assert (shown["pool"], int(shown["available"]), shown["epoch"]) == (pool.address, GRANT, 0)
    assert shown["seen"][0]["counted"] == "100"
    assert int(shown["limit"]) == limit > 0
    assert shown["rewards"] == []
    assert f"epoch 0 lasts until {pool.start_of(1)} " in refused(say("draw"))

    world.pass_time(EPOCH)
    (named,) = told(say("draw"))
    number = pool.epoch(0).seed_block
    assert named == (
        f"block {number} decides epoch 0: run this again once it is there, within 256 blocks"
    )
    assert f"block {number} decides the draw of epoch 0" in refused(say("draw", "--epoch", 0))
    world.chain.mine(6)
    (drawn,) = told(say("draw"))
    token = Token(world.node, world.market.token())
    assert drawn == (
        f"epoch 0 is drawn: {token.show(pool.epoch(0).granted)} for miners, each up to half of its"
        " fees"
    )
    reward = pool.reward_of(0, 1)
    assert 0 < reward <= limit
    assert told(say("show", "--miner", 1))[-1] == f"epoch 0: {token.show(reward)} to claim"
    before = token.balance_of(BOB.address)
    assert told(say("claim", 1)) == [f"miner 1, epoch 0: {token.show(reward)} paid"]
    assert token.balance_of(BOB.address) == before + reward
    assert told(say("claim", 1)) == ["miner 1 has nothing to claim"]

    with closing(History(world.market, None)) as history:
        assert history.read()
        fee, back = history.marks()
    assert (fee.kind, fee.miner, fee.requester) == (MarkKind.PAID, 1, ALICE.address)
    assert (back.kind, back.miner, back.amount) == (MarkKind.REWARDED, 1, reward)
    kept = 1 - reward / fee.amount
    assert records([fee, back], fee.time)[1].merit == pytest.approx(fee.amount / 2 * kept, rel=1e-3)


def test_what_the_pool_is(world: World, say: Rewards, pool: RewardPool) -> None:
    lines = told(say("show"))
    assert [line.split()[0] for line in lines] == [
        *("pool", "free", "reserved", "keeps", "epoch", "class", str(CPU))
    ]
    assert lines[3].endswith(" 50 %")
    assert lines[-1].split() == [str(CPU), "40"]


def test_where_there_is_no_pool(world: World, say: Rewards) -> None:
    treasury = world.market.terms_of(1).treasury
    assert refused(say("show")) == (
        f"the newest terms name {treasury}, which is no reward pool: name another with --pool"
    )
    assert refused(say("show", "--pool", world.market.address)) == (
        f"at {world.market.address} is no reward pool: name another with --pool"
    )
    assert refused(say("show", "--pool", "0x12")) == (
        "'0x12' can't be the reward pool: its address is 0x and 40 digits"
    )


@pytest.mark.parametrize(
    ("miner", "said"),
    [
        *(
            (word, "is neither a miner's number nor its address")
            for word in ("bob", "0", "-1", "²")
        ),
        (str(2**32), "is neither a miner's number nor its address"),
        ("7", "there is no miner 7 in this market"),
        (ALICE.address, "is no miner of this market: is the address right?"),
    ],
)
def test_who_is_no_miner(say: Rewards, pool: RewardPool, miner: str, said: str) -> None:
    assert refused(say("show", "--miner", miner)).endswith(said)


def test_what_nobody_claims_is_free_again(world: World, say: Rewards, pool: RewardPool) -> None:
    assert told(say("return-unclaimed")) == [NOTHING_LEFT]
    drawn(world, pool)
    reserved, free = pool.reserved(), pool.free()
    assert reserved > 0
    assert told(say("return-unclaimed")) == [NOTHING_LEFT]
    assert refused(say("return-unclaimed", "--epoch", 0)).startswith(
        "rewards of epoch 0 may be claimed until"
    )
    world.pass_time(4 * EPOCH + 1)
    token = Token(world.node, world.market.token())
    assert told(say("return-unclaimed")) == [f"epoch 0: {token.show(reserved)} are free again"]
    assert (pool.reserved(), pool.free()) == (0, free + reserved)
    assert told(say("return-unclaimed")) == [NOTHING_LEFT]


def test_anybody_grants(world: World, say: Rewards, pool: RewardPool) -> None:
    token = Token(world.node, world.market.token())
    held, show = token.balance_of(ALICE.address), token.show
    assert told(say("grant", "12.5")) == [
        f"{show(25 * TOKEN // 2)} granted; the pool now has {show(GRANT + 25 * TOKEN // 2)} free"
    ]
    assert token.balance_of(ALICE.address) == held - 25 * TOKEN // 2
    assert token.allowance(ALICE.address, pool.address) == 0
    assert refused(say("grant", "1000000000000")) == (
        f"{ALICE.address} holds {show(held - 25 * TOKEN // 2)}, less than {show(10**12 * TOKEN)}"
    )


def test_why_nothing_is_seen_of_a_miner(world: World, say: Rewards, pool: RewardPool) -> None:
    bob = Sender(world.node, BOB, fees=CHEAP, poll_every=0.01)
    bob.execute(world.market.withdraw_offer(CPU))
    assert told(say("show", "--miner", 1))[-1] == "class 1: it offers nothing now"
    until = world.node.head().time + EPOCH
    for ask, why in (
        (TOKEN, ["class 1: its ask of 1 is above the price of 0.95, and so is not rewarded"]),
        (TOKEN // 2, []),
    ):
        bob.execute(world.market.publish_offer(CPU, 100, ask, until, False))
        assert json.loads(say("show", "--miner", 1, "--json").stdout)["notes"] == why
    world.pass_time(EPOCH + 1)
    assert told(say("show", "--miner", 1))[-1] == "class 1: it offers nothing now"
