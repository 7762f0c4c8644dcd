"""Carries out what concerns one deal: at the chain and at the relay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from suanli.base.text import plain
from suanli.chain import Call, ContractError, TransactionReverted
from suanli.client.errors import ClientError
from suanli.client.events import WalletAsked
from suanli.client.records import DealRecord
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.sealing import Sealing
from suanli.client.run.ways import Ways
from suanli.protocol import (
    Acceptance,
    Claim,
    Signed,
    State,
    Terms,
)
from suanli.relay import RelayError, RelayRefusal
from suanli.verify import left_claim

BARE = (
    State.NONE,
    State.POSTED,
    State.EXPIRED,
    State.CANCELLED,
    State.RELEASED,
    State.ANNULLED,
    State.DEFAULTED,
)
"""States in which nothing more is to be known of a deal."""


class Dealing:
    """`seen`: the block to judge by."""

    def __init__(self, ways: Ways, sealing: Sealing) -> None:
        self._ways, self._session, self._market = ways, ways.session, ways.session.market
        self._sealing = sealing
        self.seen = o.At(0, 0)
        self._terms: dict[int, Terms] = {}

    # The chain

    def read(self, wanted: i.ReadDeal) -> o.RunObservation:
        record, market = wanted.record, self._market.at(wanted.at)
        state, deal, terms, court = market.state_of(record.request), None, None, False
        if state not in BARE:
            deal = market.deal_of(self._ways.id_of(record))
            terms = self._terms_of(record.request.terms)
            court = self._session.court_at(terms.court) is not None
        return o.DealRead(self._now, record.number, self.seen, state, deal, terms, court)

    def _terms_of(self, number: int) -> Terms:
        """They never change, but for being retired, which is nothing to deals that are made."""
        if number not in self._terms:
            self._terms[number] = self._market.terms_of(number)
        return self._terms[number]

    def read_end(self, wanted: i.ReadEnd) -> o.RunObservation:
        state = self._market.at(wanted.at).state_of(wanted.record.request)
        return o.EndRead(self._now, wanted.record.number, self.seen, state)

    def post(self, wanted: i.Post) -> o.RunObservation:
        self._sealing.upload(wanted.record)
        key = f"post:{self._ways.id_of(wanted.record).hex()}"
        self._session.sender.execute(self._market.post_request(wanted.record.request), key)
        return o.Opened(self._now, wanted.record.number)

    def send(self, wanted: i.SendAct) -> o.RunObservation:
        """The market may refuse it, as when the other side was quicker."""
        record, sender = wanted.record, self._session.sender
        key = f"{wanted.act}:{self._ways.id_of(record).hex()}"
        new, done = sender.find(key) is None, True
        try:
            sender.execute(self._call(record, wanted.act), key)
        except (ContractError, TransactionReverted):
            done = False
        return o.ActSent(self._now, record.number, wanted.act, done, new)

    def ask_wallet(self, wanted: i.AskWallet) -> WalletAsked:
        record = wanted.record
        return WalletAsked(record.number, self._session.requester, self._call(record, wanted.act))

    def _call(self, record: DealRecord, act: i.DealAct) -> Call[None]:
        market, request = self._market, record.request
        match act:
            case i.DealAct.CANCEL:
                return market.cancel_request(request)
            case i.DealAct.ACCEPT:
                return market.accept_result(request, record.root, record.units_used)
            case i.DealAct.SETTLE:
                return market.settle(request)
            case i.DealAct.DEFAULT:
                return market.claim_default(request)

    # The relay, or the folder in its place

    def lodge(self, wanted: i.Lodge) -> o.RunObservation:
        record = wanted.record
        self._sealing.upload(record)
        try:
            self._relay.post(Signed(record.request, record.request.requester, record.signature))
            self._sealing.tell(record)
        except RelayError as error:
            refused = isinstance(error, RelayRefusal) and not error.is_outage
            return o.NotLodged(self._now, record.number, error, plain(str(error)), refused)
        return o.Opened(self._now, record.number)

    def ask_rejection(self, wanted: i.AskRejection) -> o.RunObservation:
        record, found = wanted.record, None
        with suppress(RelayError):
            said = self._relay.rejections(self._ways.id_of(record))
            found = next((r for r in said if self._ways.speaks_for(r.miner, record)), None)
        return o.RejectionRead(self._now, record.number, found)

    def ask_progress(self, wanted: i.AskProgress) -> o.RunObservation:
        record, told = wanted.record, None
        with suppress(RelayError):
            said = self._relay.progress(self._ways.id_of(record))
            told = [each for each in said if self._ways.speaks_for(each.miner, record)]
        return o.ProgressRead(self._now, record.number, told)

    def post_acceptance(self, wanted: i.PostAcceptance) -> o.RunObservation:
        record, trouble = wanted.record, None
        message = Acceptance(self._ways.id_of(record), record.root, record.units_used)
        try:
            self._relay.post(Signed(message, record.request.requester, record.acceptance))
        except RelayError as error:
            trouble = plain(str(error))
        return o.AcceptancePosted(self._now, record.number, trouble)

    def ask_claim(self, wanted: i.AskClaim) -> o.RunObservation:
        """As told to the relay or left beside the blobs."""
        record, claim, answered = wanted.record, None, True
        self._session.meet()
        try:
            for told in self._claims(record):
                bound = wanted.submitted in (None, (told.root, told.units_used))
                if bound and self._ways.speaks_for(told.miner, record):
                    claim = told
                    break
        except RelayError:
            answered = False
        return o.ClaimRead(self._now, record.number, claim, answered)

    def _claims(self, record: DealRecord) -> Iterator[Claim]:
        session, request_id = self._session, self._ways.id_of(record)
        if session.results is not None:
            left = left_claim(session.results, request_id, self._market.domain)
            if left is not None:
                yield left
        if session.relay is not None:
            yield from session.relay.claims(request_id)

    @property
    def _relay(self):  # type: ignore[no-untyped-def]
        relay = self._session.relay
        if relay is None:
            raise ClientError("there is no relay")
        return relay

    @property
    def _now(self) -> float:
        return self._session.clock()
