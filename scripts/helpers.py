"""For the console: `from scripts.helpers import *`.

    market = deploy()                        # a whole market on the local chain
    add_miner(accounts[2], power=1000)       # registered, with stake, capacity and an offer
    deposit(accounts[1], 100)                # tokens into its account at the market
    order = request(accounts[1], units=100)  # a Request with sane defaults
    sign(order, accounts[1])                 # its requester's EIP-712 signature
    attest(accounts[0], requester=accounts[1])  # the first account vouches for a requester
    decide("addTerms fee_bps=150")           # what the market's owner may do, by a whole vote

Amounts and prices go in as tokens and as tokens per unit: 1, "0.5" or Decimal. The contracts count
in 10^-18 of them.
"""

from __future__ import annotations

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from brownie import Contract, accounts, chain, web3
from brownie._config import CONFIG

from scripts import deploy as deployment
from scripts.chain import at
from suanli.chain import Market, connect
from suanli.deployment import TOKEN
from suanli.governance import Governor, planned
from suanli.protocol import ZERO_ADDRESS, Acceptance, Attestation, Domain, Request

__all__ = [
    "CPU",
    "DAY",
    "HOUR",
    "ROOT",
    "accept",
    "add_miner",
    "attest",
    "contract",
    "decide",
    "deploy",
    "deposit",
    "price",
    "quiet",
    "request",
    "sign",
    "tokens",
]

CPU = 1
HOUR, DAY = 3_600, 86_400
JOB = hashlib.sha256(b"a manifest").digest()
ROOT = hashlib.sha256(b"a result tree").digest()
"""Stands in for a result where it does not matter what was computed."""

GOVERNING = ("MarketGovernor", "MarketTimelock", "MarketToken")

_deployed: dict[str, Contract] = {}


def deploy() -> Contract:
    """A new market on the local chain, with a court, and funded accounts.

    Transactions print nothing from then on; `quiet(False)` changes that.
    """
    quiet()
    addresses = deployment.local(show=False)
    kinds = {"ComputeMarket": "ComputeMarket", "Token": "LocalToken", "Court": "Court"}
    kinds |= {name: name for name in ("IdentityRegistry", *GOVERNING)}
    for name, kind in kinds.items():
        _deployed[name] = at(kind, addresses[name])
    return contract("ComputeMarket")


def contract(name: str) -> Contract:
    """ComputeMarket, Token, Court, IdentityRegistry, or one of `GOVERNING`, as `deploy` made it."""
    if name not in _deployed:
        raise RuntimeError("there is no market yet: call deploy() first")
    return _deployed[name]


def quiet(silent: bool = True) -> None:
    """Whether transactions print nothing."""
    CONFIG.argv["silent"] = silent


def price(amount: Any) -> int:
    """In 10^-18 of what is given: `price("0.5")` is 500000000000000000."""
    return int(Decimal(str(amount)) * TOKEN)


def tokens(amount: int) -> str:
    """Base units or a price as text, in tokens: `tokens(5 * 10**17)` is "0.5"."""
    return f"{(Decimal(amount) / TOKEN).normalize():,f}"


def deposit(account: Any, amount: Any) -> None:
    """Move tokens of the account into the market."""
    market, base_units = contract("ComputeMarket"), price(amount)
    contract("Token").approve(market, base_units, {"from": account})
    market.deposit(base_units, {"from": account})


def add_miner(
    account: Any, power: int, ask: Any = "0.01", payout: Any = None, resource: int = CPU
) -> None:
    """Register a miner with `power` units of capacity, the stake they need, and an offer of all."""
    market = contract("ComputeMarket")
    stake = Decimal(market.resourceClass(resource)["stakePerUnit"] * power) / TOKEN
    market.registerMiner(payout or account, {"from": account})
    deposit(account, stake)
    market.addStake(account, price(stake), {"from": account})
    market.registerResource(resource, power, {"from": account})
    until = chain.time() + 30 * DAY
    market.publishOffer(resource, power, price(ask), until, False, {"from": account})


def request(requester: Any, units: int = 100, max_price: Any = None, **fields: Any) -> Request:
    """A Request: by default to any miner, for an hour, bidding the price now and 5 % more.

    `fields` are any others of `suanli.protocol.Request`, such as miner (its number or account),
    tasks, duration or flags.
    """
    market = contract("ComputeMarket")
    resource = fields.setdefault("resource", CPU)
    usual = {
        "miner": 0,
        "runtime": 0,
        "confirm_by": chain.time() + HOUR,
        "duration": HOUR,
        "tasks": 4,
        "job": JOB,
        "terms": 1,
        "epoch": market.epochOf(requester),
        "salt": secrets.randbits(64),
    }
    bid = market.priceOf(resource) * 105 // 100 if max_price is None else price(max_price)
    if not isinstance(fields.get("miner", 0), int):
        fields["miner"] = market.minerAccount(fields["miner"])[0]
    return Request(requester=_lower(requester), units=units, max_price=bid, **usual | fields)


def sign(order: Request, account: Any) -> bytes:
    """The requester's signature, with which a miner can confirm the request unposted."""
    return _sign(order, account)


def accept(order: Request, root: bytes, units_used: int, account: Any) -> bytes:
    """The requester's signature under a result, with which its miner is paid at once."""
    acceptance = Acceptance(_domain().request_id(order), root, units_used)
    return _sign(acceptance, account)


def attest(attestor: Any, miner: int = 0, tenure: int = 0, requester: Any = ZERO_ADDRESS) -> Any:
    """Let an attestor (here `accounts[0]`) vouch for a miner or a requester for a year."""
    registry, now = contract("IdentityRegistry"), chain.time()
    said = Attestation(
        registry=_lower(registry),
        attestor=_lower(attestor),
        miner=miner,
        tenure=tenure,
        requester=_lower(requester),
        level=1,
        issued=web3.eth.get_block("latest")["timestamp"],
        valid_until=now + 365 * DAY,
    )
    return registry.submit(said, _sign(said, attestor), {"from": attestor})


def decide(*calls: str) -> None:
    """Let the voters, accounts 1 to 5, decide calls, written as `suanli govern propose` takes them.
    The market is the timelock's, so this is how the console changes it; a week passes.
    """
    node = connect(web3.provider)
    council = Governor.of(Market(node, contract("ComputeMarket").address))
    governor, voters = contract("MarketGovernor"), accounts[1:6]
    _turn(1)
    found = [planned(call, council) for call in calls]
    targets, values = [call.target for call in found], [0] * len(found)
    what = targets, values, [call.data for call in found]
    text = f"decided at {chain.time()}"
    decided = (*what, web3.keccak(text=text))
    number, sender = governor.hashProposal(*decided), {"from": voters[0]}
    governor.propose(*what, text, sender)
    _turn(governor.votingDelay() + 1)
    for voter in voters:
        governor.castVote(number, 1, {"from": voter})
    _turn(governor.votingPeriod() + 1)
    governor.queue(*decided, sender)
    _turn(contract("MarketTimelock").getMinDelay())
    governor.execute(*decided, sender)


def _turn(seconds: int) -> None:
    """The clock."""
    chain.sleep(seconds)
    chain.mine()


def _domain() -> Domain:
    return Domain(web3.eth.chain_id, _lower(contract("ComputeMarket")))


def _lower(account: Any) -> str:
    """Addresses as messages have them."""
    return str(getattr(account, "address", account)).lower()


def _sign(message: Request | Acceptance | Attestation, account: Any) -> bytes:
    """By the account's key, or by the local chain if it keeps the key."""
    key = getattr(account, "private_key", None)
    if key is not None:
        signed = web3.eth.account.unsafe_sign_hash(_domain().digest(message), key)
        return bytes(signed.signature)
    parameters = [str(account), _domain().typed_data(message)]
    answer = web3.provider.make_request("eth_signTypedData_v4", parameters)
    if "error" in answer:
        raise ValueError(f"the chain does not sign for {account}: {answer['error']['message']}")
    return bytes.fromhex(answer["result"].removeprefix("0x"))
