"""Several relays as one, with what one `RelayClient` offers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Contracts,
    Domain,
    Envelope,
    Hosting,
    Progress,
    Rejection,
    Request,
    Signed,
)
from suanli.relay.client import Lodged, RelayClient
from suanli.relay.errors import RelayBusy, RelayError, RelayLied, RelayRefusal, RelayUnreachable
from suanli.relay.several.comparing import Comparison
from suanli.relay.several.member import Act, Member
from suanli.relay.several.merging import Told, newest, subject_of, together
from suanli.relay.several.waiting import Answers, gather

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds for which the others are waited for once one has answered."""
Cursor = int | tuple[int, ...]
"""How far lists of requests were read: at one relay, or at each of several; 0: not at all."""


@dataclass(frozen=True)
class RelayStanding:
    """How one relay fares. `why`: what is wrong with it, or "". It `lacks` so many `of` the last
    messages that others showed. `ahead`: seconds of its clock before this machine's."""

    url: str
    why: str
    lacks: int
    of: int
    ahead: float | None

    @property
    def trouble(self) -> str:
        """In one line, or ""."""
        if self.why or not self.lacks:
            return self.why
        return (
            f"relay {self.url} lacks {self.lacks} of the last {self.of} messages that another has:"
            " it is behind, hides them, or was not given them"
        )


@dataclass(frozen=True)
class MergedPage:
    """As `Page`, of all relays that answered."""

    requests: list[Lodged]
    after: Cursor
    more: bool


class Relays:
    """Asks all, merges what is genuine by digest and by when it was issued, and posts to all. Each
    has its own thread: one that is away, slow or talks nonsense is left alone for a while, ever
    longer, and holds up nobody. Raises what `RelayClient` does once none has a good answer."""

    def __init__(
        self,
        relays: Sequence[RelayClient],
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._clock, self._patience = clock, patience
        self._members = [Member(relay, clock, patience) for relay in relays]
        self._comparison, self._comparing = Comparison(len(relays)), threading.Lock()
        self._told: set[Member] = set()
        """Of which it was said that something is wrong."""

    @classmethod
    def at(
        cls,
        urls: Iterable[str],
        domain: Domain,
        *,
        contracts: Contracts | None = None,
        timeout: float = 10.0,
    ) -> Relays:
        """Raises RelayUnreachable: something is no address."""
        found: list[RelayClient] = []
        try:
            for url in dict.fromkeys(url.rstrip("/") for url in urls):
                found.append(RelayClient(url, domain, contracts=contracts, timeout=timeout))
        except BaseException:
            for relay in found:
                relay.close()
            raise
        return cls(found)

    def close(self) -> None:
        for member in self._members:
            member.close()

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(member.url for member in self._members)

    @property
    def url(self) -> str:
        """All of them, for people."""
        return ", ".join(self.urls)

    @property
    def domain(self) -> Domain:
        return self._members[0].relay.domain

    @property
    def each(self) -> tuple[RelayClient, ...]:
        return tuple(member.relay for member in self._members)

    @property
    def ahead(self) -> float | None:
        """Seconds by which a relay's clock was ahead of this machine's; of several the middle one,
        which is right while most are: of two in the middle the lesser."""
        told = sorted(one.ahead for one in self.each if one.ahead is not None)
        middle = told[(len(told) - 1) // 2 : len(told) // 2 + 1]
        return min(middle, key=abs, default=None)

    def ahead_of(self, url: str) -> float:
        """The same of one of them, for what is told to it alone; 0.0 while it is not known."""
        return next((one.ahead or 0.0 for one in self.each if one.url == url.rstrip("/")), 0.0)

    def standing(self) -> list[RelayStanding]:
        found = []
        for place, member in enumerate(self._members):
            lacks, of = self._comparison.lacks(place)
            why, ahead = member.health.trouble, member.relay.ahead
            found.append(RelayStanding(member.url, why, lacks, of, ahead))
        return found

    def news(self) -> list[str]:
        """Which went away, is late, or is there again since this was asked last, of several."""
        found = []
        for member in self._members if len(self._members) > 1 else ():
            why = member.health.trouble
            if bool(why) != (member in self._told):
                found.append(f"{why}; the others go on" if why else f"relay {member.url} is back")
                self._told ^= {member}
        return found

    def check(self) -> None:
        """Raise RelayLied if none of those that answer serves this market."""
        self._ask("check", lambda relay: relay.check())

    def post(self, signed: Signed[Any]) -> None:
        """To all; one that takes it is enough. Others are given it when they answer again."""
        if len(self._members) == 1:
            self._members[0].run(lambda relay: relay.post(signed))
            return
        key = ("post", signed)
        asked, found = self._put(
            dict.fromkeys(self._members, key), lambda member: lambda relay: relay.post(signed)
        )
        for member in self._members:
            if member not in asked:
                member.owe(signed)
            elif member not in found.good:
                asked[member].add_done_callback(partial(_owe, member, signed))
        for member, late in found.late.items():
            member.missed(key, late)

    def announcements(self, resource: int, runtime: bytes | None = None) -> list[Announcement]:
        key = ("announcements", resource, runtime)
        return self._newest(key, lambda relay: relay.announcements(resource, runtime))

    def hostings(self, resource: int) -> list[Hosting]:
        return self._newest(("hostings", resource), lambda relay: relay.hostings(resource))

    def claims(self, request_id: bytes) -> list[Claim]:
        return self._newest(("claims", request_id), lambda relay: relay.claims(request_id))

    def rejections(self, request_id: bytes) -> list[Rejection]:
        return self._newest(("rejections", request_id), lambda relay: relay.rejections(request_id))

    def progress(self, request_id: bytes) -> list[Progress]:
        found = self._ask(("progress", request_id), lambda relay: relay.progress(request_id))
        return newest(answer for _, answer in found)

    def envelopes(self, request_id: bytes) -> list[Envelope]:
        return self._newest(("envelopes", request_id), lambda relay: relay.envelopes(request_id))

    def acceptance(self, request: Request) -> Signed[Acceptance] | None:
        """The first that there is."""
        key = ("acceptance", self.domain.request_id(request))
        found = self._ask(key, lambda relay: relay.acceptance(request), lambda one: one is not None)
        return next((answer for _, answer in found if answer is not None), None)

    def requests(
        self, after: Cursor = 0, resource: int | None = None, miner: int | None = None
    ) -> MergedPage:
        """Each once that any of them has; `after`: as the last page says."""
        places = after if isinstance(after, tuple) else (after,) * len(self._members)
        at = dict(zip(self._members, places, strict=True))
        key = ("requests", resource, miner)
        pages = dict(
            self._ask_each(
                {member: (*key, at[member]) for member in self._members},
                lambda member: lambda relay: relay.requests(at[member], resource, miner),
            )
        )
        shown: dict[int, dict[Hashable, int]] = {
            self._members.index(member): {lodged.id: 0 for lodged in page.requests}
            for member, page in pages.items()
        }
        self._compare(key, shown)
        # One that was away may have forgotten all, and counts anew: it is read from the start.
        reached = tuple(
            pages[member].after if member in pages else self._again(member, at[member])
            for member in self._members
        )
        more = any(page.more and page.after != at[member] for member, page in pages.items())
        return MergedPage(together(page.requests for page in pages.values()), reached, more)

    def tell_root(self, blob: str, root: str) -> None:
        """To all that answer."""
        self._ask(("root", blob, root), lambda relay: relay.tell_root(blob, root))

    def roots(self, blob: str) -> list[str]:
        """The likeliest of each before the others."""
        found = [answer for _, answer in self._ask(("roots", blob), lambda r: r.roots(blob))]
        ranked = (
            one[place]
            for place in range(max(map(len, found), default=0))
            for one in found
            if place < len(one)
        )
        return list(dict.fromkeys(ranked))

    def _again(self, member: Member, at: int) -> int:
        return 0 if member.health.why and not member.health.is_slow else at

    def _newest(self, key: Hashable, ask: Callable[[RelayClient], list[Told]]) -> list[Told]:
        found = self._ask(key, ask)
        shown = {
            self._members.index(member): {subject_of(made): made.issued for made in answer}
            for member, answer in found
        }
        self._compare(key, shown)
        return newest(answer for _, answer in found)

    def _compare(self, key: Hashable, shown: dict[int, dict[Hashable, int]]) -> None:
        if len(self._members) > 1:
            with self._comparing:
                self._comparison.saw(self._clock(), key, shown)

    # Asking

    def _ask(
        self, key: Hashable, act: Act[T], enough: Callable[[T], bool] = lambda answer: False
    ) -> list[tuple[Member, T]]:
        return self._ask_each(dict.fromkeys(self._members, key), lambda member: act, enough)

    def _ask_each(
        self,
        keys: dict[Member, Hashable],
        act: Callable[[Member], Act[T]],
        enough: Callable[[T], bool] = lambda answer: False,
    ) -> list[tuple[Member, T]]:
        """Good answers, at least one."""
        if len(self._members) == 1:
            member = self._members[0]
            return [(member, member.run(act(member)))]
        _, found = self._put(keys, act, enough)
        if not any(enough(answer) for answer in found.good.values()):
            for member, late in found.late.items():
                member.missed(keys[member], late)
        return [(member, found.good[member]) for member in self._members if member in found.good]

    def _put(
        self,
        keys: Mapping[Member, Hashable],
        act: Callable[[Member], Act[T]],
        enough: Callable[[T], bool] = lambda answer: False,
    ) -> tuple[dict[Member, Future[T]], Answers[Member, T]]:
        """To those that are not left alone; if none of them is well, to the others as well."""
        now = self._clock()
        alone = [member for member in self._members if member.health.is_left_alone(now)]
        asked: dict[Member, Future[T]] = {}
        failed: dict[Member, Exception] = {}
        for some in ([m for m in self._members if m not in alone], alone):
            put = {member: member.ask(keys[member], act(member)) for member in some}
            asked |= put
            waited = [member for member in put if member.health.is_waited_for(now)]
            found = gather(put, waited, lambda _: self._patience, enough)
            failed |= found.failed
            for error in found.failed.values():
                if not isinstance(error, RelayError):
                    raise error
            if found.good:
                return asked, found
        raise _worst(failed[member] for member in self._members if member in failed)


def _owe(member: Member, signed: Signed[Any], done: Future[None]) -> None:
    if (error := done.exception()) is not None and _passes(error):
        member.owe(signed)


def _passes(error: BaseException) -> bool:
    """Whether the relay may take it later."""
    if isinstance(error, RelayRefusal):
        return error.is_outage or error.status == 404 or isinstance(error, RelayBusy)
    return isinstance(error, RelayUnreachable | RelayLied)


def _worst(errors: Iterable[Exception]) -> Exception:
    """What says most of the matter itself."""

    def weight(error: Exception) -> int:
        if isinstance(error, RelayBusy):
            return 2
        if isinstance(error, RelayRefusal):
            return 1 if error.is_outage else 3
        return 0 if isinstance(error, RelayUnreachable) else -1

    return max(errors, key=weight)
