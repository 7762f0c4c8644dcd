"""A relay that lies or fails in the middle: nothing is lost, nothing wrong is paid."""

from __future__ import annotations

import httpx
import pytest

from suanli.client import ClaimRefused, DealEnded, JobEvent, NobodyTakes, TaskAccepted, Trouble
from suanli.relay import RelayUnreachable
from suanli.store import BlobCorrupt
from tests.suanli.client.conftest import BOB, CAROL, World, finish


def test_a_relay_that_sends_other_bytes_for_a_while(world: World) -> None:
    world.miner(BOB).join()
    wrong = 0

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        nonlocal wrong
        if request.method == "GET" and "/blobs/" in request.url.path and wrong < 5:
            wrong += 1
            return httpx.Response(200, content=b"other bytes")
        return answer

    world.wire.change = change
    happened = finish(world.client().submit(world.job(3), budget="500"))
    assert wrong == 5
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 3
    assert not [e for e in happened if isinstance(e, ClaimRefused)]


def test_a_relay_that_always_sends_other_bytes(world: World) -> None:
    """The miner can't be blamed to a court, and is not paid for what nobody can fetch."""
    world.miner(BOB).join()
    world.miner(CAROL).join()
    world.on_wait = lambda: world.pass_time(60)
    stolen = set()

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        is_blob = request.method == "GET" and "/blobs/" in request.url.path
        if is_blob and (not stolen or request.url.path in stolen):
            stolen.add(request.url.path)
            return httpx.Response(200, content=b"other bytes")
        return answer

    world.wire.change = change
    run = world.client().submit(
        world.job(4), budget="500", patience=0.2, confirm_within=3_600, duration=600
    )
    happened: list[JobEvent] = []
    # Right results are the same bytes, whoever made them: so those of the second miner, too.
    with pytest.raises(NobodyTakes, match="sent other bytes"):
        happened.extend(run.events())
    refused = [e for e in happened if isinstance(e, ClaimRefused)]
    assert {(e.miner, e.kind) for e in refused} == {
        (BOB.address, "withheld"),
        (CAROL.address, "withheld"),
    }
    assert len(run.ledger.results()) == 2
    assert world.spent() <= run.report.cost, "a default compensates"
    run.close()


def test_a_relay_that_talks_nonsense_is_asked_again(world: World) -> None:
    world.miner(BOB).join()
    answers = iter(range(6))

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        asked = "/claims" in request.url.path or "/announcements" in request.url.path
        if asked and next(answers, None) is not None:
            return httpx.Response(200, content=b"<html>")
        return answer

    world.wire.change = change
    happened = finish(world.client().submit(world.job(3), budget="500"))
    assert [e for e in happened if isinstance(e, Trouble) and "no JSON" in e.why]
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]


def test_old_announcements_and_forged_ones_are_no_offers(world: World) -> None:
    world.miner(BOB).join()
    client = world.client()
    assert client.quote(world.job(1)).candidates

    def forge(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/announcements" not in request.url.path:
            return answer
        said = answer.json()
        for signed in said:
            signed["message"]["unitsPerSecond"] += 1
        return httpx.Response(200, json=said)

    world.wire.change = forge
    assert client.quote(world.job(1)).candidates == ()
    world.wire.change = None
    kept = world._relay.announcements(1)
    world.pass_time(7_200)
    world._relay.announcements = lambda *_: kept  # type: ignore[method-assign]
    assert client.quote(world.job(1)).candidates == ()


def test_the_relay_goes_away_in_the_middle(world: World) -> None:
    """The miner then submits on the chain; its data come when the store is back."""
    miner = world.miner(BOB).join()
    run = world.client().submit(world.job(3), budget="500")
    seen = 0

    def wait() -> None:
        nonlocal seen
        if miner.done and not miner.on_chain:
            (request,) = miner.taken.values()
            (claim,) = miner.done.values()
            miner.on_chain, world.wire.cut = True, True
            call = world.market.submit_result(request, claim.root, claim.units_used)
            miner.sender.execute(call)
        elif world.wire.cut:
            seen += 1
            world.wire.cut = seen < 5

    world.on_wait = wait
    happened = finish(run)
    assert seen == 5
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 3


def test_no_relay_from_the_beginning(world: World) -> None:
    world.wire.cut = True
    with pytest.raises(RelayUnreachable, match="can't be reached"):
        world.client().submit(world.job(1), budget="1")
    assert world.client().jobs() == []


def test_an_input_that_changes_meanwhile(world: World) -> None:
    from suanli.job import load
    from tests.harness.doubles import RUNTIME

    world.miner(BOB).join()
    job = load(world.job(1), runtime=RUNTIME, salt=bytes(32))
    (world.folder / "program.wasm").write_bytes(b"another")
    with pytest.raises(BlobCorrupt):
        world.client().submit(job, budget="1")
