"""Rules for requests and deals: mostly whoever's turn it is does what can be done."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from suanli.protocol import ZERO_DIGEST, Acceptance, Release, Request, State
from tests.contracts.stateful import choices
from tests.contracts.stateful.base import Base
from tests.contracts.stateful.choices import BIDS, FLAWS, LAST_SECOND
from tests.contracts.stateful.world import BEN, COLD, COURT, DAY, OFFICES, PEOPLE
from tests.harness.market import JOB, ROOT, ZERO

ANYTHING = (
    "post_request",
    "cancel_request",
    "confirm_request",
    "submit_result",
    "submit_accepted",
    "release",
    "release_by_agreement",
    "claim_default",
    "freeze",
    "accept_result",
    "settle",
    "settle_many",
    "thaw",
    "note_reveal",
    "set_due",
    "resolve",
)
FITTING: dict[State, tuple[str, ...]] = {
    State.NONE: ("confirm_request", "confirm_request", "cancel_request", "post_request"),
    State.POSTED: ("confirm_request", "confirm_request", "confirm_request", "cancel_request"),
    State.EXPIRED: ("cancel_request", "confirm_request"),
    State.CONFIRMED: (
        "submit_result",
        "submit_result",
        "submit_accepted",
        "release",
        "release_by_agreement",
    ),
    State.OVERDUE: ("claim_default", "submit_accepted", "submit_result", "release"),
    State.SUBMITTED: ("freeze", "accept_result", "freeze", "settle", "thaw"),
    State.CHALLENGED: (
        "resolve",
        "set_due",
        "note_reveal",
        "thaw",
        "accept_result",
        "resolve",
        "freeze",
        "settle",
    ),
    State.SETTLEABLE: ("settle", "settle_many", "accept_result", "freeze", "resolve"),
}
"""What is worth trying in each state; what must be refused is here where bounds matter."""
LATE = (0, 750, 2000)
"""With these, a turn comes when the time for something has just passed."""
AT_EDGES: dict[State, tuple[str, ...]] = {
    State.POSTED: ("confirm_request", "cancel_request"),
    State.CONFIRMED: ("claim_default", "submit_result", "release"),
    State.SUBMITTED: ("settle", "freeze", "settle_many", "set_due", "thaw", "resolve"),
}
"""What time allows or forbids, by stored state."""


turns = st.lists(st.tuples(choices.which, choices.units), min_size=1, max_size=6)
"""Which of what fits the state is done, and what varies it."""


class Deals(Base):
    @rule(
        requester=st.integers(0, 4),
        miner=st.sampled_from((0, 0, 0, 1, 2, 3, 4, 99)),
        resource=choices.which,
        units=st.sampled_from((100, 1, 7, 333, 500, 700)),
        bid=st.sampled_from(BIDS),
        waits=st.sampled_from((3600, 10 * DAY, 60, 0)),
        duration=st.sampled_from((3600, 600, 61, 60, 30 * DAY)),
        tasks=st.sampled_from((4, 1, 2**32 - 1)),
        runtime=st.sampled_from((0, 0, 0, 0, 1)),
        terms=choices.which,
        verified=st.sampled_from((0, 0, 0, 0, 0, 1)),
        sender=st.sampled_from((None, None, None, None, None, BEN)),
        posted=st.booleans(),
    )
    def ask(self, requester: int, posted: bool, sender: str | None, **fields: Any) -> None:
        """A requester signs a request, or posts it, too."""
        request = self.request(self.actors[requester], **fields)
        self.known.append(request)
        if posted:
            self.act("post_request", sender or request.requester, request)

    @rule(flaw=st.sampled_from(FLAWS), posted=st.booleans())
    def ask_amiss(self, flaw: dict[str, Any], posted: bool) -> None:
        """Something is wrong with a request."""
        request = self.request(self.actors[0])._replace(**flaw)
        self.known.append(request)
        if posted:
            self.act("post_request", self.actors[0], request)

    def request(
        self,
        requester: str,
        miner: int = 0,
        resource: int = 0,
        units: int = 100,
        bid: int = BIDS[0],
        waits: int = 3600,
        duration: int = 3600,
        tasks: int = 4,
        runtime: int = 0,
        terms: int = 0,
        verified: int = 0,
    ) -> Request:
        resource = self.nth((1, 2, 4, 1, 2, 4, *self.model.classes), resource)
        return Request(
            requester,
            miner,
            resource,
            runtime,
            units,
            bid if resource != 4 else bid // 10**5,
            self.chain.time() + waits if waits else LAST_SECOND,
            duration,
            tasks,
            JOB,
            self.nth((1, 2, 3, 4, *self.model.terms), terms),
            verified,
            self.model.accounts[requester].epoch,
            len(self.known),
        )

    @precondition(lambda machine: machine.known)
    @rule(which=choices.which, turns=turns)
    def see_through(self, which: int, turns: list[tuple[int, int]]) -> None:
        """Those whose turn it is take a request further."""
        live = self.live() or self.known
        self.take_turns(self.nth(live[::-1], which), turns)

    @rule(
        requester=st.integers(0, 4),
        terms=choices.which,
        number=choices.units,
        begun=st.sampled_from(((), ("submit_result",), ("submit_result", "freeze"))),
        turns=turns,
    )
    def deal(
        self,
        requester: int,
        terms: int,
        number: int,
        begun: tuple[str, ...],
        turns: list[tuple[int, int]],
    ) -> None:
        """A new deal, perhaps done or before its court, seen through as far as it comes."""
        request = self.request(self.actors[requester], terms=terms)
        self.known.append(request)
        self.perform("confirm_request", request, None, number | 1)
        for name in begun:
            self.perform(name, request)
        self.take_turns(request, turns)

    def take_turns(self, request: Request, turns: list[tuple[int, int]]) -> None:
        for turn, number in turns:
            if number in LATE and request in self.live():
                self.wait_until(self.edges(request), past=True)
            self.model.time = self.chain.time()
            names = FITTING.get(self.model.state_of(request), ANYTHING)
            self.perform(self.nth(names, turn), request, None, number)

    @rule(
        which=choices.which,
        what=st.sampled_from(ANYTHING),
        who=st.sampled_from((None, *PEOPLE, *OFFICES)),
        number=choices.units,
    )
    def out_of_turn(self, which: int, what: str, who: str | None, number: int) -> None:
        """Anybody does anything with a request in any state."""
        if self.known:
            self.perform(what, self.nth(self.known[::-1], which), who, number)

    @precondition(lambda machine: machine.known)
    @rule(
        picks=st.lists(st.tuples(choices.which, choices.which, choices.units), min_size=1),
        who=st.sampled_from((None, None, *PEOPLE)),
        skipping=st.booleans(),
    )
    def together(self, picks: list[tuple[int, int, int]], who: str | None, skipping: bool) -> None:
        """One account, mostly a miner that has deals, does several things at once."""
        requests = (self.live() or self.known)[::-1]
        who = who or self.miner_of(self.nth(requests, picks[0][0]), 0)
        self.collected = calls = []
        self.model.time = self.chain.time()
        for which, turn, number in picks:
            request = self.nth(requests, which)
            names = FITTING.get(self.model.state_of(request), ANYTHING)
            self.perform(self.nth(names, turn), request, who, number)
        self.collected = None
        self.act("multicall_skip" if skipping else "multicall", who, calls)

    # Time

    @rule(
        which=choices.which,
        past=st.booleans(),
        then=choices.which,
        who=st.sampled_from((None, COLD)),
        number=choices.units,
    )
    def wait_to_edge(self, which: int, past: bool, then: int, who: str | None, number: int) -> None:
        """Time passes to the last second at which something can be done, or past it, where
        somebody acts."""
        live = self.live()
        if not live:
            return
        request = self.nth(live[::-1], which)
        self.wait_until(self.edges(request), past)
        names = AT_EDGES.get(self.model.deal_of(self.id_of(request)).state, ANYTHING)
        self.perform(self.nth(names, then), request, who, number)

    @rule(what=st.sampled_from(("offers", "unbonding", "seconds")), past=st.booleans())
    def wait(self, what: str, past: bool) -> None:
        miners = self.model.miners.values()
        if what == "seconds":
            self.chain.advance(3600 if past else 1)
        elif what == "unbonding":
            self.wait_until([miner.unbonding_ends - 1 for miner in miners], past)
        else:
            offers = [offer for miner in miners for offer in miner.offers.values()]
            self.wait_until([offer.valid_until for offer in offers], past)

    def wait_until(self, edges: list[int], past: bool) -> None:
        now = self.chain.time()
        ahead = [edge + past - now for edge in edges if now < edge + past < now + 200 * DAY]
        self.chain.advance(min(ahead, default=60))

    def edges(self, request: Request) -> list[int]:
        """Last seconds at which something can be done."""
        deal = self.model.deal_of(self.id_of(request))
        if deal.state == State.SUBMITTED:
            terms = self.model.terms[request.terms]
            window_end = deal.time + terms.challenge_window
            return [window_end, window_end + terms.verdict_by]
        return [deal.time or request.confirm_by]

    # Doing

    def perform(
        self, name: str, request: Request, who: str | None = None, number: int = 100
    ) -> None:
        """`who` None: the one who may; `number` varies what is signed or submitted."""
        miner, court = self.miner_of(request, number), self.court_of(request)
        used = min(number % (request.units + 1) + (number == 1001) * request.units, 2**64 - 1)
        root = ROOT if number != 7 else ZERO_DIGEST
        domain, request_id = self.model.domain, self.id_of(request)
        match name:
            case "post_request" | "cancel_request":
                self.act(name, who or request.requester, request)
            case "confirm_request":
                if who is None and number % 2:
                    self.open_up(request, miner)
                signature = self.signature(request.requester, request_id, number)
                self.act(name, who or miner, request, signature)
            case "submit_result":
                self.act(name, who or miner, request, root, used)
            case "submit_accepted":
                digest = domain.digest(Acceptance(request_id, root, used))
                signature = self.signature(request.requester, digest, number)
                self.act(name, who or miner, request, root, used, signature)
            case "release_by_agreement":
                sender = who or (miner if number % 2 else request.requester)
                other = miner if sender == request.requester else request.requester
                signature = self.signature(other, domain.digest(Release(request_id)), number)
                self.act(name, sender, request, signature)
            case "settle_many":
                self.act(name, who or COLD, [*self.known[-5:], request])
            case "accept_result":
                deal = self.model.deal_of(request_id)
                seen = (root, deal.units_used + (number == 99))
                self.act(name, who or request.requester, request, *seen)
            case "set_due":
                self.act(name, who or court, request, self.due(request, number))
            case "resolve":
                share = (10_000, 0, 0, 1, 3_333, 10_001)[number % 6]
                self.act(name, who or court, request, self.due(request, number), share)
            case "release":
                self.act(name, who or miner, request)
            case _:
                self.act(name, who or court, request)

    def due(self, request: Request, number: int) -> int:
        """Units of a verdict: all that was claimed, a part, none, or one too many."""
        used = self.model.deal_of(self.id_of(request)).units_used
        return (used, used // 2, 0, min(used + 1, 2**64 - 1))[number % 4]

    def court_of(self, request: Request) -> str:
        terms = self.model.terms.get(request.terms)
        return terms.court if terms and terms.court != ZERO else COURT
