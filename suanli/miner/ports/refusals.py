"""The market's refusals, as reasons for requesters."""

from __future__ import annotations

from suanli.chain import ChainError, ContractError, GasTooHigh, TransactionReverted, contract_errors
from suanli.miner.core import Reason
from suanli.protocol import State

TRANSIENT: dict[str, str] = {
    "InsufficientAvailable": "money",
    "InsufficientCapacity": "capacity",
    "OfferExpired": "capacity",
    "AskAboveBid": "price",
    "MinerNotVerified": "verified",
    "RequesterNotVerified": "verified",
    "EnforcedPause": "paused",
    "RuntimeUnavailable": "runtime",
}
"""Refusals that may pass, by error, with the code that requesters see."""


def reason_of(error: ChainError) -> Reason:
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
