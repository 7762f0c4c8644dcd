"""Jobs through the market: placed, checked, paid, placed again; the budget holds."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from typing import Any

import pytest

from suanli.base import amounts
from suanli.base.accounts import Account
from suanli.client import (
    BudgetTooSmall,
    ClaimRefused,
    ClientError,
    DealEnded,
    FellBack,
    JobEvent,
    NobodyTakes,
    Options,
    Placed,
    Rejected,
    TaskAccepted,
    Waiting,
    WalletTooSmall,
)
from suanli.engine import Outcome, Result
from suanli.protocol import Leaf
from suanli.protocol.result_tree import verify
from suanli.protocol.views import Balance
from suanli.store import DirectoryStore
from tests.harness.doubles import FakeExecutor, exited
from tests.suanli.client.conftest import ALICE, BOB, CAROL, DEPLOYER, TOKEN, World, finish, program


def test_a_job_is_done_and_paid(world: World) -> None:
    world.miner(BOB).join()
    world.miner(CAROL).join()
    run = world.client().submit(world.job(6), budget="1000", audit=1.0)
    happened = list(run.events())
    assert {e.miner for e in happened if isinstance(e, Placed)} == {BOB.address, CAROL.address}
    done = [e for e in happened if isinstance(e, TaskAccepted)]
    assert sorted(e.task for e in done) == list(range(6))
    assert all(e.audited and e.units == 3 and e.ok for e in done)
    assert run.files() == {"all.txt": b"".join(b"task %d\n" % i for i in range(6))}
    ended = [e for e in happened if isinstance(e, DealEnded)]
    assert [e.how for e in ended] == ["settled", "settled"]
    report = run.report
    assert report.cost == sum(e.cost for e in ended) == run.reserved == world.spent() > 0
    assert (report.done, report.audited, report.units, report.locked) == (6, 6, 18, 0)
    assert all(deal.gas > 0 and deal.price >= TOKEN for deal in report.deals)
    assert world.market.account_of(world.client().account.address).locked == 0
    run.close()


def test_tasks_of_a_miner_that_dies_go_to_another_and_never_back(world: World) -> None:
    dead, good = world.miner(BOB, delivers=False).join(), world.miner(CAROL).join()
    world.on_wait = lambda: world.pass_time(60)
    run = world.client().submit(world.job(6), budget="1000", confirm_within=3_600, duration=600)
    happened = finish(run)
    placed = [e for e in happened if isinstance(e, Placed)]
    lost = [task for e in placed if e.miner == dead.address for task in e.tasks]
    assert lost
    assert [e.miner for e in placed].count(dead.address) == 1
    ends = {e.deal: e.how for e in happened if isinstance(e, DealEnded)}
    assert sorted(ends.values()) == ["defaulted", "settled", "settled"]
    assert {e.task for e in happened if isinstance(e, TaskAccepted)} == set(range(6))
    assert world.market.miner_status(dead.address).defaulted == 1
    assert good.done


def test_a_miner_that_never_confirms_loses_the_request(world: World) -> None:
    silent = world.miner(BOB, takes=False).join()
    world.miner(CAROL).join()
    world.on_wait = lambda: world.pass_time(5)
    happened = finish(world.client().submit(world.job(4), budget="1000", confirm_within=30))
    ends = [(e.miner, e.how) for e in happened if isinstance(e, DealEnded)]
    assert (silent.address, "expired") in ends
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 4


def test_what_a_miner_refuses_for_good_is_called_back(world: World) -> None:
    world.miner(BOB, reason="terms: no court").join()
    world.miner(CAROL).join()
    happened = finish(world.client().submit(world.job(4), budget="1000"))
    (called,) = [e for e in happened if isinstance(e, DealEnded) and e.miner == BOB.address]
    assert (called.how, called.why) == ("cancelled", "terms: no court")
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 4
    (refused,) = [e for e in happened if isinstance(e, Rejected)]
    assert refused == Rejected(called.deal, BOB.address, "terms: no court", True)
    again = [e for e in happened if isinstance(e, Placed)][-1]
    order = [happened.index(e) for e in (refused, again, called)]
    assert order == sorted(order), "its tasks wait for no transaction"


def test_a_refused_part_is_placed_anew_only_within_the_budget(world: World) -> None:
    """Until the request is void its miner may still take it."""
    refuses = world.miner(BOB, reason="terms: no court").join(ask=TOKEN // 2)
    client = world.client()
    worst = client.quote(world.job(4)).worst
    assert worst is not None
    run = client.submit(world.job(4), budget=amounts.show(worst, 18, 18))
    happened: list[JobEvent] = []
    for event in run.events():
        if isinstance(event, Placed) and len(world.miners) == 1:
            world.miner(CAROL).join(ask=TOKEN // 2)
        happened.append(event)
        assert run.reserved <= run.budget
    run.close()
    kinds = [type(e) for e in happened if isinstance(e, Placed | Rejected | DealEnded)]
    assert kinds == [Placed, Rejected, DealEnded, Placed, DealEnded]
    assert refuses.address not in {e.miner for e in happened if isinstance(e, TaskAccepted)}


def test_what_is_put_off_for_long_goes_to_whoever_can_begin(world: World) -> None:
    busy = world.miner(BOB, reason="capacity: 0 are free now", final=False).join(ask=TOKEN // 2)
    run = world.client(poll=1.0).submit(world.job(4), budget="1000")
    happened: list[JobEvent] = []
    for event in run.events():
        if isinstance(event, Placed) and len(world.miners) == 1:
            world.miner(CAROL).join(ask=TOKEN // 2)
        happened.append(event)
    run.close()
    assert [e for e in happened if isinstance(e, Rejected)] == [
        Rejected(0, busy.address, "capacity: 0 are free now", False)
    ]
    placed = [(e.deal, e.miner) for e in happened if isinstance(e, Placed)]
    assert placed == [(0, BOB.address), (1, CAROL.address)]
    ended = {e.deal: (e.how, e.why) for e in happened if isinstance(e, DealEnded)}
    assert ended == {0: ("cancelled", "capacity: 0 are free now"), 1: ("settled", "")}


def test_what_is_put_off_and_then_taken_was_no_failure(world: World) -> None:
    miner = world.miner(BOB, reason="gas: too little", final=False).join()

    def wait() -> None:
        miner.reason = "" if world.waits > 30 else miner.reason

    world.on_wait = wait
    happened = finish(world.client(poll=1.0).submit(world.job(2), budget="1000"))
    (ended,) = [e for e in happened if isinstance(e, DealEnded)]
    assert (ended.how, ended.why) == ("settled", "")


def test_while_offers_are_awaited_it_says_why(world: World) -> None:
    world.miner(BOB, reason="terms: no court").join()
    client = world.client(poll=1.0)
    happened: list[JobEvent] = []
    with (
        closing(client.submit(world.job(2), budget="1000", patience=20)) as run,
        pytest.raises(NobodyTakes, match="it refused these tasks: terms: no court"),
    ):
        happened.extend(run.events())
    with closing(client.run(run.id)) as again, pytest.raises(NobodyTakes):
        happened.extend(again.events())
    (waiting, _) = [e for e in happened if isinstance(e, Waiting)]
    assert (waiting.tasks, waiting.seconds) == (2, 20)
    assert waiting.reasons[0] == f"{BOB.address}: it refused these tasks: terms: no court"


def test_a_miner_that_refused_is_asked_again_by_the_next_run(world: World) -> None:
    miner = world.miner(BOB, reason="draining: no new work").join()
    client = world.client()
    run = client.submit(world.job(2), budget="1000", patience=0)
    with pytest.raises(NobodyTakes, match="it refused these tasks: draining: no new") as nobody:
        finish(run)
    assert nobody.value.reasons[-1].endswith("deal 0 cancelled (draining: no new work)")
    miner.reason = ""
    assert len([e for e in finish(client.run(run.id)) if isinstance(e, TaskAccepted)]) == 2


def test_a_deposit_that_was_undone_is_made_again(world: World) -> None:
    miner = world.miner(BOB, reason="money: too little is available", final=False).join()
    client = world.client()

    def undo() -> None:
        if world.waits == 1:
            assert client.withdraw(world.market.account_of(ALICE.address).available) > 0
        elif world.waits == 3:
            miner.reason = ""

    world.on_wait = undo
    happened = finish(client.submit(world.job(2), budget="1000"))
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 2
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]


def test_a_wrong_leaf_is_found_by_audit_and_its_evidence_kept(world: World) -> None:
    def cheat(task: Any) -> Result:
        return exited(b"made up") if task.args[0] == "0" else program(task)

    liar = world.miner(BOB, program=cheat).join(ask=TOKEN // 2)
    world.miner(CAROL).join()
    world.on_wait = lambda: world.pass_time(60)
    client = world.client()
    run = client.submit(world.job(4), budget="1000", audit=1, confirm_within=3_600, duration=600)
    happened = finish(run)
    (refused,) = [e for e in happened if isinstance(e, ClaimRefused)]
    assert (refused.miner, refused.kind) == (liar.address, "wrong")
    evidence = json.loads(refused.evidence.read_text())
    assert evidence["task"] == 0
    (opened,) = evidence["opened"]
    claimed, found = (bytes.fromhex(opened[name][2:]) for name in ("claimed", "found"))
    assert claimed != found
    path = [(bytes.fromhex(side[2:]), total) for side, total in opened["path"]]
    leaf = Leaf(0, claimed[4], claimed[5:37], int.from_bytes(claimed[37:], "big"))
    result = evidence["result"]
    root, units = bytes.fromhex(result["root"][2:]), int(result["unitsUsed"])
    assert verify(root, units, evidence["request"]["tasks"], leaf, path)
    reopened = client.run(run.id)
    assert b"made up" not in b"".join(reopened.files().values())
    assert liar.address not in {e.miner for e in happened if isinstance(e, TaskAccepted)}
    reopened.close()


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ({"root": b"\x11" * 32}, "another root"),
        ({"units_used": 7}, "the result says 7"),
        ({"leaves": b"\x22" * 32}, "withheld"),
    ],
)
def test_a_false_claim_is_refused(world: World, claim: dict[str, Any], why: str) -> None:
    world.miner(BOB, claim=lambda made: made._replace(**claim)).join(ask=TOKEN // 2)
    world.miner(CAROL).join()
    world.on_wait = lambda: world.pass_time(60)
    options = Options(audit=0, confirm_within=3_600, duration=600, patience=0.2)
    happened = finish(world.client().submit(world.job(4), "1000", options))
    (refused,) = [e for e in happened if isinstance(e, ClaimRefused)]
    assert why in f"{refused.kind}: {refused.why}"
    assert {e.task for e in happened if isinstance(e, TaskAccepted)} == set(range(4))
    assert {e.miner for e in happened if isinstance(e, TaskAccepted)} == {CAROL.address}


@pytest.mark.parametrize("size", [0, 5_000, 70_000])
def test_an_output_that_is_withheld_is_waited_for_then_refused(world: World, size: int) -> None:
    """Whether it stands in the record, or comes with others, or is large."""

    def long(task: Any) -> Result:
        return exited(b"task %s\n" % task.args[0].encode() + bytes(size))

    def withholds(data: bytes) -> bool:
        return data.startswith(b"task 0") if size else b'"data":"dGFzayAwCg=="' in data

    world.miner(BOB, program=long, withholds=withholds).join(ask=TOKEN // 2)
    world.miner(CAROL, program=long).join()
    world.on_wait = lambda: world.pass_time(60)
    options = Options(confirm_within=3_600, duration=600, patience=0.2)
    client = world.client(executor=lambda _: nullcontext(FakeExecutor(program=long)))
    happened = finish(client.submit(world.job(4), "1000", options))
    (refused,) = [e for e in happened if isinstance(e, ClaimRefused)]
    assert refused.kind == "withheld"
    assert {e.task for e in happened if isinstance(e, TaskAccepted)} == set(range(4))


def test_a_claimed_failure_is_always_run_again(world: World) -> None:
    def fail(task: Any) -> Result:
        return Result(Outcome.OUT_OF_FUEL, None, fuel=10 * 1_000_000)

    world.miner(BOB, program=fail).join()
    client = world.client()
    # The deal is overdue before patience ends, and the announcement outlasts both.
    world.on_wait = lambda: world.pass_time(150)
    run = client.submit(
        world.job(2), budget="1000", audit=0, patience=0.2, confirm_within=3_600, duration=600
    )
    with pytest.raises(NobodyTakes, match="its result was refused: wrong: task 0 run") as nobody:
        finish(run)
    assert nobody.value.reasons[-1].endswith(
        "deal 0 defaulted (wrong: task 0 run again leaves something else)"
    )
    assert world.spent() <= 0, "a default compensates, it costs nothing"


def test_why_a_result_was_refused_is_told_before_its_deal_is_over(world: World) -> None:
    world.miner(BOB, program=lambda task: exited(b"made up")).join()
    run = world.client().submit(
        world.job(2), budget="1000", audit=1, patience=0, confirm_within=3_600, duration=600
    )
    with pytest.raises(NobodyTakes) as nobody:
        finish(run)
    assert nobody.value.reasons[-1].endswith(
        "deal 0 is not over yet (wrong: task 0 run again leaves something else)"
    )


def test_over_the_chain_when_the_relay_is_away(world: World) -> None:
    world.shared = DirectoryStore(world.folder / "shared")
    world.miner(BOB, on_chain=True).join()
    world.wire.cut = True
    run = world.client().submit(world.job(3), budget="1000", audit=1)
    happened = list(run.events())
    assert any(isinstance(e, FellBack) for e in happened)
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]
    assert run.files()["all.txt"] == b"task 0\ntask 1\ntask 2\n"
    assert run.report.cost == world.spent() > 0
    run.close()


def test_without_relay_and_shared_store_it_says_so(world: World) -> None:
    with pytest.raises(ClientError, match="--store"):
        world.client(relay=None)


def test_a_miner_that_submits_on_the_chain_is_paid_at_once(world: World) -> None:
    world.miner(BOB, on_chain=True).join()
    happened = finish(world.client().submit(world.job(3), budget="1000"))
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]


def test_the_budget_is_a_limit(world: World) -> None:
    world.miner(BOB).join()
    client = world.client()
    worst = client.quote(world.job(4)).worst
    assert worst is not None
    run = client.submit(world.job(4), budget=amounts.show(worst - 1, 18, 18).replace(",", ""))
    with pytest.raises(BudgetTooSmall, match="at worst"):
        finish(run)
    assert world.market.account_of(ALICE.address) == Balance(0, 0), "nothing was deposited"
    run = client.submit(world.job(4), budget=amounts.show(worst, 18, 18).replace(",", ""))
    assert len([e for e in finish(run) if isinstance(e, TaskAccepted)]) == 4


def test_an_empty_wallet(world: World) -> None:
    world.miner(BOB).join()
    client = world.client(account=Account.from_key("0x" + "55" * 32))
    with pytest.raises(WalletTooSmall, match="holds 0"):
        finish(client.submit(world.job(4), budget="1000"))


def test_nobody_takes_it_and_why(world: World) -> None:
    world.miner(BOB).join(ask=50 * TOKEN)
    world.miner(CAROL).join(capacity=9)
    world.miner(DEPLOYER).join(runtimes=(b"\x99" * 32,))
    run = world.client().submit(world.job(2), budget="1000", most_price=2 * TOKEN)
    with pytest.raises(NobodyTakes) as caught:
        finish(run)
    said = {line.split(": ")[0]: line for line in caught.value.reasons}
    assert "ask above bid: 50" in said[BOB.address]
    assert "capacity: 9 units are free, a task needs 10" in said[CAROL.address]
    assert "runtime: it runs 9999999999999999… only, the job is for" in said[DEPLOYER.address]
    assert world.market.account_of(ALICE.address) == Balance(0, 0)


def test_no_offers_at_all(world: World) -> None:
    with pytest.raises(NobodyTakes, match="there are no offers"):
        finish(world.client().submit(world.job(2), budget="1"))
