"""A contract account buys: its owner's key signs, and what only the wallet can send is told."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from suanli.chain import Call, ClefAccount, Sender, SignatureRefused, Token
from suanli.client import Client, ClientError, DealEnded, WalletAsked, WalletMust
from suanli.client.records import DealStage
from suanli.engine import runtime_id
from suanli.protocol import State
from tests.harness.clef import StandInClef
from tests.harness.evm import artifact as compiled
from tests.harness.local_chain import ALICE, CAROL, CHEAP
from tests.suanli.client.conftest import BOB, TOKEN, World, finish
from tests.suanli.client.test_commands import Shell

ALICES_KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
MONEY = 1_000 * TOKEN


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


class Wallet:
    """Alice's, with money; anybody may make it call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sender = Sender(world.node, CAROL, fees=CHEAP, poll_every=0.01)
        code = bytes.fromhex(compiled("MockWallet").bytecode)
        create = Call(
            "create", None, code + bytes(12) + bytes.fromhex(ALICE.address[2:]), world.node, bytes
        )
        made = self.sender.execute(create)
        assert made.contract is not None
        self.address = made.contract
        self.send(Token(world.node, world.market.token()).faucet(MONEY))

    def send(self, call: Call[Any]) -> None:
        assert call.to is not None
        word = lambda number: number.to_bytes(32, "big")  # noqa: E731
        data = bytes.fromhex("1cff79cd") + word(int(call.to, 16)) + word(64)
        data += word(len(call.data)) + call.data.ljust(-(-len(call.data) // 32) * 32, b"\0")
        self.sender.execute(Call("execute", self.address, data, self.world.node, bytes))

    def deposit(self, amount: int) -> None:
        market = self.world.market
        self.send(Token(self.world.node, market.token()).approve(market.address, amount))
        self.send(market.deposit(amount))


@pytest.fixture
def wallet(world: World) -> Wallet:
    return Wallet(world)


def buyer(world: World, wallet: Wallet, **changes: Any) -> Client:
    return world.client(wallet=wallet.address, **changes)


def name_of(shown: dict[str, Any]) -> str:
    return str(shown.get("primaryType") or shown["method"])


def test_an_account_that_clef_keeps_buys(world: World) -> None:
    """It is asked for each signature; relay, miner and market take what it signs."""
    world.miner(BOB).join()
    clef = StandInClef([ALICES_KEY], 31337)
    client = world.client(account=ClefAccount(ALICE.address, clef))
    ends = [
        e for e in finish(client.submit(world.job(4), budget="500")) if isinstance(e, DealEnded)
    ]
    assert [end.how for end in ends] == ["settled"]
    assert [name_of(shown) for _, shown in clef.shown] == [
        "Request",
        "Permit",
        "depositWithPermit(uint256,uint256,uint8,bytes32,bytes32)",
        "Acceptance",
    ]


@pytest.mark.parametrize(
    "refused",
    ["depositWithPermit(uint256,uint256,uint8,bytes32,bytes32)", "Acceptance"],
)
def test_what_clef_refuses_ends_the_run_and_loses_nothing(world: World, refused: str) -> None:
    """It is asked once, not again and again."""
    world.miner(BOB).join()
    no = [refused]
    clef = StandInClef([ALICES_KEY], 31337, lambda kind, shown: name_of(shown) not in no)
    client = world.client(account=ClefAccount(ALICE.address, clef))
    run = client.submit(world.job(4), budget="500")
    with pytest.raises(
        SignatureRefused, match=f"request denied.*suanli job resume {run.id} goes on"
    ):
        list(run.events())
    no.clear()
    assert [name_of(shown) for _, shown in clef.shown].count(refused) == 1
    run.close()
    ends = [e for e in finish(client.run(run.id)) if isinstance(e, DealEnded)]
    assert [end.how for end in ends] == ["settled"]


def test_a_contract_accounts_owner_may_be_clefs(world: World, wallet: Wallet) -> None:
    clef = StandInClef([ALICES_KEY], 31337)
    buyer(world, wallet, account=ClefAccount(ALICE.address, clef))
    ((kind, shown),) = clef.shown
    assert (kind, shown["message"]) == ("data", {"question": "May this key sign for the wallet?"})


def test_a_contract_account_buys(world: World, wallet: Wallet) -> None:
    world.miner(BOB).join()
    run = buyer(world, wallet).submit(world.job(4), budget="500")
    with pytest.raises(WalletMust, match=f"suanli job resume {run.id}") as must:
        list(run.events())
    approve, deposit = must.value.calls
    assert [approve.to, deposit.to] == [world.market.token(), world.market.address]
    assert not run.ledger.deals(), "nothing was signed"
    for call in must.value.calls:
        wallet.send(call)
    ends = [event for event in finish(run) if isinstance(event, DealEnded)]
    assert [end.how for end in ends] == ["settled"]
    with closing(buyer(world, wallet).run(run.id)) as done:
        assert done.done
        (part,) = done.ledger.deals()
        assert part.request.requester == wallet.address
        left = world.market.account_of(wallet.address)
        assert (left.available, left.locked) == (part.lock - ends[0].cost, 0)
    assert world.spent() == 0, "of Alice's own"


def test_what_nobody_took_ends_by_its_time(world: World, wallet: Wallet) -> None:
    world.miner(BOB, takes=False).join()
    wallet.deposit(MONEY)
    run = buyer(world, wallet).submit(world.job(2), budget="500")
    happening = run.events()
    next(event for event in happening if run.ledger.deals())
    world.on_wait = happening.close
    with closing(run):
        run.session.sleep = lambda _: world.pass_time(10)
        happened = list(run.cancel())
    asked = [event for event in happened if isinstance(event, WalletAsked)]
    assert len(asked) <= 1
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["expired"]
    assert world.market.account_of(wallet.address).available == MONEY


def test_the_wallet_may_call_back_at_once(world: World, wallet: Wallet) -> None:
    world.miner(BOB, takes=False).join()
    wallet.deposit(MONEY)
    run = buyer(world, wallet).submit(world.job(2), budget="500")

    def interrupt(_seconds: float) -> None:
        raise InterruptedError

    run.session.sleep = interrupt
    with pytest.raises(InterruptedError):
        list(run.events())
    assert [part.stage for part in run.ledger.deals()] == [DealStage.OPEN]
    run.session.sleep = world.wait
    happened = []
    for event in run.cancel():
        happened.append(event)
        if isinstance(event, WalletAsked):
            wallet.send(event.call)
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["cancelled"]
    run.close()


def test_a_result_on_the_chain_is_paid_after_its_window(world: World, wallet: Wallet) -> None:
    """The wallet may accept it at once."""
    miner = world.miner(BOB, on_chain=True).join()
    wallet.deposit(MONEY)
    run = buyer(world, wallet).submit(world.job(2), budget="500", patience=1)
    happened = finish(run)
    (asked,) = [event for event in happened if isinstance(event, WalletAsked)]
    (request,) = miner.taken.values()
    assert world.market.state_of(request) is State.SUBMITTED
    wallet.send(asked.call)
    assert world.market.state_of(request) is State.SETTLED
    with closing(buyer(world, wallet).run(run.id)) as again:
        assert [e.how for e in again.events() if isinstance(e, DealEnded)] == ["settled"]


def test_who_does_not_own_it_can_t(world: World, wallet: Wallet) -> None:
    with pytest.raises(ClientError, match=f"does not take a signature of {CAROL.address}"):
        world.client(account=CAROL, wallet=wallet.address)
    with pytest.raises(ClientError, match="no contract account at"):
        world.client(wallet="0x" + "77" * 20)
    with pytest.raises(ClientError, match="buys through a relay"):
        world.client(wallet=wallet.address, relay=None, store=object())


def test_by_command(world: World, wallet: Wallet, shell: Shell) -> None:
    world.miner(BOB).join(runtimes=(runtime_id(),))
    told = shell("job", "run", world.job(2), "--budget", "100", "--for", wallet.address)
    assert told.exit_code == 1
    assert "only the contract account itself can deposit: send from 0x" in told.stderr
    assert f"approve: to {world.market.token()} data 0x095ea7b3" in told.stderr
    told = shell("market", "deposit", "5", "--for", wallet.address, "--json", state=False)
    calls = json.loads(told.stdout)["calls"]
    for call in calls:
        data = bytes.fromhex(call["data"][2:])
        wallet.send(Call(call["name"], call["to"], data, world.node, bytes))
    assert world.market.account_of(wallet.address).available == 5 * TOKEN
    told = shell("market", "withdraw", state=False, SUANLI_WALLET=wallet.address)
    assert told.exit_code == 0
    assert f"send from {wallet.address}, in this order\n  withdraw: to " in told.stdout
    wrong = shell("market", "withdraw", "--for", "me", state=False)
    assert (wrong.exit_code, "no address of a contract account" in wrong.stderr) == (1, True)
