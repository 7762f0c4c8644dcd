"""A deal's way, step by step: what is asked for when, and what is not."""

from __future__ import annotations

from dataclasses import replace

from suanli.miner import core as m
from suanli.miner.core import (
    Act,
    Core,
    CoreState,
    OnChain,
    Reason,
    Share,
    Stage,
    Work,
    validate_state,
)
from suanli.miner.core.book import ASK_AGAIN
from suanli.miner.core.chores import RAISE_EVERY
from suanli.miner.core.deadlines import waits_of
from suanli.miner.core.judge import DEAL_GAS
from suanli.miner.core.judging import MOST_REVERTS
from suanli.miner.core.onchain import GRACE
from suanli.miner.core.records import MOST_SEEN
from suanli.miner.core.tasks import FIRST_REST
from suanli.model import Offer
from suanli.protocol import Leaf, Request, State
from tests.harness.simulation import (
    CLASS,
    OFFER,
    PRICE,
    RUNTIME,
    SETTINGS,
    START,
    TERMS,
    WINDOW,
    changed,
    id_of,
    request,
    view,
)


class Way:
    """One core, at a time that only `at` moves."""

    def __init__(self, **changes: object) -> None:
        self.core = Core(CoreState(changed(SETTINGS, **changes)))
        self.now = START
        self.chain: dict[bytes, OnChain] = {}
        self.hear(m.ChainRead(self.now, view(), {}))

    def hear(self, event: m.Observation) -> list[m.Instruction]:
        found = self.core.step(event)
        validate_state(self.core.state)
        return found

    def at(self, now: int) -> list[m.Instruction]:
        self.now = now
        return self.hear(m.TimePassed(now))

    def read(self, **deals: OnChain) -> list[m.Instruction]:
        return self.hear(m.ChainRead(self.now, view(), self.chain))

    def stage(self, made: Request) -> Stage:
        return self.core.state.deals[id_of(made)].stage

    def confirming(self, made: Request) -> list[m.Instruction]:
        id_ = id_of(made)
        self.hear(m.RequestSeen(self.now, id_, made, b"\x01", True))
        work = Work(made.tasks, made.units // made.tasks)
        return self.hear(m.CheckPassed(self.now, id_, work))

    def running(self, made: Request) -> list[m.Instruction]:
        self.confirming(made)
        deadline = self.now + made.duration
        self.chain[id_of(made)] = OnChain(State.CONFIRMED, True, PRICE, deadline)
        return self.read()

    def offered(self, made: Request) -> None:
        id_ = id_of(made)
        self.running(made)
        for index in range(made.tasks):
            self.hear(m.TaskDone(self.now, id_, leaf(index)))
            self.hear(m.TaskStored(self.now, id_, index))
        self.hear(m.LeavesStored(self.now, id_))
        self.hear(m.ClaimAnswered(self.now, id_, True))
        assert self.stage(made) is Stage.OFFERED

    def accept(self, made: Request, *, root: bytes | None = None, signature: bytes = b"\x02"):
        outcome = self.core.state.deals[id_of(made)].result
        root = root or outcome.root
        return self.hear(
            m.AcceptanceSeen(self.now, id_of(made), root, outcome.units_used, signature)
        )

    def submitted(self, made: Request) -> None:
        self.offered(made)
        self.chain[id_of(made)] = OnChain(State.SUBMITTED, True, PRICE, self.now)
        self.read()


def leaf(index: int) -> Leaf:
    return Leaf(index, 0, bytes([index]) * 32, 5)


def acts(instructions: list[m.Instruction]) -> list[Act]:
    return [i.act for i in instructions if isinstance(i, m.Send)]


def test_an_acceptance_ends_the_wait() -> None:
    way, made = Way(), request()
    way.offered(made)
    assert acts(way.accept(made)) == [Act.SUBMIT_ACCEPTED]


def test_an_acceptance_of_another_result_is_none() -> None:
    way, made = Way(), request()
    way.offered(made)
    assert not way.accept(made, root=b"\x0f" * 32)
    assert way.stage(made) is Stage.OFFERED


def test_an_acceptance_that_the_market_refused_is_not_tried_again() -> None:
    way, made = Way(), request()
    way.offered(made)
    way.accept(made)
    refused = Reason("market", "InvalidSignature")
    way.hear(m.ActRefused(way.now, id_of(made), Act.SUBMIT_ACCEPTED, refused))
    assert not way.accept(made)
    assert acts(way.accept(made, signature=b"\x03")) == []  # asked for a moment ago
    assert way.stage(made) is Stage.ACCEPTED
    assert acts(way.at(way.now + ASK_AGAIN)) == [Act.SUBMIT_ACCEPTED]


def test_patience_ends_and_is_never_more_than_half_of_what_is_left() -> None:
    for duration, patience in ((120, SETTINGS.patience), (60, SETTINGS.patience), (36, 18)):
        way, made = Way(reserve=5, speed=1_000.0), request(duration=duration)
        way.offered(made)
        assert acts(way.at(START + patience - 1)) == []
        assert acts(way.at(START + patience)) == [Act.SUBMIT_RESULT]


def test_after_the_deadline_only_an_acceptance_helps() -> None:
    way, made = Way(), request()
    way.offered(made)
    way.at(START + SETTINGS.patience)
    way.at(START + made.duration + 1)
    assert way.stage(made) is Stage.OFFERED
    assert acts(way.at(START + made.duration + 50)) == []
    assert acts(way.accept(made)) == [Act.SUBMIT_ACCEPTED]


def test_a_result_is_settled_after_its_window_and_not_while_challenged() -> None:
    way, made = Way(), request()
    way.submitted(made)
    assert acts(way.at(START + WINDOW)) == []
    way.chain[id_of(made)] = OnChain(State.SUBMITTED, True, PRICE, START, frozen=True)
    way.now = START + WINDOW + 1
    assert acts(way.read()) == []
    way.chain[id_of(made)] = OnChain(State.SUBMITTED, True, PRICE, START)
    assert acts(way.read()) == [Act.SETTLE]
    assert way.stage(made) is Stage.SETTLING


def test_the_first_word_on_a_task_counts() -> None:
    way, made = Way(), request()
    way.running(made)
    way.hear(m.TaskDone(way.now, id_of(made), leaf(0)))
    other = replace(leaf(0), digest=b"\x0e" * 32)
    way.hear(m.TaskDone(way.now, id_of(made), other))
    assert way.core.state.deals[id_of(made)].leaves[0] == leaf(0)


def test_a_transaction_is_asked_for_again_only_after_a_while() -> None:
    way, made = Way(), request()
    assert acts(way.confirming(made)) == [Act.CONFIRM]
    asked = [acts(way.at(START + second)) for second in range(1, 2 * ASK_AGAIN + 1)]
    assert [found for found in asked if found] == [[Act.CONFIRM], [Act.CONFIRM]]


def test_tasks_with_the_earliest_deadline_come_first() -> None:
    way = Way()
    later = request(salt=1, duration=300, tasks=10, units=800)
    sooner = request(salt=2, duration=100)
    way.running(later)
    way.running(sooner)
    done = m.TaskDone(way.now, id_of(later), leaf(0))
    assert [i for i in way.hear(done) if isinstance(i, m.RunTask)] == [
        m.RunTask(id_of(sooner), sooner.job, 0)
    ]


def test_a_reorganization_may_take_the_end_back() -> None:
    way, made = Way(), request()
    way.offered(made)
    way.accept(made)
    confirmed = way.chain[id_of(made)]
    way.chain[id_of(made)] = OnChain(State.SETTLED, True, PRICE)
    way.read()
    assert way.stage(made) is Stage.ENDED
    way.chain[id_of(made)] = confirmed
    way.now += ASK_AGAIN
    assert acts(way.read()) == [Act.SUBMIT_ACCEPTED]
    way.chain[id_of(made)] = OnChain(State.NONE)
    way.now += ASK_AGAIN
    assert acts(way.read()) == [Act.CONFIRM]


def test_a_confirmation_that_never_comes_is_given_up() -> None:
    way, made = Way(), request()
    way.confirming(made)
    way.chain[id_of(made)] = OnChain(State.NONE)
    way.now = made.confirm_by + GRACE
    way.read()
    assert way.stage(made) is Stage.CONFIRMING
    way.now += 1
    way.read()
    assert way.core.state.passed[id_of(made)].reason.code == "expired"


def test_capacity_that_is_being_confirmed_is_not_free() -> None:
    way = Way(speed=1_000.0)
    way.confirming(request(salt=1, units=600))
    seen = m.RequestSeen(way.now, id_of(request(salt=2)), request(salt=2, units=600), b"", False)
    assert way.hear(seen) == []
    assert way.core.state.deals[id_of(request(salt=2))].reason.code == "capacity"


def test_capacity_that_comes_free_is_used_at_once() -> None:
    way, made = Way(), request()
    full = replace(OFFER, reserved=950)
    way.hear(m.ChainRead(way.now, view(offer=full), {}))
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    assert way.stage(made) is Stage.SEEN
    assert m.Check(id_of(made), made, CLASS, RUNTIME) in way.read()


def test_a_deal_that_is_late_is_given_back_in_time() -> None:
    way, made = Way(), request()
    way.running(made)
    assert acts(way.at(START + made.duration - SETTINGS.reserve - 1)) == []
    assert acts(way.at(START + made.duration - SETTINGS.reserve)) == [Act.RELEASE]


def test_a_result_whose_upload_is_late_goes_on_chain_in_time() -> None:
    way, made = Way(), request()
    way.running(made)
    for index in range(made.tasks):
        way.hear(m.TaskDone(way.now, id_of(made), leaf(index)))
    last = START + made.duration - SETTINGS.reserve
    assert acts(way.at(last)) == [Act.SUBMIT_RESULT]
    assert way.stage(made) is Stage.SUBMITTING


def test_the_offer_is_renewed_and_follows_the_settings() -> None:
    way = Way()
    assert acts(way.at(START + 4_000)) == []
    (publish,) = [i for i in way.at(START + 5_001) if isinstance(i, m.SendPublish)]
    assert (publish.published, publish.ask) == (1_000, PRICE)
    assert publish.valid_until == START + 5_001 + SETTINGS.offer_seconds
    cheaper = Way(ask=PRICE // 2)
    assert acts(cheaper.at(START + ASK_AGAIN)) == [Act.PUBLISH]


def test_an_ask_that_follows_is_raised_now_and_then_and_lowered_at_once() -> None:
    way = Way(ask=Share(10_000))
    published = replace(OFFER, valid_until=START + SETTINGS.offer_seconds)

    def asks(now: int, price: int, offer: Offer = published) -> list[int]:
        told = way.hear(m.ChainRead(now, view(price=price, offer=offer), {}))
        return [it.ask for it in told if isinstance(it, m.SendPublish)]

    assert asks(START + RAISE_EVERY - 1, 2 * PRICE) == []
    assert asks(START + RAISE_EVERY, 2 * PRICE) == [2 * PRICE]
    raised = START + RAISE_EVERY
    dear = replace(OFFER, ask=2 * PRICE, valid_until=raised + SETTINGS.offer_seconds)
    assert asks(raised + ASK_AGAIN, PRICE, dear) == [PRICE]


def test_gas_for_results_is_not_spent_on_the_offer() -> None:
    gwei = 10**9
    way, made = Way(max_fee=10 * gwei), request()
    way.running(made)
    gas = DEAL_GAS * 6 * gwei
    offer = replace(OFFER, ask=PRICE + 1)
    for has, then in ((gas - 1, []), (gas, [Act.PUBLISH])):
        seen = view(gas=has, base_fee=gwei, offer=offer)
        assert acts(way.hear(m.ChainRead(way.now, seen, {}))) == then


def test_earnings_are_collected_when_they_are_worth_it() -> None:
    way = Way(collect_at=100)
    assert acts(way.hear(m.ChainRead(START, view(earnings=99), {}))) == []
    assert acts(way.hear(m.ChainRead(START, view(earnings=100), {}))) == [Act.COLLECT]


def test_an_acceptance_that_can_t_be_handed_in_gives_way_to_the_result() -> None:
    """A requester's contract may agree, and then burn more gas than a block has."""
    way, made = Way(), request()
    way.offered(made)
    way.accept(made)
    last = START + made.duration - SETTINGS.reserve
    assert Act.SUBMIT_RESULT not in acts(way.at(last - 1))
    assert acts(way.at(last)) == [Act.SUBMIT_RESULT]
    assert way.stage(made) is Stage.SUBMITTING


def test_what_was_accepted_is_handed_in_late_if_its_result_came_too_late() -> None:
    """As after an outage around the deadline: nobody has claimed the default."""
    way, made = Way(), request()
    way.offered(made)
    way.accept(made)
    way.at(START + made.duration - SETTINGS.reserve)
    assert way.stage(made) is Stage.SUBMITTING
    assert acts(way.at(START + made.duration + 1)) == []
    assert acts(way.at(START + made.duration + 2)) == [Act.SUBMIT_ACCEPTED]


def test_tasks_rest_after_a_failure_and_what_fails_together_counts_once() -> None:
    way, made = Way(), request(duration=10_000, confirm_by=START + 300)
    way.running(made)
    for index in range(4):
        assert m.RunTask not in kinds(way.hear(failed(way, made, index)))
    assert way.core.state.deals[id_of(made)].failures == 1
    assert m.RunTask not in kinds(way.at(START + FIRST_REST - 1))
    assert m.RunTask in kinds(way.at(START + FIRST_REST))


def test_a_machine_that_goes_on_failing_gives_the_deal_back() -> None:
    way, made = Way(), request(duration=10_000, confirm_by=START + 300)
    way.running(made)
    sent, second = [], 0
    while Act.RELEASE not in sent and second < 2_000:
        second += 1
        sent += acts(way.hear(failed(way, made, 0)))
        sent += acts(way.at(START + second))
    assert 300 < second < 1_000


def test_a_drained_miner_does_not_wait_for_what_is_overdue() -> None:
    """Whoever claims the default may take years."""
    way, made = Way(), request()
    way.running(made)
    way.hear(m.DrainAsked(way.now))
    gone = view(offer=replace(OFFER, valid_until=0, published=100, reserved=100))
    assert m.Leave not in kinds(way.hear(m.ChainRead(way.now, gone, way.chain)))
    way.now += made.duration + 1
    assert m.Leave in kinds(way.hear(m.ChainRead(way.now, gone, way.chain)))


def test_a_challenge_that_the_court_leaves_open_is_settled() -> None:
    way, made = Way(), request()
    way.running(made)
    held = OnChain(State.SUBMITTED, True, PRICE, START + 10, frozen=True)
    way.chain[id_of(made)] = held
    way.read()
    over = START + 10 + WINDOW + TERMS.verdict_by
    assert acts(way.at(over)) == []
    assert acts(way.at(over + 1)) == [Act.SETTLE]


def test_a_confirmation_that_keeps_reverting_is_given_up() -> None:
    """A requester's contract may agree in simulations only: each try costs gas."""
    way, made = Way(), request()
    way.confirming(made)
    reverted = Reason("reverted", "confirmRequest failed", final=False)
    confirmations = 1
    for second in range(250):
        for send in way.at(START + second):
            confirmations += isinstance(send, m.Send) and send.act is Act.CONFIRM
        if id_of(made) in way.core.state.deals and way.stage(made) is Stage.CONFIRMING:
            way.hear(m.ActRefused(way.now, id_of(made), Act.CONFIRM, reverted))
    assert confirmations == MOST_REVERTS
    assert way.core.state.passed[id_of(made)].reason == reverted


def test_a_confirmation_of_what_was_given_up_is_released() -> None:
    """Its data is deleted: a small share is lost instead of a large one."""
    way, made = Way(), request()
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    way.hear(m.RequestGone(way.now, id_of(made), Reason("taken", "another miner has it")))
    assert id_of(made) in way.core.state.passed
    way.hear(m.OwnConfirmed(way.now, id_of(made)))
    way.chain[id_of(made)] = OnChain(State.CONFIRMED, True, PRICE, way.now + made.duration)
    assert acts(way.read()) == [Act.RELEASE]


def test_what_a_reorganization_reopens_is_looked_at_again() -> None:
    way, made = Way(), request()
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"", False))
    way.hear(m.RequestGone(way.now, id_of(made), Reason("cancelled", "by the requester")))
    way.hear(m.RolledBack(way.now))
    assert m.Check(id_of(made), made, CLASS, RUNTIME) in way.at(START + 10)


def test_what_was_rejected_for_good_is_not_confirmed_after_a_reorganization() -> None:
    """The requester goes by that word: it may have bought the same work elsewhere."""
    way, made = Way(), request()
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    told = way.hear(m.RequestGone(way.now, id_of(made), Reason("taken", "by another miner")))
    assert [i.reason.final for i in told if isinstance(i, m.PostRejection)] == [True]
    way.hear(m.RolledBack(way.now))
    assert id_of(made) in way.core.state.passed
    assert way.at(START + 10) == []


def test_a_relay_that_lost_its_memory_gets_the_result_again() -> None:
    way, made = Way(), request()
    way.offered(made)
    again = way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    claim = m.PostClaim(id_of(made), way.core.state.deals[id_of(made)].result)
    assert claim in again


def test_what_can_t_be_paid_costs_nothing() -> None:
    """No data is fetched for a requester without money; nobody hears of an account not read yet."""
    way, made = Way(), request()
    for funds, code in (({}, "starting"), ({made.requester: 1}, "money")):
        way.hear(m.ChainRead(way.now, view(funds=funds), {}))
        told = way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
        told += way.at(way.now + 10)
        assert m.Check not in kinds(told)
        assert way.core.state.deals[id_of(made)].reason.code == code
    assert m.Check in kinds(way.read())


def test_gas_is_kept_for_the_results_of_all_deals() -> None:
    gwei = 10**9
    way = Way(max_fee=10 * gwei)
    first, second = request(salt=1), request(salt=2)
    for_one = DEAL_GAS * 6 * gwei  # four times the base fee, and two for the tip
    poor = view(gas=2 * for_one - 1, base_fee=gwei)
    way.hear(m.ChainRead(way.now, poor, {}))
    assert acts(way.confirming(first)) == [Act.CONFIRM]
    way.confirming(second)
    assert way.core.state.deals[id_of(second)].reason.code == "gas"


def test_a_deal_that_pays_too_little_is_not_taken() -> None:
    made = request()
    for least, taken in ((200 * PRICE, True), (200 * PRICE + 1, False)):
        way = Way(least=least)
        way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
        assert (id_of(made) in way.core.state.deals) is taken


def test_thousands_that_wait_leave_room_for_one_that_fits() -> None:
    way = Way()
    for number in range(MOST_SEEN):
        waiting = request(salt=number + 1, flags=1)
        way.core.step(m.RequestSeen(way.now, id_of(waiting), waiting, b"\x01", True))
    made = request(salt=MOST_SEEN + 1)
    told = way.core.step(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    assert m.Check(id_of(made), made, CLASS, RUNTIME) in told
    assert len(way.core.state.deals) == MOST_SEEN


def failed(way: Way, made: Request, index: int) -> m.TaskFailed:
    return m.TaskFailed(way.now, id_of(made), index, "out of order")


def kinds(instructions: list[m.Instruction]) -> set[type]:
    return {type(instruction) for instruction in instructions}


def test_after_a_restart_the_relay_is_asked_before_the_result_goes_to_the_chain() -> None:
    """The acceptance may have come while the daemon was off: patience begins anew until the relay
    has answered once."""
    for answered in (True, False):
        way, made = Way(), request(duration=300)
        way.offered(made)
        way.core = Core(replace(way.core.state, begun=0, asked=set(), busy={}, tried={}))
        back = START + SETTINGS.patience + 40
        assert acts(way.at(back)) == []
        if answered:
            assert acts(way.hear(m.AcceptanceAsked(back, id_of(made)))) == [Act.SUBMIT_RESULT]
        else:
            assert acts(way.at(back + SETTINGS.patience - 1)) == []
            assert acts(way.at(back + SETTINGS.patience)) == [Act.SUBMIT_RESULT]


def test_asking_the_relay_first_does_not_miss_the_deadline() -> None:
    way, made = Way(), request()
    way.offered(made)
    way.core = Core(replace(way.core.state, begun=0, asked=set(), busy={}, tried={}))
    last = START + made.duration - SETTINGS.reserve
    assert acts(way.at(last)) == [Act.SUBMIT_RESULT]


def test_what_a_live_deal_waits_for() -> None:
    made = request()
    id_ = id_of(made)
    ways = {
        Way.confirming: ("its confirmation", made.confirm_by),
        Way.running: ("4 of 4 tasks, due", START + made.duration),
        Way.offered: (
            "the requester's acceptance, else it goes to the chain",
            START + SETTINGS.patience,
        ),
        Way.submitted: ("the end of its challenge window", START + WINDOW),
    }
    for go, expected in ways.items():
        way = Way()
        go(way, made)
        assert list(waits_of(way.core.state)) == [(id_, *expected)]


def test_stake_that_was_added_is_sold() -> None:
    way = Way(capacity=2_000)
    assert acts(way.at(START + 1)) == []
    more = view(covered=1_500)
    (send,) = way.hear(m.ChainRead(START + 2, more, {}))
    assert (send.act, send.capacity) == (Act.STAKE, 1_500)
    way.hear(m.DrainAsked(START + 2))
    assert Act.STAKE not in acts(way.hear(m.ChainRead(START + 2 + ASK_AGAIN, more, {})))
