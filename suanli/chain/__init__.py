"""Access to the chain: typed, checked, steady through faults. docs/chain.md shows how to use it.

Addresses are lowercase text with 0x; hashes, digests and signatures are bytes; amounts are base
units of the settlement token, prices 10^-18 token per unit, times seconds since 1970.
"""

from typing import TYPE_CHECKING, Any

from suanli.chain.abi import AbiEntry, Artifact, EventEntry, artifact, shipped_functions
from suanli.chain.channels import PaymentChannels
from suanli.chain.clef import ClefAccount, signer_of
from suanli.chain.contract import Call, Contract, creation, decode_error
from suanli.chain.court import Court
from suanli.chain.cursor import CursorState, EventBatch, EventCursor, caught_up
from suanli.chain.deposits import deposit_into
from suanli.chain.errors import (
    AnswerTooLarge,
    BadAnswer,
    ChainError,
    ContractError,
    ContractPanic,
    ContractRevert,
    FeeTooHigh,
    GasTooHigh,
    InsufficientFunds,
    NoAddress,
    NoContract,
    NonceConflict,
    NoPermit,
    NotSigned,
    RateLimited,
    RpcError,
    SignatureRefused,
    SignerAway,
    TransactionError,
    TransactionReverted,
    TransactionTimeout,
    TransportError,
    UnknownContractError,
    WrongChain,
)
from suanli.chain.event import Event, Position, RewardClaimed
from suanli.chain.fees import GWEI, Fees
from suanli.chain.generated import errors as contract_errors
from suanli.chain.generated import events
from suanli.chain.identity import IdentityVerifier
from suanli.chain.journal import TransactionJournal
from suanli.chain.logs import decode_logs
from suanli.chain.market import Market
from suanli.chain.node import Block, Log, Node, Receipt, connect
from suanli.chain.pricing import PriceController, PriceState, PriceUpdate
from suanli.chain.reaching import node_at, transport_of
from suanli.chain.registry import (
    Attested,
    AttestedState,
    Attestor,
    IdentityRegistry,
    IdentitySubject,
    attested_state,
)
from suanli.chain.rewards import (
    CapacityRead,
    ClassWeight,
    RewardEpoch,
    RewardPool,
)
from suanli.chain.sender import Sender, Sent
from suanli.chain.signatures import contracts_at
from suanli.chain.storage import StorageDeals
from suanli.chain.token import Permit, Token
from suanli.chain.transport import HttpTransport, Retrying, Several, Transport
from suanli.chain.web3_transport import Web3Transport

if TYPE_CHECKING:
    from suanli.chain.provider import Provider
from suanli.chain.ahead import ReadsAhead

__all__ = [
    "GWEI",
    "AbiEntry",
    "AnswerTooLarge",
    "Artifact",
    "Attested",
    "AttestedState",
    "Attestor",
    "BadAnswer",
    "Block",
    "Call",
    "CapacityRead",
    "ChainError",
    "ClassWeight",
    "ClefAccount",
    "Contract",
    "ContractError",
    "ContractPanic",
    "ContractRevert",
    "Court",
    "CursorState",
    "Event",
    "EventBatch",
    "EventCursor",
    "EventEntry",
    "FeeTooHigh",
    "Fees",
    "GasTooHigh",
    "HttpTransport",
    "IdentityRegistry",
    "IdentitySubject",
    "IdentityVerifier",
    "InsufficientFunds",
    "Log",
    "Market",
    "NoAddress",
    "NoContract",
    "NoPermit",
    "Node",
    "NonceConflict",
    "NotSigned",
    "PaymentChannels",
    "Permit",
    "Position",
    "PriceController",
    "PriceState",
    "PriceUpdate",
    "Provider",
    "RateLimited",
    "ReadsAhead",
    "Receipt",
    "Retrying",
    "RewardClaimed",
    "RewardEpoch",
    "RewardPool",
    "RpcError",
    "Sender",
    "Sent",
    "Several",
    "SignatureRefused",
    "SignerAway",
    "StorageDeals",
    "Token",
    "TransactionError",
    "TransactionJournal",
    "TransactionReverted",
    "TransactionTimeout",
    "Transport",
    "TransportError",
    "UnknownContractError",
    "Web3Transport",
    "WrongChain",
    "artifact",
    "attested_state",
    "caught_up",
    "connect",
    "contract_errors",
    "contracts_at",
    "creation",
    "decode_error",
    "decode_logs",
    "deposit_into",
    "events",
    "funding",
    "node_at",
    "sent",
    "shipped_functions",
    "signer_of",
    "transport_of",
]


def __getattr__(name: str) -> Any:
    if name == "Provider":  # it is a class of web3.py's, which takes half a second to load
        from suanli.chain.provider import Provider

        return Provider
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
