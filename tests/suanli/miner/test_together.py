"""What goes in one transaction, when, and what comes of each part: the outbox with a double of the
sender, whose clock and blocks the test moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from suanli.chain import (
    GWEI,
    Call,
    Fees,
    FeeTooHigh,
    Receipt,
    RpcError,
    Sent,
    SignatureRefused,
    SignerAway,
    TransactionReverted,
)
from suanli.chain import Sender as ChainSender
from suanli.chain.errors import ContractError
from suanli.chain.sender import PARTS
from suanli.miner.core import (
    Act,
    ActRefused,
    Commitment,
    Line,
    Send,
    SendConfirm,
    SendForDeal,
    SendResult,
    Told,
)
from suanli.miner.ports import sending
from suanli.miner.ports.sending import LEFT_GAS, MOST_TOGETHER, PART_GAS, TROUBLED, Outbox
from suanli.miner.story import rows_of, story_of
from suanli.protocol import Request, State
from tests.harness.bench import Bench
from tests.harness.local_chain import CAROL, CHEAP, Controls
from tests.harness.simulation import MINER, SETTINGS, START, id_of, request
from tests.harness.world import World, lodged

RESULT = Commitment(b"\x01" * 32, 5, b"\x02" * 32)
WAITS = 5


class Cheap(Fees):
    def now(self, node: Any, *names: str) -> Any:
        return None


class Dear(Fees):
    def now(self, node: Any, *names: str) -> Any:
        raise FeeTooHigh(200, 100, "max_fee")


class Market:
    """Calls that say what they do."""

    skips: dict[int, ContractError]

    def __init__(self) -> None:
        self.skips = {}

    def settle(self, made: Any) -> Call[None]:
        return call(f"settle {made.salt}")

    def submit_result(self, made: Any, root: bytes, units_used: int) -> Call[None]:
        return call(f"submit {made.salt}")

    def confirm_request(self, made: Any, signature: bytes) -> Call[None]:
        return call(f"confirm {made.salt}")

    def collect_earnings(self, miner: str) -> Call[None]:
        return call("collect")

    def together(self, calls: Sequence[Call[Any]], *, urgent: bool) -> Call[None]:
        return call(" + ".join(one.name for one in calls) + ("!" if urgent else ""))

    def left_out(self, receipt: Receipt) -> dict[int, ContractError]:
        return self.skips


def call(name: str) -> Call[None]:
    return Call(name, MINER, b"", None, lambda data: None)


@dataclass
class Sender:
    """Keeps what it is given, and mines it when told to."""

    fees: Any = field(default_factory=lambda: Cheap(most_gas=1_000_000))
    node: Any = None
    gas: int = 100_000
    refuses: dict[str, Exception] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    mined: set[int] = field(default_factory=set)
    reverted: set[int] = field(default_factory=set)
    unsigned: set[int] = field(default_factory=set)

    def pending(self) -> list[Sent]:
        return []

    def estimate(self, call: Call[Any]) -> int:
        if call.name in self.refuses:
            raise self.refuses[call.name]
        return self.gas

    def send(self, call: Call[Any], key: str) -> Sent:
        if call.name in self.refuses:
            raise self.refuses[call.name]
        self.sent.append((call.name, key))
        return self._sent(len(self.sent) - 1)

    def send_parts(self, call: Call[Any], keys: Sequence[str], gas: int) -> Sent:
        assert gas == self.gas * len(keys) + LEFT_GAS
        return self.send(call, PARTS + ",".join(keys))

    def _sent(self, number: int) -> Sent:
        return Sent(number, self.sent[number][0], self.sent[number][1], f"0x{number}")

    def find_part(self, key: str) -> tuple[Sent, int] | None:
        for number in reversed(range(len(self.sent))):
            parts = self._sent(number).parts
            if key in parts and number not in self.reverted:
                return self._sent(number), parts.index(key)
        return None

    def poll(self, sent: Sent) -> Receipt | None:
        receipt = Receipt(sent.transaction, 7, b"", sent.id in self.mined, 90_000, 10, ())
        if sent.id in self.reverted:
            raise TransactionReverted(sent.name, receipt, None)
        if sent.id in self.unsigned:
            raise SignatureRefused("the rules say no")
        return receipt if sent.id in self.mined else None

    def mine(self) -> None:
        self.mined |= set(range(len(self.sent)))


class Port:
    """An outbox and what it says."""

    def __init__(self, sender: Sender | None = None) -> None:
        self.sender, self.market, self.now = sender or Sender(), Market(), 0.0
        self.posted: list[Any] = []
        self.troubles: dict[str, str] = {}
        self.outbox = Outbox(
            self.market,
            self.sender,
            SETTINGS,
            now=lambda: START,
            post=self.posted.append,
            trouble=self.troubles.__setitem__,
            acted=lambda: None,
            say=lambda text: None,
            monotonic=lambda: self.now,
        )

    def want(self, *sends: Send) -> None:
        for send in sends:
            self.outbox.want(send)
        self.outbox.flush()

    def at(self, now: float) -> None:
        self.now = now
        self.outbox.push()

    @property
    def sent(self) -> list[str]:
        return [name for name, _ in self.sender.sent]

    @property
    def refused(self) -> list[tuple[Act, str]]:
        return [(it.act, str(it.reason)) for it in self.posted if isinstance(it, ActRefused)]

    def told(self, kind: Told) -> list[dict[str, Any]]:
        lines = [it for it in self.posted if isinstance(it, Line)]
        return [dict(line.more) for line in lines if line.told is kind]


def settle(number: int, waits: int = WAITS) -> SendForDeal:
    made = request(salt=number)
    return SendForDeal(Act.SETTLE, f"settle:{number}", id_of(made), made, waits=waits)


def result(number: int, waits: int = WAITS) -> SendResult:
    made = request(salt=number)
    key = f"submit:{number}"
    return SendResult(Act.SUBMIT_RESULT, key, id_of(made), made, RESULT, waits=waits)


def confirm(number: int) -> SendConfirm:
    made = request(salt=number)
    return SendConfirm(Act.CONFIRM, f"confirm:{number}", id_of(made), made, b"")


def collect() -> Send:
    return Send(Act.COLLECT, "collect:9", waits=WAITS)


def refusal(name: str = "Unheard") -> ContractError:
    return ContractError(name, {})


def test_what_comes_alone_goes_at_once_and_as_it_is() -> None:
    port = Port()
    port.want(result(1))
    assert port.sender.sent == [("submit 1", "submit:1")]


def test_what_comes_at_once_goes_together() -> None:
    port = Port()
    port.want(result(1), settle(2), collect())
    keys = PARTS + "submit:1,settle:2,collect:9"
    assert port.sender.sent == [("submit 1 + settle 2 + collect!", keys)]
    port.sender.mine()
    port.at(1)
    share = {"transaction": "0x0", "block": 7, "gas": 30_000, "cost": "300000", "calls": 3}
    assert port.told(Told.MINED) == [{"act": "submit"} | share, {"act": "settle"} | share]
    assert not port.outbox.waiting


def test_what_need_not_be_in_time_is_not_urgent() -> None:
    port = Port()
    port.want(settle(1), settle(2))
    assert port.sent == ["settle 1 + settle 2"]


def test_while_one_is_under_way_others_wait_for_each_other() -> None:
    port = Port()
    port.want(result(1))
    port.now = 1
    port.want(result(2))
    port.now = 3
    port.want(settle(3))
    port.at(5.9)
    assert port.sent == ["submit 1"]
    port.at(6)
    assert port.sent == ["submit 1", "submit 2 + settle 3!"], "no longer than five seconds"


def test_they_wait_no_longer_than_for_what_is_under_way() -> None:
    port = Port()
    port.want(result(1))
    port.want(result(2), result(3))
    assert port.sent == ["submit 1"]
    port.sender.mine()
    port.at(1)
    port.at(1.5)
    assert port.sent == ["submit 1", "submit 2 + submit 3!"]


def test_what_must_go_now_does_not_wait() -> None:
    port = Port()
    port.want(result(1))
    port.want(result(2, waits=0))
    assert port.sent == ["submit 1", "submit 2"]


def test_confirmations_wait_for_nothing_and_take_along_what_waits() -> None:
    port = Port()
    port.want(result(1))
    port.want(settle(2))
    port.want(confirm(3), confirm(4))
    assert port.sent == ["submit 1", "settle 2 + confirm 3 + confirm 4"]


def test_a_confirmation_that_can_t_be_sent_now_is_given_up_at_once() -> None:
    """Its request must not hold capacity meanwhile."""
    port = Port(Sender(refuses={"confirm 1 + confirm 2": FeeTooHigh(9, 1, "…")}))
    port.want(confirm(1), confirm(2))
    assert [act for act, _ in port.refused] == [Act.CONFIRM] * 2
    assert not port.outbox.waiting


def test_what_is_left_out_is_refused_and_goes_alone_if_it_is_wanted_again() -> None:
    port = Port()
    port.want(result(1), result(2), collect())
    port.market.skips = {1: refusal()}
    port.sender.mine()
    port.at(1)
    assert [act for act, _ in port.refused] == [Act.SUBMIT_RESULT]
    assert [line["act"] for line in port.told(Told.MINED)] == ["submit"]
    port.want(result(2))
    assert port.sent[1:] == ["submit 2"]
    assert port.sender.sent[1][1] == "submit:2"


def test_what_would_be_refused_is_not_among_them() -> None:
    port = Port(Sender(refuses={"settle 2": refusal()}))
    port.want(result(1), settle(2), result(3))
    assert port.sent == ["submit 1 + submit 3!"]
    assert [act for act, _ in port.refused] == [Act.SETTLE]


def test_if_all_but_one_would_be_refused_that_one_goes_as_it_is() -> None:
    refuses = {name: refusal() for name in ("settle 1", "settle 3")}
    port = Port(Sender(refuses=refuses))
    port.want(settle(1), settle(2), settle(3))
    assert port.sender.sent == [("settle 2", "settle:2")]
    assert len(port.refused) == 2


def test_if_all_would_be_refused_nothing_goes() -> None:
    port = Port(Sender(refuses={name: refusal() for name in ("settle 1", "settle 2")}))
    port.want(settle(1), settle(2))
    assert (port.sent, len(port.refused), port.outbox.waiting) == ([], 2, False)


def test_one_that_fails_as_a_whole_blames_nobody_and_each_goes_alone() -> None:
    """An acceptance that is refused would be given up."""
    port = Port()
    port.want(result(1), result(2))
    port.sender.reverted = {0}
    port.at(1)
    assert port.refused == []
    assert [line["calls"] for line in port.told(Told.FAILED)] == [2, 2]
    port.at(2)
    assert port.sent[1:] == ["submit 1", "submit 2"]


def test_what_goes_alone_is_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_ALONE", 3)
    port = Port()
    for number in range(10):
        port.outbox._goes_alone(f"settle:{number}")
        assert f"settle:{number}" in port.outbox._alone
        assert len(port.outbox._alone) <= 3


def test_ten_go_together_at_most() -> None:
    port = Port()
    port.want(*[settle(number) for number in range(MOST_TOGETHER + 2)])
    assert [name.count("settle") for name in port.sent] == [MOST_TOGETHER, 2]


@pytest.mark.parametrize(
    ("gas", "sent"), [(PART_GAS, ["settle 1 + settle 2"]), (PART_GAS + 1, ["settle 1", "settle 2"])]
)
def test_what_takes_more_gas_than_a_part_may_goes_by_itself(gas: int, sent: list[str]) -> None:
    port = Port(Sender(gas=gas))
    port.want(settle(1), settle(2))
    assert port.sent == sent


def test_at_a_price_that_only_results_are_worth_the_others_wait() -> None:
    port = Port(Sender(fees=Dear()))
    port.want(result(1), settle(2), collect())
    assert port.sent == ["submit 1"]
    assert set(port.troubles) == {"settle", "collect"}
    assert [line["act"] for line in port.told(Told.DELAYED)] == ["settle"]
    port.at(TROUBLED - 1)
    assert port.sent == ["submit 1"]


def test_after_a_restart_what_went_together_is_followed_and_not_sent_again() -> None:
    port = Port()
    port.want(result(1), result(2))
    again = Port(port.sender)
    again.want(result(2))
    again.at(1)
    assert again.sent == ["submit 1 + submit 2!"]
    port.sender.mine()
    again.at(2)
    assert [line["calls"] for line in again.told(Told.MINED)] == [2]
    assert not again.outbox.waiting


@pytest.mark.parametrize(
    "error", [RpcError("eth_call", -32000, "busy"), FeeTooHigh(9, 1, "…"), SignerAway("no Clef")]
)
def test_what_can_t_be_sent_now_is_tried_again(error: Exception) -> None:
    port = Port(Sender(refuses={"submit 1 + submit 2!": error}))
    port.want(result(1), result(2))
    assert port.sent == []
    assert "submit" in port.troubles
    port.sender.refuses = {}
    port.at(TROUBLED - 1)
    assert port.sent == []
    port.at(TROUBLED)
    assert port.sent == ["submit 1 + submit 2!"]


def test_what_is_not_signed_keeps_nothing_else() -> None:
    """Several that Clef's rules refuse go one by one; the one that they refuse then, later."""
    no = SignatureRefused("request denied")
    port = Port(Sender(refuses={"submit 1 + submit 2 + submit 3!": no, "submit 2": no}))
    port.sender.estimate = lambda call: port.sender.gas  # type: ignore[method-assign]
    port.want(result(1), result(2), result(3))
    assert port.sent == ["submit 1", "submit 3"]
    assert port.troubles == {"submit": "request denied"}
    assert port.refused == []
    port.sender.refuses = {}
    port.at(TROUBLED)
    assert port.sent[2:] == ["submit 2"]


def test_confirmations_that_are_not_signed_together_are_not_given_up() -> None:
    port = Port(Sender(refuses={"confirm 1 + confirm 2": SignatureRefused("request denied")}))
    port.want(confirm(1), confirm(2))
    assert port.sent == ["confirm 1", "confirm 2"]
    assert port.refused == []


def test_what_was_sent_and_can_t_be_helped_keeps_nothing_else() -> None:
    port = Port(Sender(unsigned={0}))
    port.want(result(1))
    port.want(result(2, waits=0))
    port.at(1)
    assert port.sent == ["submit 1", "submit 2"]
    assert port.troubles == {"submit": "the rules say no"}
    port.sender.unsigned = set()
    port.sender.mine()
    port.at(2)
    assert [line["transaction"] for line in port.told(Told.MINED)] == ["0x1"]
    port.at(TROUBLED)
    port.sender.mine()
    port.at(TROUBLED + 1)
    assert not port.outbox.waiting


# On a chain


def sent_by(bench: Bench) -> list[tuple[str, str]]:
    """Names and states of all that the daemon wrote down to be sent."""
    with closing(sqlite3.connect(bench.folder / "sender.sqlite")) as database:
        return database.execute("SELECT name, status FROM entries ORDER BY id").fetchall()


def three_offered(world: World, bench: Bench) -> list[tuple[Request, bytes]]:
    """Deals whose claims are at the relay."""
    bench.executor.holds = True
    deals = [lodged(world) for _ in range(3)]
    bench.until(lambda: len(bench.executor.held) == 4)  # as many as the workers are handed
    bench.executor.release()
    relay = world.requester.relay
    bench.until(lambda: all(relay.claims(id_) for _, id_ in deals))
    return deals


def accepted(world: World, deals: list[tuple[Request, bytes]]) -> None:
    for _, id_ in deals:
        for claim in world.requester.relay.claims(id_):
            world.requester.accept(claim)


def test_results_that_are_accepted_at_once_are_one_transaction(
    registered: World, bench: Bench
) -> None:
    deals = three_offered(registered, bench)
    accepted(registered, deals)
    bench.until(lambda: all(registered.market.state_of(made) is State.SETTLED for made, _ in deals))
    names = [name for name, _ in sent_by(bench)]
    assert names[-1] == "multicallSkip (results)"
    assert "submitAccepted" not in names
    bench.until(lambda: len(bench.daemon.journal.paid()) == 3)
    bench.round()
    for _, id_ in deals:
        story = story_of(bench.daemon.journal, id_)
        (mined,) = [
            line for line in story["lines"] if line.get("act") == "accepted" and "gas" in line
        ]
        assert mined["calls"] == 3
        assert mined["gas"] < 100_000
        assert story["paid"] is not None


def test_one_that_can_t_be_handed_in_holds_up_no_others(registered: World, bench: Bench) -> None:
    """Somebody claims the default of one while all are on their way."""
    market, chain = registered.market, Controls(registered.market.node)
    deals = three_offered(registered, bench)
    accepted(registered, deals)
    lost, lost_id = deals[1]
    chain.evm_increaseTime(lost.duration + 1)
    chain.mine()
    chain.automine(False)
    bench.until(lambda: bench.daemon.services.sender.pending())
    quick = replace(CHEAP, max_fee=100 * CHEAP.max_fee, tip=50 * GWEI)
    ChainSender(market.node, CAROL, fees=quick).send(market.claim_default(lost))
    chain.mine()
    chain.automine(True)
    others = [made for made, id_ in deals if id_ != lost_id]
    bench.until(lambda: all(market.state_of(made) is State.SETTLED for made in others))
    assert market.state_of(lost) is State.DEFAULTED
    bench.until(lambda: "ended" in whats(bench, lost_id))
    assert "refused" in whats(bench, lost_id)


def whats(bench: Bench, id_: bytes) -> list[str]:
    return [what for _, what, _ in rows_of(story_of(bench.daemon.journal, id_))]


def test_a_kill_after_several_were_sent_sends_nothing_twice(
    registered: World, bench: Bench
) -> None:
    """The transaction waits in the pool meanwhile."""
    chain = Controls(registered.market.node)
    deals = three_offered(registered, bench)
    accepted(registered, deals)
    chain.automine(False)
    bench.until(lambda: bench.daemon.services.sender.pending())
    sent = sent_by(bench)
    bench.restart()
    for _ in range(5):
        bench.round()
    assert sent_by(bench) == sent
    chain.automine(True)
    chain.mine()
    bench.until(lambda: all(registered.market.state_of(made) is State.SETTLED for made, _ in deals))
    assert [name for name, _ in sent_by(bench)] == [name for name, _ in sent]


def test_settlements_and_earnings_go_together(registered: World, bench: Bench) -> None:
    """After a window of which nobody made use."""
    market, chain = registered.market, Controls(registered.market.node)
    deals = three_offered(registered, bench)
    bench.until(lambda: all(market.state_of(made) is State.SUBMITTED for made, _ in deals))
    chain.evm_increaseTime(2 * 86_400)
    chain.mine()
    bench.until(lambda: all(market.state_of(made) is State.SETTLED for made, _ in deals))
    names = [name for name, _ in sent_by(bench)]
    assert names[-1] == "multicallSkip"
    assert "settle" not in names
