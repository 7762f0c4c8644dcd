"""How far the deals are that miners confirmed, and how long nothing was heard of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from suanli.chain import Block
from suanli.client.events import Event, FellSilent, Progressed
from suanli.client.ledger import Part, Stage
from suanli.client.run.context import Context
from suanli.protocol import Deal, Progress
from suanli.relay import RelayError

ASK_EVERY = 4.0
"""Seconds between questions about a deal; miners tell at least every 12 that they are there."""
QUIET, QUIET_AGAIN = 30.0, 60.0
"""Seconds of silence that are told, and after which they are told again."""
LOST = 60.0
"""Seconds of silence after which a miner is taken to be gone."""
OVERTIME = 2.0
"""So many times what a deal can take, where its miner can't be heard of."""


@dataclass
class _Heard:
    """`asked`: when; `silent`: for so many seconds nothing new came though it was asked for;
    `elapsed`: since the confirmation, by the chain's clock."""

    asked: float
    silent: float = 0.0
    elapsed: int = 0
    told: float = 0.0
    issued: int = 0
    done: int = 0


class Watching:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._heard: dict[int, _Heard] = {}
        """By part."""

    def look(self, part: Part, deal: Deal, seen: Block) -> Iterator[Event]:
        """Ask for news of a confirmed part; `seen`: the block that is judged by."""
        now = self._context.clock()
        known = self._heard.setdefault(part.number, _Heard(now - ASK_EVERY))
        known.elapsed = seen.time - (deal.time - part.request.duration)
        if now < known.asked + ASK_EVERY or not self._can_be_heard(part):
            return
        passed, known.asked = now - known.asked, now
        try:
            news = self._news(part, known.issued)
        except RelayError:
            return  # it may well have told
        if news is None:
            known.silent += passed
            yield from self._quiet(part, known, deal.time - seen.time)
            return
        known.silent, known.told = 0.0, 0.0
        known.issued, known.done = news.issued, min(news.done, len(part.tasks))
        rest = len(part.tasks) - known.done
        left = known.elapsed / known.done * rest if known.done else None
        yield Progressed(
            part.number, part.miner, known.done, len(part.tasks), left, deal.time - seen.time
        )

    def is_lost(self, part: Part) -> bool:
        """Whether its miner seems to be gone."""
        known = self._heard.get(part.number)
        if known is None or part.stage is not Stage.CONFIRMED:
            return False
        if self._can_be_heard(part):
            return known.silent >= LOST
        return part.seconds is not None and known.elapsed > OVERTIME * part.seconds + LOST

    def elapsed(self, part: Part) -> int:
        """Seconds since it was confirmed, by the chain's clock."""
        known = self._heard.get(part.number)
        return known.elapsed if known else 0

    def silence(self, part: Part) -> float:
        """Seconds for which nothing was heard of it."""
        known = self._heard.get(part.number)
        return known.silent if known else 0.0

    def _can_be_heard(self, part: Part) -> bool:
        """Of what was posted the relay does not know."""
        return self._context.relay is not None and not part.posted

    def _news(self, part: Part, after: int) -> Progress | None:
        assert self._context.relay is not None
        for told in self._context.relay.progress(self._context.id_of(part)):
            if told.miner == part.miner and told.issued > after:
                return told
        return None

    def _quiet(self, part: Part, known: _Heard, left: int) -> Iterator[Event]:
        after = known.told + QUIET_AGAIN if known.told else QUIET
        if known.silent >= after:
            known.told = known.silent
            yield FellSilent(
                part.number, part.miner, known.silent, known.done, len(part.tasks), left
            )
