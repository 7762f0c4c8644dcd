"""What the daemon reads from the chain and sends to it. All methods run in the chain's lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.chain import (
    BadAnswer,
    Block,
    Call,
    ChainError,
    Contract,
    ContractError,
    CursorState,
    EventCursor,
    GasTooHigh,
    Market,
    MinerAccount,
    NoContract,
    Node,
    RpcError,
    Sender,
    Sent,
    TransactionError,
    TransactionReverted,
    TransportError,
    contract_errors,
    events,
)
from suanli.chain.ahead import ReadsAhead
from suanli.miner.core import messages as m
from suanli.miner.core.messages import Act
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import ClassView, MarketView, OnChain, Settings
from suanli.miner.staking import means_of, next_step
from suanli.protocol import ZERO_ADDRESS, ResourceClass, State, Terms

AWAY = (TransportError, BadAnswer, RpcError, DatabaseFailed)
OUTAGES = (*AWAY, ContractError, NoContract)
"""A node that is behind, or a reorganized chain, may not know the miner or even the market."""
READ = (
    events.RequestPosted,
    events.RequestConfirmed,
    events.RequestCancelled,
    events.RequestSettled,
    events.TermsRetirement,
    events.ResourceClassRetired,
)
EVENTS = "events"
LOOK_BACK = 50_000
"""Blocks before the first start in which posted requests may still wait."""
IDLE = 10.0
"""Seconds between looks at the chain while there is nothing to do."""
IDLE_ALONE = 3.0
"""The same where requests can only come over the chain."""
READING = 2.0
"""Seconds of reading old events after which the rest waits for the next look."""
REFRESH = 60.0
"""Seconds between looks at what hardly ever changes."""
TROUBLED = 10.0
"""Seconds until a transaction is tried again that could not be sent."""
PRELOADED = 16
"""Terms records read in advance."""
ASKED = 16
"""Requesters whose accounts are read at each look, those not read yet first."""

TRANSIENT: dict[str, str] = {
    "InsufficientAvailable": "money",
    "InsufficientCapacity": "capacity",
    "OfferExpired": "capacity",
    "AskAboveBid": "price",
    "NotVerified": "verified",
    "EnforcedPause": "paused",
}
"""Refusals that may pass, by error, with the code that requesters see."""


@dataclass(frozen=True)
class Watch:
    """What the core wants to know: of deals, terms and requesters; `eager`: with every block."""

    deals: frozenset[bytes] = frozenset()
    terms: frozenset[int] = frozenset()
    requesters: frozenset[str] = frozenset()
    eager: bool = False


class ChainClock:
    """The chain's time between its blocks: its newest block's and what passed since. This machine's
    own clock, which may jump, counts before the first block, and on a `local` chain as the least,
    because an idle one's newest block may be old."""

    def __init__(
        self,
        local: bool,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local, self._wall, self._monotonic = local, wall, monotonic
        self._head: tuple[bytes, int, float] = (b"", 0, 0.0)

    def saw(self, block: Block) -> None:
        if block.hash != self._head[0]:
            self._head = (block.hash, block.time, self._monotonic())

    def now(self) -> int:
        _, at, since = self._head
        if not at:
            return int(self._wall())
        chain = at + self._monotonic() - since
        return int(max(chain, self._wall()) if self._local else chain)


class ChainDesk:
    """`post` takes events; `note` facts that are written down with the events before them.
    `cursor` None: nothing was read yet."""

    def __init__(
        self,
        market: Market,
        sender: Sender,
        settings: Settings,
        miner_id: int,
        cursor: CursorState | None,
        *,
        clock: ChainClock,
        post: Callable[[m.Event], None],
        note: Callable[[str, Any], None],
        trouble: Callable[[str, str], None] = lambda act, why: None,
        say: Callable[[str], None] = lambda text: None,
        alone: Callable[[], bool] = lambda: True,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._market, self._sender, self._settings = market, sender, settings
        self._reads = ReadsAhead(market.node.transport, monotonic)
        self._looks = Market(Node(self._reads), market.address)
        self._miner_id, self._cursor = miner_id, cursor
        self._reader = EventCursor(market.node, market.address, READ)
        self._clock, self._post, self._note, self._trouble = clock, post, note, trouble
        self._say, self._alone = say, alone
        self._monotonic = monotonic
        self.watch = Watch()
        self._head = b""
        self._unread, self._behind = True, True
        self._asked = self._viewed = self._refreshed = float("-inf")
        self._terms: dict[int, Terms] = {}
        self._terms_count = 0
        self._prices: dict[int, int] = {}
        self._funds: dict[str, tuple[int, float]] = {}
        self._fixed: tuple[Any, ...] = ()
        self._stake = -1
        self._covered: dict[int, int] = {}
        self._known = cursor is not None
        self.ahead: float | None = None
        """Seconds by which the chain's newest block was ahead of this machine's clock."""
        self._wanted: dict[tuple[Any, ...], _Wanted] = {}
        self._orphans: list[Sent] | None = None

    def want(self, send: m.Send, call: Call[Any]) -> None:
        """Send it, and follow it with each poll; what is under way already goes on as it is."""
        wanted = self._wanted.setdefault(_about(send), _Wanted(send, call))
        if wanted.sent is None and self._monotonic() >= wanted.not_before:
            self._attend(wanted)

    def stake(self, send: m.SendStake) -> None:
        """Go one step further towards the capacity that is wanted."""
        self._asked = float("-inf")  # should the node be away, the next look must notice it, too
        miner, resource = self._settings.miner, send.resource
        means = means_of(self._market, miner, resource)
        step = next_step(self._market, miner, resource, min(send.capacity, means.running), means)
        if step is not None:
            call, text = step
            self._say(text)
            self.want(send, call)

    def poll(self) -> None:
        """Look once: new blocks, the deals, the transactions. Where nothing is under way, now and
        then only: hosted nodes count what they are asked."""
        watch = self.watch
        if not self._is_due(watch):
            self._post(m.TimePassed(self._clock.now()))
            return
        head = self._market.node.head()
        self._clock.saw(head)
        if head.hash != self._head:
            self.ahead = head.time - self._wall()
        if head.hash != self._head or self._behind:
            self._unread = True
            self._read_events(head)
            self._head = head.hash
        self._look(head, watch)
        self._asked = self._monotonic()
        try:
            self._push()
        except OUTAGES:
            self._asked = float("-inf")  # the next look must notice that the node is away, too
            raise

    def _is_due(self, watch: Watch) -> bool:
        busy = watch.eager or self._wanted or self._orphans or self._orphans is None
        new = watch.requesters - self._funds.keys() or watch.terms - self._terms.keys()
        rest = IDLE_ALONE if self._alone() else IDLE
        return bool(busy or new or self._behind or self._monotonic() >= self._asked + rest)

    def _look(self, head: Block, watch: Watch) -> None:
        due = watch.eager or bool(self._wanted) or self._monotonic() >= self._viewed + IDLE
        whole, asked = self._unread and due, self._due_requesters(watch)
        at = self._looks.at(head.number)
        if whole or asked:
            self._reads.turn(head.number)
        news = self._read_funds(asked, at)
        if news or whole:
            self._read_market(head, at, watch)
            self._unread = False
        else:
            self._post(m.TimePassed(self._clock.now()))

    # Reading

    def _read_events(self, head: Block) -> None:
        """As far as they can be read in a moment: what is there already does not wait for it."""
        if self._cursor is None:
            self._cursor = CursorState.from_block(max(head.number - LOOK_BACK, 0))
        ends = self._monotonic() + READING
        self._behind = True
        known: Block | None = head
        while self._behind:
            batch = self._reader.read(self._cursor, known)
            if batch.rolled_back_to is not None:
                self._post(m.RolledBack(self._clock.now()))
            for event in batch.events:
                self._take(event)
            if batch.state != self._cursor:
                self._cursor = batch.state
                self._note("cursor", batch.state.to_json())
            else:
                known = None  # the newest block may have been undone since
            self._behind = not batch.caught_up
            if self._behind and self._monotonic() >= ends:
                self._tell_behind(head)
                return
        self._known = True
        self._trouble(EVENTS, "")

    def _tell_behind(self, head: Block) -> None:
        assert self._cursor is not None  # something was read
        left = head.number - self._cursor.following + 1
        self._trouble(
            EVENTS,
            f"{left:,} blocks are still to be read for posted requests: the node searches"
            f" {self._reader.span:,} at once",
        )

    def _take(self, event: events.Event) -> None:
        now = self._clock.now()
        match event:
            case events.RequestPosted():
                named = event.request.miner in (ZERO_ADDRESS, self._settings.miner)
                if self._settings.sale(event.resource) is not None and named:
                    self._post(m.RequestSeen(now, event.id, event.request, b"", False))
            case events.RequestConfirmed():
                if event.miner_id == self._miner_id:
                    self._confirmed(event, now)
                else:
                    why = Reason("taken", "another miner confirmed it")
                    self._post(m.RequestGone(now, event.id, why))
            case events.RequestCancelled():
                why = Reason("cancelled", "the requester cancelled it")
                self._post(m.RequestGone(now, event.id, why))
            case events.RequestSettled():
                if event.miner_id == self._miner_id:
                    paid = [str(event.paid), self._time_of(event, now)]
                    self._note("paid:0x" + event.id.hex(), paid)
            case _:
                self._refreshed = float("-inf")

    def _confirmed(self, event: events.RequestConfirmed, now: int) -> None:
        if self._is_own(event):
            self._post(m.OwnConfirmed(now, event.id))
        else:
            self._post(m.TwinSeen(now, event.id, self._time_of(event, now)))

    def _time_of(self, event: events.Event, now: int) -> int:
        """Its block's, if it is still there."""
        block = self._market.node.block(event.at.block)
        return block.time if block else now

    def _is_own(self, event: events.RequestConfirmed) -> bool:
        """Whether this daemon confirmed it, and no other one with its account. What a new folder
        finds on the chain at first, a former one may have known of."""
        return not self._known or self._sender.signed(event.at.transaction)

    def _due_requesters(self, watch: Watch) -> list[str]:
        """Whose accounts are to be read now, those not read yet first."""
        now = self._monotonic()
        self._funds = {who: it for who, it in self._funds.items() if who in watch.requesters}
        old = (0, float("-inf"))
        due = [who for who in watch.requesters if now >= self._funds.get(who, old)[1] + IDLE]
        due.sort(key=lambda who: self._funds.get(who, old)[1])
        return due[:ASKED]

    def _read_funds(self, requesters: Iterable[str], at: Market) -> bool:
        """What they have available; whether there is news of one."""
        news = False
        for who in requesters:
            available = at.account_of(who).available
            news = news or who not in self._funds or self._funds[who][0] != available
            self._funds[who] = available, self._monotonic()
        return news

    def _read_market(self, head: Block, at: Market, watch: Watch) -> None:
        self._refresh(at, watch)
        resources, verified, paused = self._fixed
        account = at.miner_account(self._settings.miner)
        status = at.miner_status(self._settings.miner)
        if status.stake != self._stake:
            self._stake, self._covered = status.stake, {}
        view = MarketView(
            block=head.number,
            paused=paused,
            classes={
                number: self._read_class(at, number, resources[number]) for number in resources
            },
            terms=dict(self._terms),
            verified=verified,
            earnings=account.earnings if isinstance(account, MinerAccount) else 0,
            stake=status.stake,
            terms_count=self._terms_count,
            gas=at.node.balance(self._settings.miner),
            base_fee=head.base_fee or 0,
            funds={who: available for who, (available, _) in self._funds.items()},
        )
        deals = {id_: self._read_deal(at, id_) for id_ in watch.deals}
        self._post(m.ChainRead(self._clock.now(), view, deals))
        self._viewed = self._monotonic()

    def _read_class(self, at: Market, number: int, resource: ResourceClass) -> ClassView:
        miner = self._settings.miner
        if self._covered.get(number, 0) <= 0:
            self._covered[number] = means_of(at, miner, number).running
        with suppress(ContractError):  # a price model that refuses stops no deal
            self._prices[number] = at.price_of(number)
        offer, covered = at.offer_of(miner, number), self._covered[number]
        return ClassView(self._prices.get(number, 0), offer, resource, covered)

    def _read_deal(self, at: Market, id_: bytes) -> OnChain:
        deal = at.deal_of(id_)
        mine = deal.miner_id == self._miner_id
        return OnChain(deal.state, mine, deal.price, deal.time, deal.open_challenges)

    def _refresh(self, at: Market, watch: Watch) -> None:
        """What hardly changes, and terms that are new."""
        due = self._monotonic() >= self._refreshed + REFRESH
        if due:
            sold = [sale.resource for sale in self._settings.sales]
            resources = {number: at.resource_class(number) for number in sold}
            self._fixed = (resources, self._is_verified(at), at.paused())
            self._terms_count = at.terms_count()
            preloaded = range(1, min(self._terms_count, PRELOADED) + 1)
            self._terms = {number: at.terms_of(number) for number in preloaded}
            self._refreshed, self._covered = self._monotonic(), {}
        wanted = watch.terms - self._terms.keys()
        if wanted and max(wanted) > self._terms_count:
            self._terms_count = at.terms_count()
        for number in wanted:
            if 1 <= number <= self._terms_count:
                self._terms[number] = at.terms_of(number)

    def _is_verified(self, at: Market) -> bool:
        verifier = at.identity_verifier()
        if verifier == ZERO_ADDRESS:
            return False
        contract = Contract(at.node, verifier, "MockIdentityVerifier")
        try:
            return bool(contract.read("isVerified", self._settings.miner))
        except ContractError:
            return False

    # Sending

    def _push(self) -> None:
        """Send what is wanted, follow what was sent."""
        if self._orphans is None:
            self._orphans = self._sender.pending()
        for wanted in list(self._wanted.values()):
            if self._monotonic() >= wanted.not_before:
                self._attend(wanted)
        for sent in list(self._orphans):
            if self._is_over(sent):
                self._orphans.remove(sent)

    def _attend(self, wanted: _Wanted) -> None:
        send, done = wanted.send, False
        try:
            if wanted.sent is None:
                wanted.sent = self._sender.send(wanted.call, send.key)
            if self._sender.poll(wanted.sent) is None:
                return
            self._trouble(self._named(send), "")
            done = True
        except (ContractError, TransactionReverted, GasTooHigh) as error:
            if wanted.sent is not None and isinstance(error, ContractError):
                wanted.sent = None
            self._refuse(send, error)
        except (TransactionError, RpcError) as error:
            self._trouble(self._named(send), str(error))
            if wanted.sent is not None or send.act is not Act.CONFIRM:
                wanted.sent, wanted.not_before = None, self._monotonic() + TROUBLED
                return
            # Nothing was sent: the request must not hold capacity meanwhile.
            self._refuse(send, error)
        del self._wanted[_about(send)]
        # What waits for its effect must not wait for the next full look, or a further block.
        self._unread, self._viewed = True, float("-inf")
        self._asked = float("-inf")
        if done and isinstance(send, m.SendStake):
            self.stake(replace(send, key=send.key + "+"))

    def _named(self, send: m.Send) -> str:
        """The act, and which class it is of where that is a question."""
        if isinstance(send, m.SendForClass) and len(self._settings.sales) > 1:
            return f"{send.act} (class {send.resource})"
        return send.act

    def _is_over(self, sent: Sent) -> bool:
        try:
            return self._sender.poll(sent) is not None
        except (ContractError, TransactionError):
            return True

    def _refuse(self, send: m.Send, error: ChainError) -> None:
        reason = reason_of(error)
        if send.id:
            self._post(m.Refused(self._clock.now(), send.id, send.act, reason))
        else:
            self._trouble(self._named(send), reason.text)


@dataclass
class _Wanted:
    send: m.Send
    call: Call[Any]
    sent: Sent | None = None
    not_before: float = float("-inf")


def _about(send: m.Send) -> tuple[Any, ...]:
    """What is done once at a time."""
    return send.act, send.id, send.resource if isinstance(send, m.SendForClass) else 0


def reason_of(error: ChainError) -> Reason:
    """A refusal of the market, as a reason for requesters."""
    inner = error.reason if isinstance(error, TransactionReverted) else error
    if isinstance(inner, contract_errors.WrongState):
        state = inner.values.get("state")
        name = state.name.lower() if isinstance(state, State) else "no longer open"
        return Reason("taken", f"it is {name}")
    if isinstance(inner, contract_errors.RequestExpired):
        return Reason("expired", str(inner))
    if isinstance(inner, contract_errors.InvalidSignature):
        return Reason("signature", str(inner))
    if isinstance(inner, GasTooHigh):
        return Reason("signature", f"its check by a contract burns gas: {inner}")
    if isinstance(inner, ContractError):
        code = TRANSIENT.get(inner.name)
        return Reason(code or "market", str(inner), final=code is None)
    code = "reverted" if isinstance(error, TransactionReverted) else "chain"
    return Reason(code, str(error), final=False)
