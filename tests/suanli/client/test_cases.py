"""Challenges before a real court, from the refusal to the last payment."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from typing import Any

import pytest

from suanli.chain import Court, Market, connect
from suanli.client import (
    CaseEnded,
    Challenged,
    ClaimRefused,
    DealEnded,
    NobodyTakes,
    NotChallenged,
    Options,
    Run,
    TaskAccepted,
)
from suanli.client.run.core import instructions as i
from suanli.client.run.pleading import Pleading
from suanli.deployment import QUICK_COURT, QUICK_TERMS, local_classes
from suanli.engine import runtime_id
from suanli.job import leaf_of
from suanli.protocol import CaseStatus, Leaf, State, decode_leaves, leaf_hash
from tests.harness.doubles import RUNTIME, FakeExecutor, exited
from tests.harness.jury import NOTHING, Answering, Filed, Jury
from tests.harness.local_chain import ALICE, DEPLOYER, anvil, deploy
from tests.suanli.client.conftest import BOB, CAROL, URLS, Miner, World, program
from tests.suanli.client.test_commands import Shell

MIN = {"min_window": 60}
SEATS = 12


@pytest.fixture(scope="module")
def deployed() -> Iterator[Market]:
    """In the place of the one whose court does what anybody tells it."""
    with anvil() as url:
        classes = local_classes((RUNTIME, runtime_id()))
        market = deploy(connect(url), classes=classes, court=QUICK_COURT, terms=QUICK_TERMS)
        URLS[market.node] = url
        yield market


def lies(task: Any) -> Any:
    """Of task 1 alone."""
    return exited(b"a lie\n") if task.args[0] == "1" else program(task)


class Bench:
    """The court, its jurors, and the miners' parts: moved whenever the requester waits. `truth`:
    what jurors find."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.court = Court(world.node, world.market.terms_of(1).court)
        self.jury = Jury(world.market, self.court, DEPLOYER, self.find)
        self.jury.take_seats(SEATS)
        self.truth: Callable[[bytes, CaseStatus], bytes] = self.right
        self.silent: set[str] = set()
        self.filed = Filed(self.court)
        world.on_wait = self.step

    def step(self) -> None:
        """Where nobody has anything to do, time passes: less than a phase, so that nobody is late
        who looks in each."""
        acted = False
        for event in self.filed():
            for miner in self.world.miners:
                acted |= self._answer(miner, event.request_id, event.case_id)
            acted |= self.jury.step(event.case_id)
        self.world.pass_time(1 if acted else 7)

    def _answer(self, miner: Miner, request_id: bytes, case: bytes) -> bool:
        if request_id not in miner.done or miner.address in self.silent:
            return False
        leaves = self.leaves(miner, request_id)
        part = Answering(self.court, miner.sender, miner.taken[request_id], leaves)
        return part.step(case)

    def leaves(self, miner: Miner, request_id: bytes) -> list[Leaf]:
        data = self.world.blobs().get(miner.done[request_id].leaves)
        return decode_leaves(data, miner.taken[request_id].tasks)

    def find(self, case: bytes, status: CaseStatus) -> bytes:
        return self.truth(case, status)

    def right(self, case: bytes, status: CaseStatus) -> bytes:
        """The leaf of the job's program, whoever asks."""
        event = next(event for event in self.filed() if event.case_id == case)
        run = self.run
        record = next(
            record
            for record in run.ledger.deals()
            if self.world.market.domain.request_id(record.request) == event.request_id
        )
        task = run.job.part(record.tasks).engine_task(status.task, run.job.module, run.job.read)
        return leaf_hash(leaf_of(status.task, program(task), run.job.salt))

    run: Run


def begin(world: World, bench: Bench, tasks: int = 4, **options: Any) -> Run:
    chosen = MIN | {"audit": 1.0} | options
    bench.run = world.client(poll=1.0).submit(world.job(tasks), budget="500", **chosen)
    return bench.run


def of_kind(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_a_cheat_is_challenged_judged_and_its_tasks_go_to_another(world: World) -> None:
    bench = Bench(world)
    world.miner(BOB, program=lies, on_chain=True).join()
    with closing(begin(world, bench)) as run:
        happened: list[Any] = []
        for event in run.events():
            happened.append(event)
            if isinstance(event, ClaimRefused):
                world.miner(CAROL).join()
        (challenged,) = of_kind(happened, Challenged)
        (ended,) = of_kind(happened, CaseEnded)
        assert (ended.how, ended.cost) == ("upheld", 0)
        assert ended.reward > 0
        assert challenged.deposit > 0
        assert [event.how for event in of_kind(happened, DealEnded)] == ["settled", "overturned"]
        assert run.done
        assert len(of_kind(happened, TaskAccepted)) == 4
        refused = run.ledger.deals()[0]
        assert world.market.state_of(refused.request) is State.OVERTURNED
        left = bench.court.account_of(ALICE.address)
        assert (left.available, left.locked) == (0, 0)
        assert world.spent() == run.report.cost - ended.reward


def test_a_right_result_that_is_challenged_costs_the_challenger(world: World) -> None:
    """As by a requester whose own machine errs: jurors find what the miner found."""
    bench = Bench(world)
    world.miner(BOB, on_chain=True).join()
    client = world.client(executor=erring, poll=1.0)
    bench.run = run = client.submit(world.job(2), budget="500", audit=1.0, patience=0, **MIN)
    with closing(run):
        happened: list[Any] = []
        with pytest.raises(NobodyTakes):
            happened.extend(run.events())
        happened = list(happened)
        (filing,) = run.ledger.filings()
        assert filing.end == "rejected"
        assert 0 < filing.cost <= filing.deposit
        request = run.ledger.deals()[0].request
        assert world.market.state_of(request) is State.CHALLENGED, "others may still challenge"
        world.pass_time(60)
        world.miners[0].sender.execute(bench.court.finish(request))
        assert world.market.state_of(request) is State.SETTLEABLE, "it goes on"


def erring(_: Any) -> Any:
    return nullcontext(FakeExecutor(program=lambda task: exited(b"what a broken machine finds\n")))


def test_a_jury_that_errs_is_appealed_against(world: World) -> None:
    bench = Bench(world)
    bob = world.miner(BOB, program=lies, on_chain=True).join()

    def truth(case: bytes, status: CaseStatus) -> bytes:
        if status.round == 0:
            (request_id,) = bob.done
            return leaf_hash(bench.leaves(bob, request_id)[status.task])
        return bench.right(case, status)

    bench.truth = truth
    with closing(begin(world, bench, patience=0)) as run:
        with pytest.raises(NobodyTakes):
            list(run.events())
        (filing,) = run.ledger.filings()
        assert (filing.end, filing.appealed, filing.cost) == ("upheld", True, 0)
        assert world.market.state_of(run.ledger.deals()[0].request) is State.OVERTURNED
        left = bench.court.account_of(ALICE.address)
        assert (left.available, left.locked) == (0, 0)


def test_a_claim_of_another_sum_is_proved_false_without_a_jury(world: World) -> None:
    bench = Bench(world)
    bob = world.miner(BOB, on_chain=True).join()
    bob.claim = lambda made: made._replace(units_used=made.units_used + 3)
    before = world.spent()
    with closing(begin(world, bench, patience=0, bond=0)) as run:
        with pytest.raises(NobodyTakes):
            list(run.events())
        (deal,) = run.ledger.deals()
        assert deal.fault is not None
        assert deal.fault.proof is not None
        assert (deal.end, deal.cost) == ("overturned", 0)
        assert (run.ledger.filings(), bench.filed()) == ([], [])
        assert world.spent() == before


def test_a_miner_that_does_not_answer_loses(world: World) -> None:
    bench = Bench(world)
    bob = world.miner(BOB, program=lies, on_chain=True).join()
    bench.silent.add(bob.address)
    with closing(begin(world, bench, patience=0)) as run:
        with pytest.raises(NobodyTakes):
            list(run.events())
        (filing,) = run.ledger.filings()
        assert (filing.end, filing.cost) == ("upheld", 0)


def test_withheld_data_that_comes_while_the_case_goes_on_is_accepted(world: World) -> None:
    bench = Bench(world)
    kept: list[bytes] = []
    bob = world.miner(BOB, on_chain=True, withholds=lambda data: not kept.append(data)).join()
    bench.truth = lambda case, status: NOTHING
    with closing(begin(world, bench, tasks=2, patience=0.05)) as run:
        happened: list[Any] = []
        for event in run.events():
            happened.append(event)
            if isinstance(event, Challenged):
                salt = run.job.salt
                for data in kept:
                    world.blobs().put(salt + data)
        (filing,) = run.ledger.filings()
        assert filing.fault.right is None
        assert filing.end == "void"
        assert [event.how for event in of_kind(happened, DealEnded)] == ["settled"]
        assert run.done
        assert bob.done


def test_data_that_is_withheld_for_good_is_found_so(world: World) -> None:
    bench = Bench(world)
    world.miner(BOB, on_chain=True, withholds=lambda data: True).join()
    bench.truth = lambda case, status: NOTHING
    with closing(begin(world, bench, tasks=2, patience=0)) as run:
        with pytest.raises(NobodyTakes):
            list(run.events())
        (filing,) = run.ledger.filings()
        assert (filing.end, filing.cost) == ("upheld", 0)
        assert world.market.state_of(run.ledger.deals()[0].request) is State.OVERTURNED


def test_a_bond_of_zero_challenges_nothing(world: World) -> None:
    bench = Bench(world)
    world.miner(BOB, program=lies, on_chain=True).join()
    with closing(begin(world, bench, patience=0, bond=0)) as run:
        happened: list[Any] = []
        with pytest.raises(NobodyTakes):
            happened.extend(run.events())
        assert [event.why for event in of_kind(happened, NotChallenged)] == [
            "--bond 0 challenges nothing"
        ]
        assert bench.filed() == []


def test_a_challenge_that_became_dearer_is_planned_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by others' cases, while its process was killed: no more is held than the budget says."""
    bench, deposit, prices = Bench(world), Pleading._deposit, iter([100 * 10**18])
    monkeypatch.setattr(Pleading, "_deposit", lambda *of: next(prices, None) or deposit(*of))
    world.miner(BOB, program=lies, on_chain=True).join()
    with closing(begin(world, bench, patience=10.0)) as run:
        happened: list[Any] = []
        with pytest.raises(NobodyTakes):
            happened.extend(run.events())
        (dearer,) = of_kind(happened, NotChallenged)
        assert dearer.why == "it holds 100 SLT now, more than was planned"
        assert [event.deposit for event in of_kind(happened, Challenged)] == [265 * 10**17]
        (filing,) = run.ledger.filings()
        assert (filing.number, filing.end, filing.cost) == (0, "upheld", 0)


@pytest.mark.parametrize(
    "after",
    [
        "sent",
        "shown",
        *(
            pytest.param(step, marks=pytest.mark.deep)
            for step in ("before it is sent", "secret", "collected")
        ),
    ],
)
def test_a_client_killed_at_any_step_goes_on_and_loses_nothing(world: World, after: str) -> None:
    bench = Bench(world)
    world.miner(BOB, program=lies, on_chain=True).join()
    run = begin(world, bench, patience=0)
    kill_at(run, after)
    with closing(run), pytest.raises(Killed):
        list(run.events())
    client = world.client(poll=1.0)
    with closing(client.run(run.id)) as again:
        bench.run = again
        with pytest.raises(NobodyTakes):
            list(again.events())
        (filing,) = again.ledger.filings()
        assert (filing.end, filing.cost) == ("upheld", 0)
        assert len(bench.filed()) == 1


class Killed(BaseException):
    pass


def kill_at(run: Run, after: str) -> None:
    """When the instruction is about to be carried out, or just was."""
    perform = run._performer.perform
    acts = {"sent": i.CaseAct.FILE, "secret": i.CaseAct.REVEAL, "shown": i.CaseAct.SHOW}

    def dying(wanted: i.RunInstruction) -> Any:
        act = getattr(wanted, "act", None)
        if after == "before it is sent" and act is i.CaseAct.FILE:
            raise Killed
        came = perform(wanted)
        if (after in acts and act is acts[after]) or (
            after == "collected" and isinstance(wanted, i.CloseCase)
        ):
            raise Killed
        return came

    run._performer.perform = dying  # type: ignore[method-assign]


def test_what_nobody_can_judge_is_not_bought(world: World) -> None:
    world.miner(BOB).join()
    with closing(world.client()) as client:
        quote = client.quote(world.job(2), Options(**MIN), seconds=0)
        assert quote.court is not None
        assert (quote.court.value, quote.court.deposit > 0) == (0, True)
        assert quote.plan.unplaced == (0, 1)
        assert "it can judge 0 now" in quote.reasons[0]
        unjudged = client.quote(world.job(2), Options(no_court=True, **MIN), seconds=0)
        assert not unjudged.plan.unplaced


# By command


def test_a_case_is_told_by_command(world: World) -> None:
    bench, shell = Bench(world), Shell(world)
    assert "has no cases" in shell("case", "list", state=False).output
    world.miner(BOB, program=lies, on_chain=True).join()
    with closing(begin(world, bench, patience=0)) as run:
        told: list[str] = []

        def look(event: Any) -> None:
            if isinstance(event, Challenged):
                told.append(shell("case", "show", event.case[:8]).output)
                told.append(shell("case", "list", state=False).output)

        with pytest.raises(NobodyTakes):
            deque(map(look, run.events()), 0)
        case = bench.filed()[0].case_id.hex()
        first, listed = told
        assert f"case        0x{case}\n" in first
        assert "about       task 1 of the deal: its result is said to be wrong\n" in first
        assert f"job         {run.id}, deal 0\n" in first
        assert "held        26.5 SLT by the challenger\n" in first
        assert "s left\n" in first
        assert case[:10] in listed
        ended = shell("case", "show", case[:8]).output
        assert "state       the miner lost: the jury found the miner's result wrong\n" in ended
        assert (
            "money       26.5 SLT back to the challenger; 1.5 SLT its reward; 1.5 SLT to" in ended
        )
        about = json.loads(shell("case", "show", case, "--json").output)
        assert (about["state"], about["until"], about["deal"]) == ("upheld", None, 0)
        assert about["division"]["filer"]["amount"] == about["deposit"] == str(265 * 10**17)
        status = json.loads(shell("job", "status", run.id, "--json").output)
        assert status["challenges"] == [
            {"number": 0, "state": "upheld", "locked": "0", "cost": "0", "reward": str(15 * 10**17)}
        ]
        assert "deal 0 was challenged: upheld, it cost 0 SLT, it brought 1.5 SLT\n" in (
            shell("job", "status", run.id).output
        )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show", "ab"), "no case 'ab' at the court 0x"),
        (("show", ""), "no case '' at the court 0x"),
        (("list", "--court", "0x1"), "'0x1' can't be the court: its address is 0x and 40 digits"),
        (("list", "--court", "0x" + "11" * 20), "is no court: name another with --court"),
    ],
)
def test_a_case_that_is_not_there(world: World, arguments: tuple[str, ...], why: str) -> None:
    shell = Shell(world)
    found = shell("case", *arguments, state=arguments[0] == "show")
    assert found.exit_code == 1
    assert why in found.output
    assert found.output.count("\n") == 1
