"""Which event changes what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from suanli.chain import Event, RewardClaimed, events
from suanli.relay.server.index.apply import court, deals, leases, market, votes
from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.reading import ChainFact
from suanli.relay.server.index.tables import REWARDS

Handler = Callable[[TableBook, Any], None]
_MARKET: Mapping[type[Event], Handler] = {
    events.ResourceClassAdded: market.class_added,
    events.ResourceClassRetired: market.class_retired,
    events.RuntimePermitted: market.runtime_permitted,
    events.RuntimeSuspended: market.runtime_suspended,
    events.TermsAdded: market.terms_added,
    events.TermsRetired: market.terms_retired,
    events.MinerRegistered: market.miner_registered,
    events.MinerSucceeded: market.miner_succeeded,
    events.PayoutChanged: market.payout_changed,
    events.SuccessorNamed: market.successor_named,
    events.StakeAdded: market.stake_added,
    events.UnbondingStarted: market.unbonding_started,
    events.StakeWithdrawn: market.stake_withdrawn,
    events.StakeSlashed: market.stake_slashed,
    events.EarningsCollected: market.earnings_collected,
    events.ResourceRegistered: market.resource_registered,
    events.OfferPublished: market.offer_published,
    events.OfferWithdrawn: market.offer_withdrawn,
    events.LotTaken: market.lot_taken,
    events.LotFreed: market.lot_freed,
    events.Deposited: market.deposited,
    events.Withdrawn: market.withdrawn,
    events.RequestPosted: deals.posted,
    events.RequestCancelled: deals.cancelled,
    events.RequestConfirmed: deals.confirmed,
    events.ResultSubmitted: deals.submitted,
    events.TrialChanged: deals.trial_changed,
    events.DueSet: deals.due_set,
    events.RequestSettled: deals.settled,
    events.RequestOverturned: deals.overturned,
    events.RequestReleased: deals.released,
    events.RequestAnnulled: deals.annulled,
    events.RequestDefaulted: deals.defaulted,
}
_COURT: Mapping[type[Event], Handler] = {
    events.DealFrozen: deals.frozen,
    events.CaseAdvanced: court.advanced,
    events.VotesCounted: court.counted,
    events.HashRenamed: court.renamed,
    events.DepositsDivided: court.divided,
    events.RewardPaid: court.rewarded,
    events.JurorDrawn: court.drawn,
    events.JurorAssessed: court.assessed,
}
_CHANNELS: Mapping[type[Event], Handler] = {
    events.ChannelOpened: leases.channel_opened,
    events.ChannelToppedUp: leases.channel_topped_up,
    events.ChannelEnded: leases.channel_ended,
    events.ChannelPaid: leases.channel_paid,
    events.ChannelClosed: leases.channel_closed,
}
_STORAGE: Mapping[type[Event], Handler] = {
    events.StorageOpened: leases.storage_opened,
    events.PeriodProved: leases.period_proved,
    events.StorageEnded: leases.storage_ended,
}
_OF: Mapping[str, Mapping[type[Event], Handler]] = {
    "market": _MARKET,
    "court": _COURT,
    "channels": _CHANNELS,
    "storage": _STORAGE,
    "reward_pool": {},
}


def apply(book: TableBook, fact: ChainFact) -> None:
    """Raises LookupError for what no contract would tell."""
    book.at, book.time = fact.at, fact.time
    if fact.contract == "governor":
        votes.voted_on(book, fact)
        return
    event = fact.event
    if isinstance(event, events.ChallengeFiled) and fact.contract == "court":
        court.filed(book, event, fact.address)
    elif isinstance(event, RewardClaimed) and fact.contract == "reward_pool":
        _reward_claimed(book, event)
    elif event is not None:
        handler = _OF.get(fact.contract, {}).get(type(event))
        if handler is not None:
            handler(book, event)


def _reward_claimed(book: TableBook, event: RewardClaimed) -> None:
    book.miner(event.miner_id)["rewards"] += event.amount
    book.changes.add(
        REWARDS, at=book.at, miner_id=event.miner_id, time=book.time, amount=event.amount
    )
