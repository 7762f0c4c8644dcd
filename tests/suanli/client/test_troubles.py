"""One deal's trouble: the others go on, and no money waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import Any

import httpx
import pytest

from suanli.chain import Market, Node, RpcError
from suanli.client import (
    ClaimRefused,
    DealEnded,
    JobEvent,
    NobodyTakes,
    Placed,
    Run,
    TaskAccepted,
    Trouble,
)
from suanli.client.records import DealStage
from suanli.engine import EngineError
from suanli.protocol import State
from suanli.relay import RelayBusy
from suanli.store import DirectoryStore, StoreUnavailable
from suanli.verify import Fetching
from suanli.verify.fetching import LONGEST_PAUSE
from tests.harness.doubles import FakeExecutor, exited
from tests.suanli.client.conftest import ALICE, BOB, CAROL, TOKEN, World, program


class Stop(Exception):
    """The story ends here."""


def until(world: World, over: Callable[[], bool], each: Callable[[], None] = lambda: None) -> None:
    """Stop the run once it is `over`."""

    def wait() -> None:
        if over():
            raise Stop
        each()

    world.on_wait = wait


def told(happening: Iterator[JobEvent]) -> list[JobEvent]:
    """What happens until the story ends, or nobody takes what is left."""
    events: list[JobEvent] = []
    with pytest.raises((Stop, NobodyTakes)):
        events.extend(happening)
    return events


def ends(run: Run) -> dict[str, str]:
    """How the first deal of each of two miners ended."""
    return {part.miner: part.end for part in run.ledger.deals()[:2] if part.end}


def one_blob_fails(world: World, status: int) -> None:
    """The first blob that is asked for, and always."""
    stolen: set[str] = set()

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        is_blob = request.method == "GET" and "/blobs/" in request.url.path
        if is_blob and (not stolen or request.url.path in stolen):
            stolen.add(request.url.path)
            return httpx.Response(status, content=b"{}")
        return answer

    world.wire.change = change


@pytest.mark.parametrize("status", [503, 507])
def test_a_blob_that_can_t_be_fetched_stops_nothing_else(world: World, status: int) -> None:
    world.miner(BOB).join()
    world.miner(CAROL, delivers=False).join()
    run = world.client().submit(world.job(4), budget="500", patience=0.1, audit=0.0)
    one_blob_fails(world, status)
    until(world, lambda: len(ends(run)) == 2, lambda: world.pass_time(30))
    with closing(run):
        events = told(run.events())
        assert ends(run) == {BOB.address: "defaulted", CAROL.address: "defaulted"}
        refused = {(e.deal, e.kind) for e in events if isinstance(e, ClaimRefused)}
        assert (0, "withheld") in refused


def test_a_folder_in_the_place_of_a_blob(world: World) -> None:
    world.shared = DirectoryStore(world.folder / "shared")
    bob = world.miner(BOB).join()
    world.miner(CAROL, delivers=False).join()
    run = world.client().submit(world.job(4), budget="500", patience=0.1, audit=0.0)

    def replace() -> None:
        world.pass_time(30)
        for claim in bob.done.values():
            path = world.shared._path(claim.leaves)  # type: ignore[union-attr]
            if path.is_file():
                path.unlink()
                path.mkdir()

    until(world, lambda: CAROL.address in ends(run), replace)
    with closing(run):
        told(run.events())
        assert ends(run)[CAROL.address] == "defaulted"


def test_what_can_t_be_run_again_here_stops_only_its_own_deal(world: World) -> None:
    def broken(task: Any) -> Any:
        if task.args[0] == "0":
            raise EngineError("this machine has too little memory")
        return program(task)

    world.miner(BOB).join()
    world.miner(CAROL).join()
    client = world.client(executor=lambda _: nullcontext(FakeExecutor(program=broken)))
    with closing(client.submit(world.job(4), budget="500", audit=1.0)) as run:
        with pytest.raises(EngineError, match="too little memory"):
            list(run.events())
        assert [part.end for part in run.ledger.deals()] == ["", "settled"]


def test_the_relay_gone_for_good_with_tasks_waiting(world: World) -> None:
    """The chain needs no relay: what is overdue is claimed after a while."""
    bob = world.miner(BOB, delivers=False).join(capacity=20)
    run = world.client().submit(world.job(4), budget="500", patience=0.1)

    def wait() -> None:
        if bob.taken:
            world.wire.cut = True
            world.pass_time(60)

    until(world, lambda: bool(ends(run)), wait)
    with closing(run):
        events = told(run.events())
    assert world.market.account_of(ALICE.address).locked == 0
    assert len([e for e in events if isinstance(e, Trouble) and "can't be reached" in e.why]) == 1


def test_no_default_before_the_relay_was_asked(world: World) -> None:
    """The requester was away; the relay has the result, and a hiccup when it is asked first."""
    bob = world.miner(BOB, collects=False).join()
    client = world.client()
    with closing(client.submit(world.job(2), budget="500")) as run:
        until(world, lambda: bool(bob.taken))
        told(run.events())
        (part,) = run.ledger.deals()
    bob.step()
    world.pass_time(part.request.duration + 5)
    left = [1]

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/claims") and left:
            left.pop()
            return httpx.Response(503, content=b"{}")
        return answer

    world.wire.change = change
    waits = world.waits
    until(world, lambda: world.waits > waits + 5)
    with closing(client.run(run.id)) as again:
        told(again.events())
        assert not left
        assert [part.stage for part in again.ledger.deals()] == [DealStage.ACCEPTED]


class HeaderNotFound:
    """A node behind a balancer: it does not know yet the block that another one named."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.fails = inner, 0

    def request(self, method: str, params: Any) -> Any:
        if method == "eth_call" and str(params[1]).startswith("0x") and self.fails:
            self.fails -= 1
            raise RpcError(method, -32000, "header not found")
        return self.inner.request(method, params)


def test_a_node_that_is_behind_is_asked_again(world: World) -> None:
    world.miner(BOB).join()
    wire = HeaderNotFound(world.node.transport)
    client = world.client(market=Market(Node(wire), world.market.address))
    with closing(client.submit(world.job(2), budget="500")) as run:
        for event in run.events():
            wire.fails += isinstance(event, Placed)
        assert run.done


def test_a_dear_miner_gets_nothing_while_the_cheap_one_is_busy(world: World) -> None:
    bob = world.miner(BOB, delivers=False).join(capacity=20)  # two tasks
    world.miner(CAROL).join(ask=50 * TOKEN)
    run = world.client().submit(
        world.job(4), budget="5000", duration=600, confirm_within=3_600, patience=0
    )

    def wait() -> None:
        bob.delivers = world.waits > 5

    world.on_wait = wait
    with closing(run):
        placed = [event for event in run.events() if isinstance(event, Placed)]
        assert run.done
    assert [event.miner for event in placed] == [BOB.address] * 2


def test_an_old_transaction_that_failed_is_no_trouble_of_a_new_job(world: World) -> None:
    bob = world.miner(BOB, takes=False).join()
    client = world.client()
    with closing(client.submit(world.job(2), budget="500")) as run:
        until(world, lambda: run.ledger.deals()[0].stage is DealStage.OPEN)
        told(run.events())
        (part,) = run.ledger.deals()
    # Killed while it waited for its call-back; and the miner was quicker.
    world.chain.automine(False)
    client.sender.send(client.market.cancel_request(part.request), "cancel:x")
    bob.sender.fees = replace(bob.sender.fees, tip=bob.sender.fees.tip * 50)
    bob.sender.send(world.market.confirm_request(part.request, part.signature))
    world.chain.mine()
    world.chain.automine(True)
    assert world.market.state_of(part.request) is State.CONFIRMED
    bob.takes, world.on_wait = True, lambda: None
    with closing(world.client().submit(world.job(3), budget="500")) as other:
        assert len([e for e in other.events() if isinstance(e, TaskAccepted)]) == 3


class Busy:
    """A store that wants a pause after every few blobs."""

    def __init__(self, inner: DirectoryStore, every: int) -> None:
        self.inner, self.every, self.given = inner, every, 0
        self.pauses: list[float] = []

    def get(self, digest: bytes, limit: int) -> bytes:
        if self.given == self.every:
            raise StoreUnavailable("too many calls") from RelayBusy(1.0)
        self.given += 1
        return self.inner.get(digest, limit)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.given = 0


def test_a_busy_store_is_waited_for_and_what_came_is_kept(world: World) -> None:
    blobs = DirectoryStore(world.folder / "there")
    digests = [blobs.put(b"%d" % number) for number in range(20)]
    keep, busy = DirectoryStore(world.folder / "kept"), Busy(blobs, every=3)
    got, rounds = 0, 0
    while got < len(digests):
        fetching: Any = Fetching(busy, keep, busy.sleep)  # type: ignore[arg-type]
        rounds += 1
        try:
            for digest in digests:
                fetching.get(digest)
        except StoreUnavailable:
            busy.given = 0
        got += fetching.fetched
    assert got == len(digests), "none came twice"
    assert rounds == 2
    assert len(busy.pauses) > LONGEST_PAUSE


def test_a_fetch_that_is_interrupted_again_and_again_gets_on(world: World) -> None:
    """It takes longer than the patience for what is withheld, but always gets further."""
    world.miner(BOB, program=lambda task: exited(task.args[0].encode() * 70_000)).join()
    direct = DirectoryStore(world.folder / "blobs")
    world.blobs = lambda: direct  # type: ignore[method-assign]  # the miner has a limit of its own
    asked = 0

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        nonlocal asked
        if request.method == "GET" and "/blobs/" in request.url.path:
            asked += 1
            if asked % 3 == 0:
                return httpx.Response(503, content=b"{}")
        return answer

    world.wire.change = change
    run = world.client().submit(world.job(12), budget="500", audit=0.0, patience=0.01)
    with closing(run):
        events = list(run.events())
        assert run.done
        assert not [event for event in events if isinstance(event, ClaimRefused)]
        assert asked > 10


def test_a_challenged_deal_ends_when_the_court_s_time_is_up(world: World) -> None:
    """Its result was refused: its tasks go to another miner meanwhile."""
    bob = world.miner(BOB, on_chain=True).join()
    bob.claim = lambda made: made._replace(root=b"\x11" * 32)
    client, frozen = world.client(), []

    def wait() -> None:
        if bob.done and not frozen:
            (request,) = bob.taken.values()
            as_court(world, world.market.freeze(request))
            frozen.append(request)
            world.miner(CAROL).join()

    world.on_wait = wait
    with closing(client.submit(world.job(2), budget="500", patience=0.1)) as run:
        events = list(run.events())
        miners = {event.miner for event in events if isinstance(event, TaskAccepted)}
        assert miners == {CAROL.address}
        assert world.market.state_of(frozen[0]) is State.CHALLENGED
        world.pass_time(16 * 86_400)
        (end,) = [event for event in run.events() if isinstance(event, DealEnded)]
        assert (end.how, end.why) == ("settled", "")
    assert world.market.account_of(ALICE.address).locked == 0


def as_court(world: World, call: Any) -> None:
    court = world.market.terms_of(world.market.terms_count()).court
    world.chain.anvil_impersonateAccount(court)
    world.chain.anvil_setBalance(court, hex(10**18))
    sent = {"from": court, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(10**6)}
    world.node.request("eth_sendTransaction", sent)
