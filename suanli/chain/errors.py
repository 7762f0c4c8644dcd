"""What can go wrong between here and the chain. What contracts refuse: `generated.errors`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from keyword import iskeyword
from typing import Any

from suanli.base.errors import SuanliError


class ChainError(SuanliError):
    """The root of everything that goes wrong with the chain."""


class NoAddress(ChainError):
    """Text in the place of an address."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is no address of a contract: it is 0x and 40 hexadecimal digits"
        )


class TransportError(ChainError):
    """The node could not be asked, or its answer did not come: it may or may not have acted."""


class RateLimited(TransportError):
    """The node does not answer now because it was asked too much: it has not acted.

    `wait`: seconds for which it puts its callers off, as far as it says so.
    """

    def __init__(self, name: str, why: str, wait: float = 0.0) -> None:
        super().__init__(
            f"the node at {name} limits how much it is asked ({why}): it is asked again later; if"
            " that is too slow, name another node, or several (rpc)"
        )
        self.wait = wait


class AnswerTooLarge(TransportError):
    """The node's answer passed the limit on its size."""


class NotSigned(ChainError):
    """Who keeps an account's key apart from here did not sign."""


class SignerAway(NotSigned, TransportError):
    """It did not answer."""


class SignatureRefused(NotSigned):
    """It refused, or what it returned is no signature of what it was asked for."""


class RpcError(ChainError):
    """The node answered with an error.

    Attributes: `method`; `code`, the JSON-RPC error code; `reason`, its text; `data`, what came
    with it: of a revert, the error's bytes.
    """

    def __init__(self, method: str, code: int, reason: str, data: Any = None) -> None:
        super().__init__(f"the node refused {method}: {reason} (code {code})")
        self.method, self.code, self.reason, self.data = method, code, reason, data


class BadAnswer(ChainError):
    """The node's answer can't be true: it breaks the protocol or contradicts itself."""

    def __init__(self, method: str, why: str) -> None:
        super().__init__(
            f"the node's answer to {method} can't be right: {why}; if it stays so, use another node"
        )


class WrongChain(ChainError):
    """The node serves another chain than the one expected."""

    def __init__(self, found: int, expected: int) -> None:
        super().__init__(
            f"the node serves chain {found}, not {expected}: name a node of chain {expected}"
        )
        self.found, self.expected = found, expected


class NoContract(ChainError):
    """There is no contract at an address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"there is no contract at {address}: is it the right chain and address?")
        self.address = address


class NoPermit(ChainError):
    """The token does not know permits (ERC-2612): approve instead."""


class TransactionError(ChainError):
    """A transaction that was not sent, or did not do what it should."""


class FeeTooHigh(TransactionError):
    """The chain asks more than the bound on fees. `how`: what raises that bound."""

    def __init__(self, needed: int, bound: int, how: str) -> None:
        super().__init__(
            f"gas costs {gwei(needed)} gwei now, above the bound of {gwei(bound)} gwei: wait until"
            f" it is cheaper, or raise the bound ({how})"
        )
        self.needed, self.bound = needed, bound


class GasTooHigh(TransactionError):
    """The call would take more gas than a transaction of this sender may."""

    def __init__(self, name: str, gas: int, bound: int) -> None:
        super().__init__(f"{name} would take {gas} gas, above the bound of {bound}: it is not sent")
        self.gas, self.bound = gas, bound


class InsufficientFunds(TransactionError):
    """The account has less ether (the chain's own coin) than the transaction may cost."""

    def __init__(self, account: str, balance: int, needed: int) -> None:
        super().__init__(
            f"{account} has {balance} wei for fees, {needed} may be needed: send it at least"
            f" {needed - balance} wei (on a local chain: suanli account fund)"
        )
        self.account, self.balance, self.needed = account, balance, needed


class TransactionReverted(TransactionError):
    """A mined transaction failed. `receipt` says where, `reason` (a ContractError) why."""

    def __init__(self, name: str, receipt: Any, reason: ChainError | None) -> None:
        why = str(reason) if reason else "the node does not say why; try it again"
        super().__init__(f"{name} failed in transaction {receipt.transaction}: {why}")
        self.receipt, self.reason = receipt, reason


class TransactionTimeout(TransactionError):
    """Not confirmed in the time given. It is kept, and may still be mined."""

    def __init__(self, name: str, transaction: str, seconds: float) -> None:
        super().__init__(
            f"{name} ({transaction}) was not confirmed within {seconds:g} seconds; it may still be:"
            " wait for it again"
        )
        self.transaction = transaction


class NonceConflict(TransactionError):
    """Another program sends from this account, faster than this one can keep up."""

    def __init__(self, account: str, attempts: int) -> None:
        super().__init__(
            f"the nonces of {account} were taken {attempts} times in a row: stop the other program"
            " that sends from this account, or give each its own"
        )


class ContractError(ChainError):
    """A contract refuses a call.

    Each custom error has its class (`contract_errors`), with its arguments as attributes; `values`
    has them by the names that they have in Solidity. What to do stands in advice.toml.
    """

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        arguments = ", ".join(f"{key}={show(value)}" for key, value in values.items())
        shown = {key: show(value) for key, value in values.items()}
        advice = _advice().get(name, "the contract refused")
        super().__init__(f"{advice.format_map(shown)} [{name}({arguments})]")
        self.name, self.values = name, dict(values)
        for key, value in values.items():
            setattr(self, attribute(key), value)


class UnknownContractError(ContractError):
    """A refusal that no shipped contract has."""


class ContractRevert(ContractError):
    """A refusal with a text, or with nothing at all."""


class ContractPanic(ContractError):
    """Solidity's own checks stopped the contract."""


@cache
def _advice() -> Mapping[str, str]:
    return tomllib.loads((files("suanli.chain") / "advice.toml").read_text())


_TAKEN = {"args", "name", "values", "str"}


def attribute(name: str) -> str:
    """What an error calls an argument of this name."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return f"{snake}_" if snake in _TAKEN or iskeyword(snake) else snake


def show(value: Any) -> str:
    """An argument for people: bytes as hex."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def gwei(wei: int) -> str:
    """An amount of wei, in gwei, without needless digits."""
    return f"{wei / 10**9:.9g}"
