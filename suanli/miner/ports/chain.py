"""The chain's port: what the daemon reads from it and sends to it. All methods run in its lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from suanli.chain import (
    Block,
    CursorState,
    Event,
    EventCursor,
    Market,
    Node,
    ReadsAhead,
    Sender,
    events,
)
from suanli.daemon import OUTAGES, ChainClock
from suanli.daemon.runtimes import LISTED, listed_fact
from suanli.miner.core import (
    ChainRead,
    Line,
    Observation,
    OwnConfirmed,
    Reason,
    RequestGone,
    RequestSeen,
    RolledBack,
    Send,
    Settings,
    TimePassed,
    Told,
    TwinSeen,
    Watch,
)
from suanli.miner.ports.court import CourtLooker
from suanli.miner.ports.looking import Looker
from suanli.miner.ports.sending import Outbox

OF_DEALS = (
    events.RequestSettled,
    events.RequestReleased,
    events.RequestAnnulled,
    events.RequestDefaulted,
    events.RequestOverturned,
    events.StakeSlashed,
    events.TrialChanged,
    events.DueSet,
)
"""How deals end, what that costs, and what a court does to them."""
READ = (
    events.RequestPosted,
    events.RequestConfirmed,
    events.RequestCancelled,
    *OF_DEALS,
    events.TermsRetired,
    events.ResourceClassRetired,
    events.RuntimeSuspended,
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


class ChainPort:
    """`post` takes observations and lines of stories; `note` facts that are written down with the
    observations before them. `cursor` None: nothing was read yet. `listed`: runtimes of classes, as
    noted before."""

    def __init__(
        self,
        market: Market,
        sender: Sender,
        settings: Settings,
        miner_id: int,
        cursor: CursorState | None,
        *,
        listed: Mapping[int, Sequence[bytes]] | None = None,
        clock: ChainClock,
        post: Callable[[Observation | Line], None],
        note: Callable[[str, Any], None],
        trouble: Callable[[str, str], None] = lambda act, why: None,
        say: Callable[[str], None] = lambda text: None,
        alone: Callable[[], bool] = lambda: True,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._market, self._sender, self._settings = market, sender, settings
        self._reads = ReadsAhead(market.node.transport, monotonic)
        self._looks = Market(Node(self._reads), market.address)
        self._miner_id, self._cursor = miner_id, cursor
        self._reader = EventCursor(market.node, market.address, READ)
        self._looker = Looker(settings, miner_id, monotonic)
        self._courts = CourtLooker(market.node, settings.miner, post)
        self._outbox = Outbox(
            market,
            sender,
            settings,
            now=clock.now,
            post=post,
            trouble=trouble,
            acted=self._look_again,
            say=say,
            monotonic=monotonic,
        )
        self._clock, self._post, self._note, self._trouble = clock, post, note, trouble
        self._alone, self._monotonic, self._wall = alone, monotonic, wall
        self.watch = Watch()
        self._head = b""
        self._unread, self._behind = True, True
        self._asked = self._viewed = float("-inf")
        self._known = cursor is not None
        self._listed = dict(listed or {})
        self.ahead: float | None = None
        """Seconds by which the chain's newest block was ahead of this machine's clock."""

    def want(self, send: Send) -> None:
        """Send it, and follow it with each poll; what is under way already goes on as it is."""
        self._outbox.want(send)

    def flush(self) -> None:
        """Send what may go together, unless it waits for more."""
        self._outbox.flush()

    def poll(self) -> None:
        """Look once: new blocks, the deals, the transactions. Where nothing is under way, now and
        then only: hosted nodes count what they are asked."""
        watch = self.watch
        if not self._is_due(watch):
            self._post(TimePassed(self._clock.now()))
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
            self._outbox.push()
        except OUTAGES:
            self._asked = float("-inf")  # the next look must notice that the node is away, too
            raise

    def _is_due(self, watch: Watch) -> bool:
        busy = watch.eager or self._outbox.busy
        rest = IDLE_ALONE if self._alone() else IDLE
        due = self._monotonic() >= self._asked + rest
        return bool(busy or self._looker.is_new(watch) or self._behind or due)

    def _look_again(self) -> None:
        """Something was done: its effect must not wait for the next full look, or a block."""
        self._unread, self._viewed, self._asked = True, float("-inf"), float("-inf")
        self._looker.rewards.outdated()

    def _look(self, head: Block, watch: Watch) -> None:
        due = watch.eager or self._outbox.waiting or self._monotonic() >= self._viewed + IDLE
        new = self._unread or self._courts.is_new(watch.accused)
        whole, asked = new and due, self._looker.due_requesters(watch)
        at = self._looks.at(head.number)
        if whole or asked:
            self._reads.turn(head.number)
        news = self._looker.read_funds(asked, at)
        if not (news or whole):
            self._post(TimePassed(self._clock.now()))
            return
        view = self._looker.read_market(head, at, watch)
        self._note_listed()
        deals = {id_: self._looker.read_deal(at, id_) for id_ in watch.deals}
        now = self._clock.now()
        cases, purses = self._courts.read(now, head, at, watch.accused)
        self._post(ChainRead(now, view, deals, cases, purses))
        self._viewed, self._unread = self._monotonic(), False

    def _note_listed(self) -> None:
        """Of classes that are not sold any more there may be deals."""
        if (listed := self._listed | self._looker.listed) != self._listed:
            self._listed = listed
            self._note(LISTED, listed_fact(listed))

    # Events

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
                self._post(RolledBack(self._clock.now()))
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

    def _take(self, event: Event) -> None:
        now = self._clock.now()
        match event:
            case events.RequestPosted():
                named = event.request.miner in (0, self._miner_id)
                if self._settings.sale(event.resource) is not None and named:
                    self._post(RequestSeen(now, event.id, event.request, b"", False))
            case events.RequestConfirmed():
                self._confirmed(event, now)
            case events.RequestCancelled():
                why = Reason("cancelled", "the requester cancelled it")
                self._post(RequestGone(now, event.id, why))
            case events.TermsRetired() | events.ResourceClassRetired() | events.RuntimeSuspended():
                self._looker.outdated()
            case _:
                if getattr(event, "miner_id", None) == self._miner_id:
                    self._ended(event, now)

    def _confirmed(self, event: events.RequestConfirmed, now: int) -> None:
        if event.miner_id != self._miner_id:
            self._post(RequestGone(now, event.id, Reason("taken", "another miner confirmed it")))
        elif self._is_own(event):
            self._post(OwnConfirmed(now, event.id))
            self._tell(event, now, price=str(event.price), deadline=event.deadline)
        else:
            self._post(TwinSeen(now, event.id, self._time_of(event, now)))

    def _ended(self, event: Any, now: int) -> None:
        """Of a deal of this miner: what it paid or cost, and the court's part in it."""
        at = self._time_of(event, now)
        if isinstance(event, events.RequestSettled | events.RequestOverturned) and event.paid:
            self._note("paid:0x" + event.id.hex(), [str(event.paid), at, event.at.block])
        names = ("paid", "fee", "refunded", "compensation", "court_share", "pool_share")
        more: dict[str, str | int] = {
            name: str(getattr(event, name)) for name in names if hasattr(event, name)
        }
        if isinstance(event, events.TrialChanged):
            more["trial"] = event.trial.name.lower()
        if isinstance(event, events.DueSet | events.RequestOverturned):
            more["units_due"] = event.units_due
        self._tell(event, at, **more)

    def _tell(self, event: Any, at: int, **more: str | int) -> None:
        name, transaction = type(event).__name__, event.at.transaction
        more |= {"event": name, "transaction": transaction, "block": event.at.block}
        self._post(Line(event.id, at, Told.CHAIN, "", more, f"{name}:{transaction}"))

    def _time_of(self, event: Event, now: int) -> int:
        """Its block's, if it is still there."""
        block = self._market.node.block(event.at.block)
        return block.time if block else now

    def _is_own(self, event: events.RequestConfirmed) -> bool:
        """Whether this daemon confirmed it, and no other one with its account. What a new folder
        finds on the chain at first, a former one may have known of."""
        return not self._known or self._sender.signed(event.at.transaction)
