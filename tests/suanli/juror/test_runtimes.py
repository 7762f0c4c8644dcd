"""Which runtimes a juror keeps: as long as a case about them may come."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.chain import Market
from suanli.juror.journal import JurorJournal
from suanli.juror.runtimes import LONGEST_DEAL, REFRESH, RuntimeLooker, owed
from suanli.protocol import Kind

ONE, TWO = b"\x01" * 32, b"\x02" * 32
START = 1_000_000


class TwoClasses:
    """Class 1 lists both, class 2 one, class 3 is leased."""

    suspended: set[tuple[int, int]]

    def __init__(self) -> None:
        self.suspended = set()
        self.asked = 0

    def resource_count(self) -> int:
        self.asked += 1
        return 3

    def resource_class(self, number: int) -> Any:
        return SimpleNamespace(kind=Kind.LEASED if number == 3 else Kind.JUDGED)

    def runtimes_of(self, number: int) -> tuple[bytes, ...]:
        return {1: (ONE, TWO), 2: (ONE,)}[number]

    def available_runtimes(self, number: int) -> dict[int, bytes]:
        listed = enumerate(self.runtimes_of(number))
        return {at: id_ for at, id_ in listed if (number, at) not in self.suspended}

    def terms_count(self) -> int:
        return 2

    def terms_of(self, number: int) -> Any:
        return SimpleNamespace(challenge_window=100 * number, verdict_by=1_000)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seen(tmp_path: Path):
    market, clock = TwoClasses(), Clock()
    with closing(JurorJournal.of_folder(tmp_path)) as journal:

        def note(name: str, value: Any) -> None:
            journal.note(**{name: value})

        yield market, clock, journal, note


def look(looker: RuntimeLooker, market: TwoClasses, now: int) -> None:
    looker.look(market, now)  # type: ignore[arg-type]


def test_each_that_a_class_lists_may_come_up(seen) -> None:
    market, clock, journal, note = seen
    assert owed(journal, START) == {}
    looker = RuntimeLooker(note, None, clock)
    look(looker, market, START)
    look(looker, market, START)
    assert market.asked == 1, "once an hour"
    assert owed(journal, START) == {ONE: "class 2 lists it", TWO: "class 1 lists it"}


def test_a_suspended_one_until_the_last_verdict_on_a_deal_before(seen) -> None:
    """In all classes that list it; and seen first, not last, however often this daemon starts."""
    market, clock, journal, note = seen
    market.suspended = {(1, 0), (1, 1)}
    look(RuntimeLooker(note, None, clock), market, START)
    patience = LONGEST_DEAL + 1_200
    assert owed(journal, START) == {
        ONE: "class 2 lists it",
        TWO: "deals that name it can be challenged for 31 days",
    }
    again = RuntimeLooker(note, journal.fact("suspended"), clock)
    look(again, market, START + 500)
    assert TWO in owed(journal, START + patience - 1)
    assert TWO not in owed(journal, START + patience)
    market.suspended = set()
    clock.now = REFRESH
    look(again, market, START + 1_000)
    assert owed(journal, START + patience)[TWO] == "class 1 lists it"


def test_the_daemon_notes_it(juror: Any, courts: Any) -> None:
    market: Market = courts[0]
    juror.until(lambda: juror.daemon.journal.fact("runtimes_patience"))
    assert set(owed(juror.daemon.journal, 0)) == set(market.runtimes_of(1))
