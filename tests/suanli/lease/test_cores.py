"""What both sides decide: nobody ever loses more than a step."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from suanli.lease.host import core as h
from suanli.lease.rate import Rate
from suanli.lease.user import core as u
from tests.harness.leasing import DEPOSIT, RATE, SIGNATURE, STEP, TICK, World

LATE = 2 * TICK
"""Milliseconds until a room stands still whose time is used up."""


def calm() -> World:
    world = World(random.Random(0), faults=False)
    world.connect()
    return world


def channel(**more: object) -> h.HostedChannel:
    made = h.HostedChannel(b"\2" * 32, "0x" + "11" * 20, RATE, DEPOSIT, ends=10_000)
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_session_is_served_without_a_pause_and_paid_to_three_quarters_of_a_step() -> None:
    world = calm()
    world.pass_time(60_000)
    assert world.served == 60_000 - 2 * TICK  # the first voucher travels, the room is made
    assert 0 < world.worst_user <= STEP * 3 // 4 + LATE
    assert world.worst_host == 0
    assert world.gave_up == ""


def test_what_ran_beyond_what_was_paid_is_owed_before_it_goes_on() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))  # 2,100 ms
    known, _ = h.step(known, h.RoomMade(0, 1))
    known, done = h.step(known, h.ClockTicked(2_500, 0))
    assert done[0] == h.FreezeRoom()
    assert (known.served, known.ahead) == (2_500, -400)
    known, done = h.step(known, h.VoucherCame(2_600, 1_000, SIGNATURE))  # 2,333 ms
    assert done == [h.TellServed(2_500, 1_000, 1)]
    known, done = h.step(known, h.VoucherCame(2_700, 1_200, SIGNATURE))  # 2,800 ms
    assert done[0] == h.ThawRoom()
    assert known.ahead == 300


def test_a_requester_that_pays_in_slivers_gets_no_more_than_it_pays() -> None:
    world = World(random.Random(0), faults=False)
    world.signs = False
    world.connect()
    for sliver in range(1, 400):
        world._later("voucher", sliver)  # each 2.3 ms, of which a stop takes up to 50
        world.pass_time(2 * TICK)
    assert world.served <= RATE.time_down(400) + LATE


def test_a_requester_that_stops_signing_is_served_what_it_paid_and_nothing_more() -> None:
    world = calm()
    world.pass_time(20_000)
    world.signs = False
    world.pass_time(20_000)
    paid = RATE.time_down(world.host.saved.amount)
    assert paid <= world.served <= paid + TICK
    assert not world.running
    assert world.host.saved.stage is h.HostStage.FROZEN
    world.signs = True
    world.pass_time(STEP)
    assert world.running


@pytest.mark.parametrize("since", [0, 20_000])
def test_a_miner_that_takes_vouchers_and_serves_nothing_gets_less_than_a_step(since: int) -> None:
    world = calm()
    world.pass_time(since)
    before = world.signed, world.served
    world.serves = False
    world._do_host = lambda instruction: None  # type: ignore[method-assign]  # and says nothing
    world.pass_time(60_000)
    assert RATE.time_down(world.signed) - world.served <= STEP
    assert world.served == before[1]
    if not since:
        assert world.gave_up == "the miner took the voucher and serves nothing"


def test_a_miner_that_is_heard_and_serves_nothing_is_given_up() -> None:
    payments = u.Payments(RATE, STEP, DEPOSIT)
    payments, done = u.step(payments, u.Met(0, 0, 0, 0))
    (pay,) = done
    assert pay == u.Pay(RATE.amount_up(STEP * 3 // 4))
    for now in range(500, u.TO_SERVE + 1, 500):
        payments, done = u.step(payments, u.ServedTold(now, 0, pay.amount, 1))
        assert done == []
    _, done = u.step(payments, u.ServedTold(u.TO_SERVE + 500, 0, pay.amount, 1))
    assert done == [u.LeaveMiner("the miner took the voucher and serves nothing")]


def test_a_miner_that_does_not_do_what_it_is_asked_is_given_up() -> None:
    payments, _ = u.step(u.Payments(RATE, STEP, DEPOSIT), u.Met(0, 0, 0, 0))
    payments, _ = u.step(payments, u.AskedFor(100))
    payments, done = u.step(payments, u.ServedTold(14_000, 2_000, payments.signed, 1))
    assert not any(isinstance(one, u.LeaveMiner) for one in done)
    answered, _ = u.step(payments, u.Answered(15_000))
    assert answered.asked is None
    _, done = u.step(payments, u.MomentPassed(15_101))
    assert done == [u.LeaveMiner("the miner does not do what it is asked")]


def test_a_miner_that_breaks_off_before_it_answers_is_given_up_too() -> None:
    payments, done = u.step(u.Payments(RATE, STEP, DEPOSIT), u.Met(0, 0, 0, 0))
    payments, _ = u.step(payments, u.AskedFor(0))
    now = 0
    while now < 90_000 and not any(isinstance(one, u.LeaveMiner) for one in done):
        now += 500
        if now % 14_000 == 0:
            payments, _ = u.step(payments, u.Parted(now))
            payments, done = u.step(payments, u.Met(now, payments.paid, payments.signed, 1))
        else:
            payments, done = u.step(payments, u.ServedTold(now, payments.paid, payments.signed, 1))
    assert u.LeaveMiner("the miner does not do what it is asked") in done
    assert now <= u.TO_ANSWER_IN_ALL + 500
    after, _ = u.step(replace(payments, waited=50_000), u.Answered(now))
    assert (after.asked, after.waited) == (None, 0)


def test_a_miner_whose_clock_runs_fast_is_paid_by_ours() -> None:
    world = calm()
    world.host_speed = 3.0
    world.pass_time(60_000)
    assert RATE.time_down(world.signed) <= 60_000 * 51 // 50 + STEP


def test_a_miner_whose_clock_runs_slow_harms_itself_alone() -> None:
    world = calm()
    world.host_speed = 0.5
    world.pass_time(60_000)
    assert RATE.time_down(world.signed) <= 30_000 + STEP


def test_a_miner_that_says_it_was_paid_more_is_given_up() -> None:
    payments, _ = u.step(u.Payments(RATE, STEP, DEPOSIT), u.Met(0, 0, 0, 0))
    _, done = u.step(payments, u.ServedTold(100, 10, payments.signed + 1, 1))
    (left,) = done
    assert isinstance(left, u.LeaveMiner)
    assert "nobody signed" in left.why


def test_no_more_is_signed_than_the_budget() -> None:
    world = calm()
    world.pass_time(200_000)
    assert world.signed == DEPOSIT
    assert world.spent
    assert RATE.time_down(DEPOSIT) <= world.served <= RATE.time_down(DEPOSIT) + TICK
    assert not world.running


def test_vouchers_that_are_older_or_come_again_change_nothing() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))
    for amount in (900, 5):
        after, done = h.step(known, h.VoucherCame(1, amount, b"\3" * 65))
        assert after == known
        assert not any(isinstance(one, h.OpenRoom | h.ThawRoom) for one in done)


def test_a_voucher_above_the_deposit_is_refused() -> None:
    known, done = h.step(channel(), h.VoucherCame(0, DEPOSIT + 1, SIGNATURE))
    assert known == channel()
    assert done == [h.TellRefused(f"a voucher of 40001 base units, of {DEPOSIT} that were put in")]


def test_a_channel_whose_time_is_over_is_closed_with_the_best_voucher() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))
    known, _ = h.step(known, h.RoomMade(10, 1))
    known, done = h.step(known, h.ClockTicked(20, 10_001))
    assert done == [h.EndRoom(), h.CloseChannel(900, SIGNATURE)]
    assert known.stage is h.HostStage.CLOSING
    again, done = h.step(known, h.Restarted(30))
    assert done == [h.CloseChannel(900, SIGNATURE)]
    closed, done = h.step(again, h.ChannelMoved(40, DEPOSIT, 10_000, closed=True))
    assert (closed.stage, done) == (h.HostStage.CLOSED, [])
    for late in (h.VoucherCame(50, 950, SIGNATURE), h.Attached(50)):
        after, done = h.step(closed, late)
        assert after == closed
        assert done == [h.TellRefused("the channel is closed, or its time is over")]


def test_a_channel_that_was_never_paid_is_closed_too() -> None:
    known, done = h.step(channel(), h.ClockTicked(0, 10_001))
    assert done == [h.CloseChannel(0, b"")]
    assert known.stage is h.HostStage.CLOSING


def test_the_requesters_end_on_chain_ends_the_room() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))
    known, _ = h.step(known, h.RoomMade(10, 1))
    known, done = h.step(known, h.ChannelMoved(20, DEPOSIT, 5, over=True))
    assert done == [h.EndRoom(), h.CloseChannel(900, SIGNATURE)]


def test_a_room_that_is_made_too_late_is_ended() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))
    known, _ = h.step(known, h.EndWanted(5))
    _, done = h.step(known, h.RoomMade(10, 1))
    assert done == [h.EndRoom()]


def test_a_room_that_cannot_be_made_stops_the_clock_and_is_tried_again() -> None:
    known, _ = h.step(channel(), h.VoucherCame(0, 900, SIGNATURE))
    known, done = h.step(known, h.RoomLost(10, 1, "no memory"))
    assert done == [h.TellRefused("the room is gone: no memory")]
    assert known.stage is h.HostStage.FROZEN
    known, done = h.step(known, h.Attached(9_000))
    assert done[0] == h.OpenRoom(2)
    assert known.served == 0
    assert h.step(known, h.RoomLost(9_001, 1, "late"))[1] == []


def test_another_room_is_begun_again_in() -> None:
    payments, _ = u.step(u.Payments(RATE, STEP, DEPOSIT, room=1), u.Met(0, 0, 0, 1))
    _, done = u.step(payments, u.ServedTold(100, 0, payments.signed, 2))
    assert done == [u.BeginAgain(2)]


TOPPED_UP = h.ChannelMoved(0, 2_000, 10_000)


def topped_up() -> h.HostedChannel:
    """1,000 were put in, then as much again; vouchers of 900 and 1,500 came, one before that."""
    known, _ = h.step(channel(deposit=1_000), h.VoucherCame(0, 900, SIGNATURE))
    known, _ = h.step(known, TOPPED_UP)
    known, _ = h.step(known, h.VoucherCame(0, 950, b"\3" * 65))
    known, _ = h.step(known, h.VoucherCame(0, 1_500, b"\4" * 65))
    return known


def test_money_that_was_added_and_undone_leaves_a_voucher_that_the_chain_takes() -> None:
    known, _ = h.step(topped_up(), h.ChannelMoved(10, 1_000, 10_000))
    assert (known.deposit, known.amount, known.signature) == (1_000, 950, b"\3" * 65)
    ended, done = h.step(known, h.EndWanted(20))
    assert done == [h.CloseChannel(950, b"\3" * 65)]
    again, _ = h.step(ended, TOPPED_UP)
    assert (again.amount, again.signature) == (1_500, b"\4" * 65)


def test_what_was_served_for_money_that_is_gone_stops_the_room() -> None:
    known, _ = h.step(topped_up(), h.RoomMade(0, 1))
    known, _ = h.step(known, h.ClockTicked(3_000, 0))
    assert known.ahead == 500
    known, _ = h.step(known, h.ChannelMoved(3_000, 1_000, 10_000))
    known, done = h.step(known, h.ClockTicked(3_001, 0))
    assert done[0] == h.FreezeRoom()
    assert known.stage is h.HostStage.FROZEN


def test_vouchers_of_a_deposit_that_none_can_pay_from_are_not_kept() -> None:
    known = topped_up()
    for amount in range(1_501, 1_600):
        known, _ = h.step(known, h.VoucherCame(0, amount, SIGNATURE))
    assert known.others == ((950, b"\3" * 65),)
    assert known.deposits == (1_000,)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_added_and_undone_the_best_voucher_that_is_covered_closes(seed: int) -> None:
    chance = random.Random(seed)
    known, levels, held = channel(deposit=1_000), [1_000], {0}
    for _ in range(60):
        if chance.random() < 0.2:
            adds = chance.random() < 0.4
            levels += [levels[-1] + chance.randrange(1, 500)] if adds else []
            deposit = levels[-1] if adds else chance.choice(levels)
            known, _ = h.step(known, h.ChannelMoved(0, deposit, 10_000))
        else:
            amount = chance.randrange(1, levels[-1] + 100)
            held |= {amount} if known.amount < amount <= known.deposit else set()
            known, _ = h.step(known, h.VoucherCame(0, amount, amount.to_bytes(65, "big")))
        best = max(amount for amount in held if amount <= known.deposit)
        assert (known.amount, int.from_bytes(known.signature, "big")) == (best, best)
        assert len(known.others) < len(levels)


def test_a_closing_that_was_undone_is_made_again() -> None:
    known, _ = h.step(topped_up(), h.EndWanted(10))
    closed, _ = h.step(known, h.ChannelMoved(20, 2_000, 10_000, closed=True))
    again, done = h.step(closed, h.ChannelMoved(30, 2_000, 10_000))
    assert done == [h.CloseChannel(1_500, b"\4" * 65)]
    assert again.stage is h.HostStage.CLOSING
    assert h.step(closed, h.ChannelMoved(30, 2_000, 10_000, closed=True))[1] == []


def test_an_opening_that_was_undone_and_made_again_is_served() -> None:
    gone, _ = h.step(channel(), h.ChannelMoved(0, DEPOSIT, 10_000, closed=True))
    back, done = h.step(gone, h.ChannelMoved(10, DEPOSIT, 10_000, opened=True))
    assert (back.stage, done) == (h.HostStage.OPEN, [])
    paid, _ = h.step(topped_up(), h.ChannelMoved(0, 2_000, 10_000, closed=True))
    paid, done = h.step(paid, h.RoomMade(5, 1))
    assert done == [h.EndRoom()]
    back, _ = h.step(paid, h.ChannelMoved(10, 2_000, 10_000, opened=True))
    assert (back.stage, back.amount) == (h.HostStage.FROZEN, 1_500)
    assert h.step(back, h.Attached(20))[1][0] == h.OpenRoom(2)


def test_illegal_moves_are_errors() -> None:
    with pytest.raises(h.HostFault, match="served without a voucher"):
        h.validate(channel(served=1))
    with pytest.raises(h.HostFault, match="served unpaid"):
        h.validate(channel(stage=h.HostStage.SERVING))
    with pytest.raises(u.LeaseFault):
        u.validate(u.Payments(RATE, STEP, DEPOSIT, signed=DEPOSIT + 1))


@pytest.mark.parametrize("price", [1, 7, 10**16, 3 * 10**18 + 1])
@pytest.mark.parametrize("decimals", [0, 6, 18])
def test_time_is_never_rounded_in_anybodys_favour(price: int, decimals: int) -> None:
    rate = Rate.of(price, 3, 3_600, decimals)
    for milliseconds in (1, 999, 3_000, 3_600_000):
        amount = rate.amount_up(milliseconds)
        assert rate.time_down(amount) >= milliseconds
        assert amount == 0 or rate.time_down(amount - 1) < milliseconds
    assert rate.amount_up(3_600_000) == -(-price * 3 * 10**decimals // 10**18)


def test_what_has_no_price_cannot_be_paid_for() -> None:
    rate = Rate.of(0, 3, 3_600, 6)
    assert (rate.amount_up(10_000), rate.time_down(10_000)) == (0, 0)
    assert h.step(channel(rate=rate), h.Attached(0))[1] == [h.TellServed(0, 0, 0)]


@pytest.mark.parametrize("then", [(1, 7), (7, 1), (0, 1)], ids=str)
def test_time_that_was_added_has_its_own_price(then: tuple[int, int]) -> None:
    rate = Rate(3, 7).extended(100, Rate(*then)).extended(150, Rate(5, 3))
    first = -(-3 * 100 // 7)
    second = first + -(-then[0] * 50 // then[1])
    assert rate.amount_up(100) == rate.amount_down(100) + 1 == first
    assert rate.amount_up(150) == second
    assert rate.amount_up(153) == rate.amount_down(153) == second + 5
    for milliseconds in (1, 99, 100, 101, 150, 151, 10_000):
        if then[0]:
            assert rate.time_down(rate.amount_up(milliseconds)) >= milliseconds
            assert rate.time_down(rate.amount_up(milliseconds) - 1) < milliseconds
        assert rate.time_down(rate.amount_down(milliseconds)) <= max(milliseconds, 150)
    assert Rate.from_json(rate.to_json()) == rate
    assert rate.extended(100, Rate(1, 1)) == Rate(3, 7).extended(100, Rate(1, 1))


def test_a_requester_goes_on_with_money_that_was_added() -> None:
    world = calm()
    world.pass_time(RATE.time_down(DEPOSIT) - STEP)
    more = RATE.extended(RATE.time_down(DEPOSIT), Rate(2 * RATE.numerator, RATE.denominator))
    world.tell_host(h.ChannelMoved(world.now, 2 * DEPOSIT, 20_000, more))
    world.tell_user(u.MoneyAdded(world.now, 2 * DEPOSIT, more))
    world.pass_time(100_000)
    assert world.signed == 2 * DEPOSIT
    assert world.spent
    whole = more.time_down(2 * DEPOSIT)
    assert whole == RATE.time_down(DEPOSIT) * 3 // 2
    assert whole <= world.served <= whole + LATE


# Everything fails


def play(seed: int) -> World:
    """A minute in which messages are lost, late, repeated and out of order, connections break, and
    both sides are killed at any step."""
    chance = random.Random(seed)
    world = World(chance)
    kills = chance.choice((0.0, 0.002, 0.02))

    def dies() -> bool:
        return chance.random() < kills

    world.host.kill = world.user.kill = dies
    for _ in range(240):
        world.pass_time(250)
        match chance.randrange(20):
            case 0:
                world.cut()
            case 1 if kills:
                world.kill_host()
            case 2 if kills:
                world.kill_user()
        if chance.random() < 0.5:
            world.start_host()
            world.start_user()
        if chance.random() < 0.7:
            world.connect()
    return world


@pytest.mark.parametrize("seed", range(40))
def test_whatever_fails_nobody_loses_more_than_a_step_a_kill(seed: int) -> None:
    world = play(seed)
    lost = RATE.time_down(world.signed) - world.served
    assert lost <= STEP
    assert world.worst_user <= STEP
    assert world.worst_host <= LATE + world.host.kills * (h.TELL_EVERY + LATE)
    assert world.gave_up == "" or "serves nothing" in world.gave_up
    # Ended at last, the miner gets what the best voucher says.
    world.host.kill = lambda: False
    world.start_host()
    world.chain = 10_001
    world.pass_time(TICK)
    assert world.closed_with == world.host.saved.amount <= world.signed


def test_work_goes_on_through_all_of_that() -> None:
    assert sum(play(seed).served > 20_000 for seed in range(8)) >= 6
