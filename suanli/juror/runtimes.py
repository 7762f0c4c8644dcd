"""Which runtimes this juror may still have to judge by: those that the market's classes list, each
until the last deal that can have named it is beyond any court."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from suanli.chain import Market
from suanli.daemon.runtimes import LISTED, listed_fact, listed_in
from suanli.juror.journal import JurorJournal
from suanli.protocol import Kind

REFRESH = 3_600.0
"""Seconds between looks."""
LONGEST_DEAL = 30 * 86_400
"""As long as the market lets a deal take, from its confirmation."""
PATIENCE = "runtimes_patience"
SUSPENDED = "suspended"
"""Facts: seconds from a suspension to the last verdict on a deal that it came too late for; and
when each runtime was first seen to be suspended in every class that lists it, by its id."""


class RuntimeLooker:
    """`note` takes facts; `suspended`: that fact, as noted before."""

    def __init__(
        self,
        note: Callable[[str, Any], None],
        suspended: Mapping[str, int] | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._note, self._monotonic = note, monotonic
        self._suspended = dict(suspended or {})
        self._refreshed = float("-inf")

    def look(self, at: Market, now: int) -> None:
        """Now and then."""
        if self._monotonic() < self._refreshed + REFRESH:
            return
        self._refreshed = self._monotonic()
        numbers = range(1, at.resource_count() + 1)
        judged = [n for n in numbers if at.resource_class(n).kind is Kind.JUDGED]
        listed = {number: at.runtimes_of(number) for number in judged}
        available = {id_ for n in judged for id_ in at.available_runtimes(n).values()}
        gone = {id_.hex() for ids in listed.values() for id_ in ids if id_ not in available}
        self._suspended = {id_: self._suspended.get(id_, now) for id_ in sorted(gone)}
        terms = [at.terms_of(number) for number in range(1, at.terms_count() + 1)]
        court = max((one.challenge_window + one.verdict_by for one in terms), default=0)
        self._note(LISTED, listed_fact(listed))
        self._note(SUSPENDED, self._suspended)
        self._note(PATIENCE, LONGEST_DEAL + court)


def owed(journal: JurorJournal, now: int) -> dict[bytes, str]:
    """By id of a runtime, why a case about it may still come."""
    suspended, patience = journal.fact(SUSPENDED) or {}, int(journal.fact(PATIENCE) or 0)
    found: dict[bytes, str] = {}
    for resource, ids in listed_in(journal.fact(LISTED)).items():
        for id_ in ids:
            since = suspended.get(id_.hex())
            if since is None:
                found[id_] = f"class {resource} lists it"
            elif (left := since + patience - now) > 0:
                found[id_] = f"deals that name it can be challenged for {left // 86_400 + 1} days"
    return found
