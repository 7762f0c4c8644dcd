"""For each attack what it costs whoever tries it, and its victim, in tokens.

Each is of one deal at the rules' prices: `victim` is what the other party loses by it in the end,
`attacker` what the attacker loses, less all that it gains. Where jurors collude, both are expected
values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from suanli.simulate.court.chances import captured_share
from suanli.simulate.court.rules import BPS, DealFacts, RulesInTokens

YEARLY = Fraction(1, 5)
"""What money that is bound costs its owner, a year."""
GAS = Fraction(2, 5)
"""Of a juror's fee: the price of 300,000 gas."""
FILING, DEFENCE, VOTE = Fraction(17, 10), Fraction(7, 10), Fraction(6, 10)
"""510,000, 210,000 and 180,000 gas, in 300,000."""
ROUND, LONGEST = 1, 8
"""Days until a verdict, and until a case ends at the latest."""
SERVING = Fraction(1, 100)
"""Tokens for serving a deal's data to a jury."""


class Attack(NamedTuple):
    name: str
    attacker: Fraction
    victim: Fraction
    how: str


@dataclass(frozen=True)
class AttackSetting:
    """Where attacks happen: the deal, the cost of running a unit, the number of seats and the share
    of them that colludes with the attacker."""

    rules: RulesInTokens
    deal: DealFacts
    cost: Fraction
    seats: int = 300
    share: Fraction = Fraction(1, 5)

    @property
    def gas(self) -> Fraction:
        return GAS * self.rules.seat_fee

    @property
    def deposit(self) -> Fraction:
        return self.rules.deposit(self.deal)

    @property
    def appealed(self) -> Fraction:
        """Chance that colluders decide the appeal."""
        return captured_share(self.share, self.rules.appeal_jury)

    def bound(self, days: int) -> Fraction:
        """What a miner loses whose pay and collateral are bound for so long, and its gas."""
        return self.deal.at_risk * YEARLY * days / 365 + DEFENCE * self.gas


def attacks(field: AttackSetting) -> Iterator[Attack]:
    rules, deal, gas = field.rules, field.deal, field.gas
    one = deal.units / Fraction(deal.tasks) * field.cost
    delay = rules.delay(deal, ROUND)
    sham = field.deposit + FILING * gas
    yield Attack(
        "a requester challenges right work",
        sham,
        field.bound(ROUND) - delay,
        "the deposit is lost, the miner gets its delay out of it",
    )
    own = rules.jury * rules.seat_fee
    yield Attack(
        "the same, and all jurors are its own",
        sham - own + rules.jury * (VOTE * gas + one),
        field.bound(ROUND) - delay,
        "a bond is worth more than all fees: what jurors don't get nobody gets",
    )
    yield Attack(
        "the same, to stall: until the last moment",
        sham,
        field.bound(LONGEST) - rules.delay(deal, LONGEST),
        "more delay is paid the longer it takes",
    )
    slash = rules.slash(deal, 1)
    yield Attack(
        "a cheat challenges itself, for the reward",
        slash + deal.pay - rules.reward_cap + FILING * gas,
        Fraction(0),
        "the reward is less than any slash that pays it; others' challenges stand",
    )
    yield Attack(
        "a miner withholds its data",
        rules.slash(deal, deal.tasks) + deal.pay,
        FILING * gas - rules.reward_cap,
        "judged like a result that is all wrong; the lock comes back",
    )
    cured = deal.collateral * rules.cure_slash_bps / BPS
    yield Attack(
        "a miner withholds, and serves when jurors ask",
        cured + field.bound(2 * ROUND) + SERVING,
        FILING * gas,
        "a tenth of the collateral; the requester's jurors are paid out of it",
    )
    yield Attack(
        "the same, but it appeals first, and serves the appeal's jury",
        cured + rules.fee(rules.appeal_jury) + field.bound(3 * ROUND) + SERVING,
        FILING * gas,
        "it pays that jury, too",
    )
    yield Attack(
        "a requester claims that served data is withheld",
        sham,
        field.bound(ROUND) + SERVING - delay,
        "as any challenge that is lost",
    )
    heavy = 4 * field.cost
    yield Attack(
        "poison for jurors: a task of four units, challenged between friends",
        sham,
        rules.jury * (VOTE * gas + heavy - rules.seat_fee),
        "the fee pays a part of it; above 4.6 units they rather pay the penalty",
    )
    yield Attack(
        "poison for miners: programs that use all of their limit, or fail",
        deal.pay,
        deal.units * field.cost - deal.pay,
        "what a program uses is billed, whatever it leaves",
    )
    yield grinding(field)
    yield bribed(field)
    yield exhausted(field)
    yield Attack(
        "confirm requests that a rival would take, and deliver nothing",
        rules.default(deal),
        deal.pay * YEARLY / 365,
        "a default; the requester's lock comes back after the deal's time, here a day",
    )
    yield Attack(
        "a rival keeps a miner's stake bound by challenges",
        sham,
        field.bound(ROUND) - delay,
        "each deal takes a deposit of its own; hardware is free meanwhile",
    )
    yield Attack(
        "a juror copies another's vote",
        rules.seat_stake / 2,
        Fraction(0),
        "who shows its vote before the reveals can be unseated by whoever sees it",
    )
    yield Attack(
        "a juror does not run the task",
        rules.seat_stake * rules.penalty_bps / BPS + rules.seat_fee - (VOTE * gas + one),
        Fraction(0),
        "no fee, and a penalty, which together are more than it saves",
    )


def grinding(field: AttackSetting) -> Attack:
    """SimulatedCase right work, appeal whatever is found, again and again: what one try costs."""
    rules, chance = field.rules, field.appealed
    lost = field.deposit + rules.appeal_deposit() + FILING * field.gas
    gained = field.deal.pay + rules.reward_cap
    harmed = field.deal.pay + rules.slash(field.deal, 1)
    kept = field.bound(2 * ROUND) - rules.delay(field.deal, 2 * ROUND)
    return Attack(
        "challenge right work with a fifth of the seats, and appeal",
        (1 - chance) * lost - chance * gained,
        chance * harmed + (1 - chance) * kept,
        "the appeal decides, by 14 of 27",
    )


def bribed(field: AttackSetting) -> Attack:
    """The same where the jurors of that share take bribes, each paid only if the vote goes wrong:
    so much that it makes up for fee and penalty if it does not."""
    rules, chance = field.rules, field.appealed
    each = rules.seat_fee + rules.seat_stake * rules.penalty_bps / BPS
    bribes = (rules.appeal_jury // 2 + 1) * each * (1 - chance)
    ground = grinding(field)
    return Attack(
        "the same by bribes that are paid only if the vote goes wrong",
        ground.attacker + bribes,
        ground.victim,
        "each must make up for a fee and a penalty in all tries that fail",
    )


def exhausted(setting: AttackSetting) -> Attack:
    """All places that first juries may take are filled with challenges of right work, each with a
    deposit at the fee of its moment, and a second time when they get free: a case waits for that
    long."""
    rules, own = setting.rules, places_of(setting)
    once = Fraction(0)
    for taken in range(0, own.juries * rules.jury, rules.jury):
        fee = rules.fee(rules.jury, Fraction(taken, own.places))
        once += rules.bond + fee + FILING * setting.gas
    again = rules.bond + rules.fee(rules.jury, Fraction(1)) + FILING * setting.gas
    return Attack(
        f"keep {own.places} places filled with challenges, so that a case waits in vain",
        once + own.juries * again,
        setting.bound(ROUND) * own.juries * 2,
        "a bond for each jury, then the dearest fee; lies gain by it that are worth more at once",
    )


class JuryPlaces(NamedTuple):
    places: int
    juries: int
    """First ones that can sit at a time."""


def places_of(setting: AttackSetting) -> JuryPlaces:
    rules = setting.rules
    places = setting.seats * rules.cases_per_seat
    return JuryPlaces(places, (places - rules.appeal_jury) // rules.jury)


def heaviest(field: AttackSetting) -> tuple[Fraction, Fraction]:
    """Units of a task up to which a juror's fee pays for running it, and up to which not running it
    costs a juror more."""
    fee, penalty = field.rules.seat_fee, field.rules.seat_stake * field.rules.penalty_bps / BPS
    spent = VOTE * field.gas
    return (fee - spent) / field.cost, (fee - spent + penalty) / field.cost


def most_ground(rules: RulesInTokens, share: Fraction) -> Fraction:
    """Pay of a deal up to which grinding loses, for colluders with so many of all seats."""
    chance = captured_share(share, rules.appeal_jury)
    lost = 3 * rules.bond + rules.fee(rules.jury) + rules.fee(rules.appeal_jury)
    return (1 - chance) * lost / chance - rules.reward_cap
