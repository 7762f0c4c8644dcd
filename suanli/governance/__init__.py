"""Voting on what the market's owner may do: docs/governance.md.

governor = Governor.of(market)
calls = [planned("addTerms fee_bps=250", governor)]
governor.propose(calls, "Pay for the relay")    # a Call, for a Sender
explain(calls, governor)                        # in words: old value, new value, who is affected
"""

from suanli.governance.ballots import SignedBallot, ballot_digest, ballot_typed_data
from suanli.governance.errors import GovernanceError
from suanli.governance.governor import (
    Governor,
    PlannedChange,
    Proposal,
    Rules,
    Standing,
    Support,
    Votes,
    described,
    hex_of,
    show_votes,
)
from suanli.governance.planning import planned
from suanli.governance.words import Change, explain

__all__ = [
    "Change",
    "GovernanceError",
    "Governor",
    "PlannedChange",
    "Proposal",
    "Rules",
    "SignedBallot",
    "Standing",
    "Support",
    "Votes",
    "ballot_digest",
    "ballot_typed_data",
    "described",
    "explain",
    "hex_of",
    "planned",
    "show_votes",
]
