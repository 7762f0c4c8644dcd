"""The relay's port: what the daemon hears and says there. All methods run in its lane."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from suanli.base.text import plain
from suanli.chain import ChainError
from suanli.engine import Compilations
from suanli.miner.core import (
    AcceptanceAsked,
    AcceptanceSeen,
    ClaimAnswered,
    Commitment,
    Observation,
    PostClaim,
    PostRejection,
    RequestSeen,
    Settings,
    Talk,
)
from suanli.protocol import (
    Announcement,
    Claim,
    Domain,
    Envelope,
    Progress,
    Rejection,
    Request,
    Signer,
    sign,
)
from suanli.relay import Cursor, RelayBusy, RelayError, RelayRefusal, Relays
from suanli.store import StoreError

OUTAGES = (RelayError, ChainError)
PAGES = 20
"""Read at once."""
ANEW = 600.0
"""Seconds after which all open requests are listed again, should the relay have forgotten some."""
HOLDS = 600
"""Seconds for which an announcement holds; it is renewed after a third."""
ANNOUNCE_AGAIN = 30
"""Seconds after which one that was refused is tried again, as when the relay's chain is behind."""
LOOK_EVERY = 10
"""Seconds between looks at what is compiled here."""
MOST_RATE = (1 << 32) - 1
PROGRESS, PROGRESS_AGAIN = 4, 12
"""Seconds after which it is told how far a deal is: if that changed, and if not."""
MOST_REASON = 300
"""Characters of a reason that are told."""
AHEAD = 30
"""Seconds by which what is issued may be ahead of the clock; relays allow a minute."""


def claim_of(miner: str, request_id: bytes, result: Commitment, issued: int) -> Claim:
    return Claim(miner, issued, request_id, result.root, result.units_used, result.leaves)


class RelayPort:
    """`public_key`: compressed; data for this miner may be sealed to it. `sealed`: where the result
    of a deal is listed, if it is sealed."""

    def __init__(
        self,
        relay: Relays,
        signer: Signer,
        settings: Settings,
        public_key: Callable[[], bytes],
        *,
        now: Callable[[], int],
        post: Callable[[Observation], None],
        tell: Callable[[str], None] = lambda text: None,
        trouble: Callable[[str, str], None] = lambda what, why: None,
        peers: Callable[[], str] = str,
        compiled: Callable[[], Compilations] = Compilations,
        sealed: Callable[[bytes], bytes | None] = lambda id_: None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._trouble, self._peers = wall, trouble, peers
        self._compiled, self._has = compiled, Compilations()
        self._look_at = float("-inf")
        self._relay, self._signer, self._settings = relay, signer, settings
        self._public_key, self._sealed = public_key, sealed
        self._now, self._post, self._tell, self._monotonic = now, post, tell, monotonic
        self.talk = Talk()
        self._pace = self.talk.pace
        self._last_issued = 0
        self._after: dict[int, Cursor] = {}
        """By class: how far requests were listed."""
        self._asked: set[bytes] = set()
        """Deals that wait for an acceptance and of which the relay has said that there is none."""
        self._progress: dict[bytes, tuple[int, float]] = {}
        """By deal: how many tasks were told to be done, and when."""
        self._listed = self._announce_at = float("-inf")

    def restart(self) -> None:
        """Whatever is at the other end may have forgotten everything."""
        self._listed = self._announce_at = float("-inf")

    @property
    def ahead(self) -> float | None:
        """Seconds by which the relay's clock is ahead of this machine's."""
        return self._relay.ahead

    def poll(self) -> None:
        """Announce again, list new requests, look for acceptances, tell how far deals are."""
        self._look_at_programs()
        if self.talk.pace != self._pace:
            self._pace, self._announce_at = self.talk.pace, float("-inf")
        if self._monotonic() >= self._announce_at and self.talk.selling:
            self._relay.check()
            try:
                peers, told = self._peers(), True
            except StoreError:  # whatever needs it says so
                peers, told = "", False
            taken = [told, *(self._announce(s.resource, peers) for s in self._settings.sales)]
            self._announce_at = self._monotonic() + (HOLDS / 3 if all(taken) else ANNOUNCE_AGAIN)
        if self._monotonic() >= self._listed + ANEW:
            self._after, self._listed = {}, self._monotonic()
        for sale in self._settings.sales:
            self._list_requests(sale.resource)
        self._asked &= {id_ for id_, _ in self.talk.awaiting}
        for id_, request in self.talk.awaiting:
            self._ask_acceptance(id_, request)
        self._tell_progress()
        standing = self._relay.standing()
        for number, one in enumerate(standing if len(standing) > 1 else (), 1):
            self._trouble(f"relay {number}", one.trouble)

    def claim(self, claim: PostClaim) -> None:
        """Offer a result; the core hears whether the relay knows the request."""
        miner = self._settings.miner
        if (contents := self._sealed(claim.id)) is not None:
            self._say(Envelope(miner, self._issued(), claim.id, contents))
        message = claim_of(miner, claim.id, claim.result, self._issued())
        self._post(ClaimAnswered(self._now(), claim.id, self._say(message)))

    def reject(self, rejection: PostRejection) -> None:
        """Tell the requester why not."""
        why, final = plain(str(rejection.reason))[:MOST_REASON], rejection.reason.final
        self._say(Rejection(self._settings.miner, self._issued(), rejection.id, why, final))

    @property
    def _domain(self) -> Domain:
        return self._relay.domain

    def _issued(self) -> int:
        """Relays go by their own clocks, whatever this machine's says. Later messages have later
        seconds, for these alone replace."""
        now = int(self._wall() + (self._relay.ahead or 0.0))
        self._last_issued = min(max(now, self._last_issued + 1), now + AHEAD)
        return self._last_issued

    def _say(self, message: tuple[Any, ...], trouble: str = "") -> bool:
        """Sign it and put it up; whether the relay takes it. A refusal of what is said all the time
        is a `trouble`, until one is taken."""
        try:
            self._relay.post(sign(self._domain, message, self._signer))
            if trouble:
                self._trouble(trouble, "")
        except RelayBusy:
            raise
        except RelayRefusal as error:
            if error.is_outage:
                raise
            if trouble:
                self._trouble(trouble, str(error))
            elif error.status != 404:
                self._tell(str(error))
            return False
        return True

    def _look_at_programs(self) -> None:
        """What was compiled since is announced soon."""
        if self._monotonic() < self._look_at:
            return
        self._look_at = self._monotonic() + LOOK_EVERY
        before, self._has = self._has, self._compiled()
        if set(before.programs) != set(self._has.programs):
            self._announce_at = float("-inf")

    def _announce(self, resource: int, peers: str) -> bool:
        """Whether the relay takes it."""
        now, pace = self._issued(), self._pace or self._settings.pace
        announcement = Announcement(
            miner=self._settings.miner,
            resource=resource,
            runtimes=self._settings.sold_runtimes,
            units_per_second=int(pace.speed),
            workers=pace.workers,
            margin=pace.margin,
            reserve=pace.reserve,
            public_key=self._public_key(),
            issued=now,
            valid_until=now + HOLDS,
            peers=peers,
            programs=self._has.programs,
            compile_rate=min(self._has.rate, MOST_RATE),
        )
        return self._say(announcement, "announcement")

    def _tell_progress(self) -> None:
        now = self._monotonic()
        told, self._progress = self._progress, {}
        for id_, done, tasks in self.talk.at_work:
            before, at = told.get(id_, (-1, float("-inf")))
            if now < at + (PROGRESS_AGAIN if done == before else PROGRESS):
                self._progress[id_] = before, at
                continue
            self._progress[id_] = done, now
            self._say(Progress(self._settings.miner, self._issued(), id_, done, tasks))

    def _list_requests(self, resource: int) -> None:
        for _ in range(PAGES):
            after: Cursor = self._after.get(resource, 0)
            page = self._relay.requests(after, resource, self._settings.miner_id)
            for lodged in page.requests:
                signed = lodged.signed
                self._post(
                    RequestSeen(self._now(), lodged.id, signed.message, signed.signature, True)
                )
            self._after[resource] = page.after
            if page.after == after or not page.more:
                return

    def _ask_acceptance(self, id_: bytes, request: Request) -> None:
        signed = self._relay.acceptance(request)
        if id_ not in self._asked and signed is None:
            self._asked.add(id_)
            self._post(AcceptanceAsked(self._now(), id_))
        if signed is not None:
            said = signed.message
            self._post(
                AcceptanceSeen(self._now(), id_, said.root, said.units_used, signed.signature)
            )
