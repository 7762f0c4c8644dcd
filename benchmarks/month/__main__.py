"""`make month`: run it, and judge it."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.month import money, taking
from benchmarks.month.clock import DAY, RATE
from benchmarks.month.growth import Judged, shown
from benchmarks.month.life import BURSTS, STEADY, WORK, Life
from benchmarks.month.town import MonthTown
from benchmarks.streams import Stream
from benchmarks.town import ROOT, Books, judged_run, parser_of
from suanli.engine.host import Pool

REPORT = ROOT / "reports/month.json"
STEP, SHORTEST = 4 * 3_600, 2 * 3_600
"""Seconds of a step before the court; the shorter ones leave a single day time for a case."""
QUIET = 0.2
"""Of the last day, at most, in which nothing new begins."""
RELAYS = ("relay", "relay-2")
"""They can be well again after all that; miners and jurors tell of what was, too."""
LAST_JOBS, LAST_DEALS = 180.0, 90.0
"""Seconds of the machine's in which all must end, before and after eight days are let pass."""


def month(days: float, seed: int, folder: Path, tell: Callable[[str], None]) -> list[str]:
    """Run it; what was found wrong."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        pool = stack.enter_context(Pool(1))
        town = stack.enter_context(MonthTown(folder, STEP if days >= 5 else SHORTEST, tell=tell))
        streams = {}
        for name in (STEADY, BURSTS):
            streams[name] = Stream(name, town, random.Random(rng.random()), pool, work=WORK)
        life = Life(town, streams, rng, tell, days)
        life.begin()
        taken = taking.Taken(life)
        tell(f"{days:g} days begin")
        _live(life, taken, days)
        tell("nothing new; waiting for what is under way")
        _wait(life, LAST_JOBS, lambda: life.idle and taking.cases_are_over(town))
        tell("letting eight days pass, so that windows close and stake can be withdrawn")
        town.clock.move_to(town.clock.now() + 8 * DAY)
        found = money.look(town)

        def over() -> bool:
            nonlocal found
            time.sleep(1)
            found = money.look(town)
            return not found.open and life.withdrawn == life.unbonded

        _wait(life, LAST_DEALS, over)
        _wait(life, LAST_DEALS, lambda: not taken.unwell(RELAYS) and money.is_noted(town))
        return _report(life, taken, found, days, seed)


def _live(life: Life, taken: taking.Taken, days: float) -> None:
    ends, shown_day = days - min(QUIET, days / 5), 0
    while life.day < days:
        life.step(goes_on=life.day < ends)
        taken.step()
        if int(life.day) > shown_day:
            shown_day = int(life.day)
            life.tell(f"day {shown_day}: {life.counts['job']} jobs so far")
        time.sleep(0.1)


def _wait(life: Life, seconds: float, over: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while not over() and time.monotonic() < ends:
        life.step(goes_on=False)
        time.sleep(0.2)


def _report(life: Life, taken: taking.Taken, found: Books, days: float, seed: int) -> list[str]:
    jobs = [job for stream in life.streams.values() for job in stream.jobs]
    wrongs = [*life.wrongs, *money.wrongs(life.town, found), *taken.wrongs(days)]
    wrongs += [f"{j.file.parent}: {j.wrong}" for j in jobs if j.wrong]
    wrongs += [f"{j.file.parent}: not finished" for j in jobs if not j.finished and not j.wrong]
    if life.withdrawn != life.unbonded:
        wrongs.append("the stake that was unbonded can't be withdrawn")
    wrongs += taking.nothing_happened(life, found) + taking.defaulted(life.town, "miner-2")
    wrongs += [f"{name} is not well: {text}" for name, text in taken.unwell(RELAYS).items()]
    judged = taken.judged(days)
    wrongs += [one.wrong for one in judged if one.wrong]
    _print(life, taken, found, judged)
    REPORT.parent.mkdir(exist_ok=True)
    told = {
        "days": days,
        "seed": seed,
        "rate": RATE,
        "happened": dict(life.counts),
        "jobs": len(jobs),
        "deals": found.ended,
        "cases": taking.cases(life.town),
        "answers": taken.answered(),
        "processor_seconds": taken.processor(),
        "figures": [vars(one) for one in judged],
        "wrong": wrongs,
    }
    REPORT.write_text(json.dumps(told, indent=1) + "\n")
    return wrongs


def _print(life: Life, taken: taking.Taken, found: Books, judged: list[Judged]) -> None:
    print()
    for what, count in sorted(life.counts.items()):
        print(f"{count:6,} × {what}")
    ends = ", ".join(f"{count} {state}" for state, count in sorted(found.ended.items()))
    print(f"\ndeals            {found.requests}: {ends}")
    print(f"cases            {taking.cases(life.town)}")
    print(f"market holds     {found.held:,}\nmarket owes      {found.owed:,}")
    print(f"minted           {found.supply:,}\nsum of balances  {found.balances:,}")
    seconds = ", ".join(f"{name} {spent:.0f}" for name, spent in sorted(taken.processor().items()))
    print(f"processor, s     {seconds}\n")
    head = ("", "first third", "second", "last", "most")
    print(f"{head[0]:44}" + "".join(f"{text:>14}" for text in head[1:]))
    for one in judged:
        figures = [shown(figure, one.kind) for figure in (*one.thirds, one.most)]
        name = one.name if one.kind != "rows" else f"{one.name}, rows"
        mark = "  !" if one.wrong else ""
        print(f"{name:44}" + "".join(f"{text:>14}" for text in figures) + mark)


def main() -> int:
    given = parser_of(__doc__, 60.0).parse_args()

    def run(minutes: float, seed: int, folder: Path, tell: Callable[[str], None]) -> list[str]:
        days = minutes * 60 * RATE / DAY
        tell(f"{minutes:g} minutes are {days:g} days")
        return month(days, seed, folder, tell)

    right = "Nothing goes on growing, and every base unit is accounted for."
    return judged_run("month", given, run, right)


if __name__ == "__main__":
    sys.exit(main())
