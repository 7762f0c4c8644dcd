"""Write the tables of docs/verification.md, from the rules that it explains.

python -m tools.verification_document
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from suanli.model import break_even, chance, slash_share
from suanli.simulate.court import (
    DealFacts,
    Played,
    RulesInTokens,
    attacks,
    chances,
    court_scenarios,
    load_court,
    play_court,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "verification.md"
PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
RULES = RulesInTokens()
SHARE, STAKE, DEFAULT = 0.05, 2, RULES.default_bps / 10_000
KNOWN = 1_000
"""Deals that a miner has completed."""
SHARES = (Fraction(1, 10), Fraction(1, 5), Fraction(1, 3), Fraction(2, 5), Fraction(1, 2))
DEAL = DealFacts(10, 10)
COST = Fraction(3, 10)
MUCH = 1_000_000


def document(text: str) -> str:
    """The page with the tables as they are now."""
    return PLACE.sub(lambda found: found[1] + TABLES[found[2]](), text)


def noticed() -> str:
    """Of the chance that a lie is found."""
    rows = []
    for tasks in (1, 10, 1_000):
        for whose, completed in (("new", 0), ("known", KNOWN)):
            odds = chance(SHARE, tasks, completed, 1, STAKE)
            exact = Fraction(odds)
            some = [
                percent(chances.noticed(tasks, wrong, exact))
                for wrong in (1, max(1, tasks // 10), tasks)
            ]
            rows.append([f"{tasks:,}", whose, percent(odds), *some])
    head = ["tasks", "miner", "each is run again", "one wrong", "a tenth wrong", "all wrong"]
    return table(head, rows)


def lying() -> str:
    """What it gains to make up everything, in the deal's pay; computing costs all of that."""
    rows = []
    for tasks in (1, 2, 5, 10, 20, 100, 1_000):
        row = [f"{tasks:,}", percent(slash_share(tasks, 1), 0)]
        for completed in (0, KNOWN):
            unfound = (1 - chance(SHARE, tasks, completed, 1, STAKE)) ** tasks
            gain = unfound - (1 - unfound) * STAKE * slash_share(tasks, 1)
            row += [signed(gain), signed(gain + DEFAULT * STAKE)]
        rows.append(row)
    head = ["tasks", "slash for one", "new: instead of computing", "new: instead of a default"]
    return table([*head, "known: of computing", "known: of a default"], rows)


def backed() -> str:
    """The chance at which making up everything gains nothing, by what backs a deal."""
    rows = [
        [
            f"{stake:g}",
            *(
                percent(break_even(tasks, 1, stake * slash_share(tasks, 1)))
                for tasks in (1, 10, 100, 1_000)
            ),
        ]
        for stake in (0.5, 1, 2, 4)
    ]
    return table(["collateral / price", "1 task", "10 tasks", "100", "1,000"], rows)


def colluding() -> str:
    rows = []
    for share in SHARES:
        sizes = (RULES.jury, RULES.large_jury, RULES.appeal_jury)
        last = chances.captured_share(share, RULES.appeal_jury)
        rows.append(
            [
                percent(share, 0),
                *(percent(chances.captured_share(share, size)) for size in sizes),
                *(percent(chances.at_least_once(last, tries)) for tries in (10, 100)),
                below(attacks.most_ground(RULES, share)),
            ]
        )
    head = ["colluding", *(f"takes {size}" for size in (3, 9, 27))]
    return table([*head, "27, once in 10", "27, once in 100", "grinding loses up to"], rows)


def few() -> str:
    """The same where there are few seats, first jury and appeal drawn one after the other."""
    rows = []
    for seats in (60, 300):
        for share in (Fraction(1, 5), Fraction(1, 3)):
            bad = int(seats * share)
            sizes = RULES.jury, RULES.appeal_jury
            rows.append(
                [
                    f"{seats}",
                    f"{bad}",
                    percent(chances.captured(seats, bad, RULES.jury)),
                    percent(chances.captured_last(seats, bad, *sizes)),
                    percent(chances.captured_both(seats, bad, *sizes)),
                ]
            )
    return table(["seats", "colluding", "first jury", "appeal", "both"], rows)


def undecided() -> str:
    rows = [
        [
            percent(absent, 0),
            *(
                percent(chances.undecided(size, share, absent))
                for share in (Fraction(0), Fraction(1, 5))
                for size in (RULES.jury, RULES.large_jury)
            ),
        ]
        for absent in (Fraction(1, 50), Fraction(1, 20), Fraction(1, 5))
    ]
    head = ["absent", "3, none colluding", "9, none colluding", "3, a fifth", "9, a fifth"]
    return table(head, rows)


def costs() -> str:
    cured = DEAL.collateral * RULES.cure_slash_bps / 10_000
    found = [
        ("a challenge: comes back if it is right", RULES.deposit(DEAL)),
        ("the same filer's second one of the deal", RULES.deposit(DEAL, 1)),
        ("an appeal: comes back if it is right", RULES.appeal_deposit()),
        ("a seat: comes back after leaving", RULES.seat_stake),
        (
            "a juror's loss: absence, or a vote against the verdict",
            RULES.seat_stake * RULES.penalty_bps / 10_000,
        ),
        ("a juror's loss: in a majority that an appeal reverses", RULES.seat_stake),
        ("a juror's fee", RULES.seat_fee),
        ("all rewards for a wrong leaf", RULES.reward_cap),
        ("a miner's loss: one wrong result of ten", RULES.slash(DEAL, 1) + DEAL.pay),
        ("a miner's loss: nothing handed in", RULES.default(DEAL) + DEAL.pay),
        ("a miner's loss: data that nobody can have", RULES.slash(DEAL, DEAL.tasks) + DEAL.pay),
        ("a miner's loss: data served when jurors ask", cured),
    ]
    return table(["", "tokens"], [[name, amount(value)] for name, value in found])


def smallest() -> str:
    rows = [
        [f"{tasks:,}", amount(RULES.smallest(tasks)), amount(RULES.smallest(tasks) / STAKE)]
        for tasks in (1, 10, 1_000)
    ]
    return table(["tasks", "collateral", "pay"], rows)


def attacked() -> str:
    field = attacks.AttackSetting(RULES, DEAL, COST)
    rows = [
        [each.name, amount(each.attacker), amount(each.victim), each.how]
        for each in attacks.attacks(field)
    ]
    return table(["attack", "attacker loses", "victim loses", "why"], rows, right=(1, 2))


@cache
def played(scenario: str) -> Played:
    return play_court(load_court(scenario), 1)


def simulated() -> str:
    """By strategy, a column for each scenario."""
    names = court_scenarios()
    rows = []
    for who in played(names[0]).figures:
        own = [played(name).figures[who].profit for name in names]
        rows.append([" ".join(reversed(who)), *(f"{value:.1f} %" for value in own)])
    return table(["profit", *(f"`{name}`" for name in names)], rows)


TABLES: dict[str, Callable[[], str]] = {
    made.__name__: made
    for made in (
        noticed,
        lying,
        backed,
        colluding,
        few,
        undecided,
        costs,
        smallest,
        attacked,
        simulated,
    )
}


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] | None = None
) -> str:
    """Markdown; all but the first column end right, or those named."""
    ends = range(1, len(head)) if right is None else right
    rule = ["---:" if column in ends else "---" for column in range(len(head))]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(rule)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def percent(share: float | Fraction, digits: int = 1) -> str:
    value = 100 * float(share)
    if 0 < value < 0.001:
        return "< 0.001 %"
    return f"{value:.1g} %" if 0 < value < 10**-digits else f"{value:.{digits}f} %"


def amount(value: Fraction) -> str:
    return f"{float(value):,.2f}"


def below(value: Fraction) -> str:
    return f"{int(value):,}" if value < MUCH else f"over {MUCH:,}"


def signed(value: float) -> str:
    return f"{value + 0.0:+.2f}" if abs(value) >= 0.005 else "0.00"


def main() -> None:
    PAGE.write_text(document(PAGE.read_text()))


if __name__ == "__main__":
    main()
