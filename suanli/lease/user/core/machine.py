"""When a requester pays: one step ahead of what was served at most, by its own clock and the
miner's, and only while the miner is heard and does what it is asked."""

from __future__ import annotations

from dataclasses import replace

from suanli.lease.user.core import records as r
from suanli.lease.user.core.records import Payments

TO_ANSWER = 15_000
"""Milliseconds in which it does what takes no time."""
TO_ANSWER_IN_ALL = 60_000
"""The same on several connections, of which each may break before."""
TO_SERVE = 30_000
"""Milliseconds in which time that is paid begins to be served, or goes on."""
AGAIN = 1_000
"""Milliseconds after which a voucher goes out again that the miner does not know."""
FASTER = 50
"""By one part in so many the miner's clock may be ahead of ours."""
Paying = tuple[Payments, list[r.UserInstruction]]


def step(known: Payments, seen: r.UserObservation) -> Paying:
    """The payments after it, to be written down before the instructions are carried out."""
    known = _counted(known, seen.now)
    done: list[r.UserInstruction] = []
    match seen:
        case r.Met() | r.ServedTold():
            again = known.asked is not None and not known.met
            asked = seen.now if again else known.asked
            known, done = _told(replace(known, met=True, asked=asked), seen)
        case r.Parted():
            owed = seen.now - known.asked if known.met and known.asked is not None else 0
            known = replace(known, met=False, waited=known.waited + owed)
        case r.AskedFor():
            known = replace(known, asked=known.asked if known.asked is not None else seen.now)
        case r.Answered():
            known = replace(known, asked=None, waited=0)
        case r.MoneyAdded():
            known = replace(known, budget=seen.budget, rate=seen.rate)
    if not any(isinstance(one, r.LeaveMiner) for one in done):
        known, more = _paid(known, seen.now)
        done += more
    validate(known)
    return known, done


def validate(known: Payments) -> None:
    """Raise LeaseFault if it could not come about by right steps."""
    if not (0 <= known.signed <= known.budget and 0 <= known.used <= known.paid):
        raise r.LeaseFault(f"internal error: more is signed or used than can be: {known}")


def _counted(known: Payments, now: int) -> Payments:
    """Time passes as far as it is paid; a little faster while the miner's clock is ahead."""
    if known.at is None or now <= known.at:
        return known
    passed = now - known.at
    if known.claimed > known.used + passed:
        passed += passed // FASTER
    return replace(known, used=min(known.used + passed, known.paid), at=now)


def _told(known: Payments, seen: r.Met | r.ServedTold) -> Paying:
    if seen.amount > known.signed:
        why = f"the miner says that it was paid {seen.amount} base units, which nobody signed"
        return known, [r.LeaveMiner(why)]
    claimed = min(seen.served, known.paid)
    used, at = known.used, known.at
    if claimed and at is None:
        at = seen.now
        # Whoever comes back can't know how much of a step was served meanwhile.
        used = max(used, claimed) if used else min(claimed, seen.now - known.sent)
    if claimed < used - known.step // 4:
        used = claimed  # it says itself that it served less
    moved = seen.now if isinstance(seen, r.Met) or claimed != known.claimed else known.moved
    room = max(known.room, seen.room)
    told = replace(known, claimed=claimed, used=used, at=at, room=room, moved=moved)
    done: list[r.UserInstruction] = []
    if known.room and room > known.room:
        done = [r.BeginAgain(room)]
    if seen.amount < known.signed and (isinstance(seen, r.Met) or seen.now >= known.sent + AGAIN):
        told = replace(told, sent=seen.now)
        done.append(r.Pay(known.signed))  # it was lost on the way
    return told, done


def _paid(known: Payments, now: int) -> Paying:
    """Another voucher, if it is due."""
    if not known.met:
        return known, []
    if known.asked is not None:
        waited = now - known.asked
        if waited > TO_ANSWER or known.waited + waited > TO_ANSWER_IN_ALL:
            return known, [r.LeaveMiner("the miner does not do what it is asked")]
    if known.paid > known.claimed and now > known.moved + TO_SERVE:
        return known, [r.LeaveMiner("the miner took the voucher and serves nothing")]
    if known.paid - known.used > known.step // 4:
        return known, []
    if known.signed and known.at is None:
        return known, []  # what was paid first is not served yet
    amount = min(
        known.rate.amount_up(known.used + known.step * 3 // 4),
        # Whoever falls silent right now has served no less.
        known.rate.amount_down(known.claimed + known.step),
        known.budget,
    )
    if amount <= known.signed:
        spent = known.signed == known.budget and known.claimed >= known.paid
        return known, [r.BudgetSpent()] if spent else []
    moved = now if known.paid <= known.claimed else known.moved
    return replace(known, signed=amount, sent=now, moved=moved), [r.Pay(amount)]
