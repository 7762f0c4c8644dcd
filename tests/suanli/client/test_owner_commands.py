"""What owners of miners and accounts do by hand: payout, successor, epoch, pruning, releasing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suanli.chain import Sender
from suanli.cli import cli
from suanli.client import DealStage
from suanli.deployment import TOKEN
from suanli.protocol import Release, State, sign, signed_to_json
from tests.suanli.client.conftest import ALICE, BOB, CAROL, CHEAP, CPU, World
from tests.suanli.client.test_commands import Shell
from tests.suanli.client.test_identity_commands import KEYS

CAROLS = "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"


class Owner(Shell):
    """Calls `suanli` as somebody, without a folder of jobs."""

    def __call__(self, *arguments: Any, by: str = KEYS[BOB.address]) -> Result:  # type: ignore[override]
        env = self.where | {"SUANLI_PRIVATE_KEY": by}
        return CliRunner().invoke(cli, list(map(str, arguments)), env=env)


@pytest.fixture
def say(world: World) -> Owner:
    """Bob is miner 1, and its payout."""
    world.miner(BOB).join(capacity=100)
    return Owner(world)


def told(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def refused(result: Result, code: int = 1) -> str:
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), "no traceback"
    return result.stderr.strip().splitlines()[-1].removeprefix("Error: ")


def test_a_payout_names_another(world: World, say: Owner) -> None:
    assert told(say("miner", "payout", 1, CAROL.address)) == (
        f"stake and earnings of miner 1 go to {CAROL.address} from now on"
    )
    account = world.market.miner_account(BOB.address)
    assert account is not None
    assert account.payout == CAROL.address
    assert refused(say("miner", "payout", BOB.address, BOB.address)) == (
        f"only the payout of miner 1 may, {CAROL.address}: choose its key with --account"
    )
    assert "is no address" in refused(say("miner", "payout", 1, "0x12", by=CAROLS))
    assert "is no address" in refused(say("miner", "payout", 1, "0x" + 40 * "0", by=CAROLS))


def test_a_successor_takes_over(world: World, say: Owner) -> None:
    refusal = refused(say("miner", "succeed", 1, by=CAROLS))
    assert refusal.startswith(f"miner 1 has nobody as successor, not {CAROL.address}")
    told(say("miner", "successor", 1, ALICE.address))
    told(say("miner", "successor", 1, "--none"))
    assert "nobody" in refused(say("miner", "succeed", 1, by=KEYS[ALICE.address]))
    told(say("miner", "successor", 1, CAROL.address))
    assert told(say("miner", "succeed", 1, by=CAROLS)) == (
        f"{CAROL.address} acts for miner 1 from now on"
    )
    assert world.market.miner_of(1) == CAROL.address


@pytest.mark.parametrize("given", [(), (ALICE.address, "--none")])
def test_a_successor_is_named_or_none(say: Owner, given: tuple[str, ...]) -> None:
    assert "give the successor's ADDRESS, or --none" in refused(
        say("miner", "successor", 1, *given), code=2
    )


def test_an_epoch_is_advanced(world: World, say: Owner) -> None:
    before = world.market.epoch_of(BOB.address)
    asked = say("market", "advance-epoch")
    assert (asked.exit_code, world.market.epoch_of(BOB.address)) == (1, before)
    assert told(say("market", "advance-epoch", "--yes")) == (
        f"requests signed in epoch {before} or before are void"
    )
    assert world.market.epoch_of(BOB.address) == before + 1


def test_what_lapsed_is_pruned(world: World, say: Owner) -> None:
    assert told(say("market", "prune")) == "nothing has lapsed"
    until = world.node.head().time + 100
    bob = Sender(world.node, BOB, fees=CHEAP, poll_every=0.01)
    bob.execute(world.market.publish_offer(CPU, 100, TOKEN // 2, until, False))
    world.pass_time(200)
    assert world.market.supply_of(CPU).published == 100
    assert told(say("market", "prune")).startswith("pruned 1 offers and 0 leases, ")
    assert world.market.supply_of(CPU).published == 0
    assert told(say("market", "prune")) == "nothing has lapsed"


def test_a_deal_is_released_by_agreement(world: World, tmp_path: Path) -> None:
    miner, shell = world.miner(BOB, delivers=False).join(), Shell(world)
    job = world.job(2)

    def run_until_confirmed() -> None:
        if any(deal.stage is DealStage.CONFIRMED for deal in run.ledger.deals()):
            raise KeyboardInterrupt

    client = world.client()
    run = client.submit(job, budget=1_000 * TOKEN)
    world.on_wait = run_until_confirmed
    with pytest.raises(KeyboardInterrupt):
        for _ in run.events():
            pass
    (deal,) = run.ledger.deals()
    run.close()
    agreed = tmp_path / "agreed.json"

    def write(signer: Any, request: bytes) -> None:
        signed = sign(world.market.domain, Release(request), signer)
        agreed.write_text(json.dumps(signed_to_json(signed)))

    (request_id,) = miner.taken
    write(CAROL, request_id)
    assert refused(shell("job", "release", run.id, agreed)) == (
        f"this is not signed by the deal's miner, {BOB.address}"
    )
    write(BOB, 32 * b"\7")
    assert "is no deal of this job" in refused(shell("job", "release", run.id, agreed))
    agreed.write_text("{}")
    assert "holds no miner's signed agreement" in refused(shell("job", "release", run.id, agreed))
    write(BOB, request_id)
    assert told(shell("job", "release", run.id, agreed)).startswith(f"deal {deal.number} is over: ")
    assert world.market.state_of(deal.request) is State.ANNULLED
