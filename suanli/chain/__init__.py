"""Access to the chain: typed, checked, steady through faults. docs/chain.md shows how to use it.

Addresses are lowercase text with 0x; hashes, digests and signatures are bytes; amounts are base
units of the settlement token, prices 10^-18 token per unit, times seconds since 1970.
"""

from suanli.chain import contract_errors, events
from suanli.chain.abi import Artifact, artifact
from suanli.chain.contract import Call, Contract, creation, decode_error
from suanli.chain.cursor import Batch, CursorState, EventCursor, caught_up
from suanli.chain.deploying import SenderChain
from suanli.chain.errors import (
    AnswerTooLarge,
    BadAnswer,
    ChainError,
    ContractError,
    FeeTooHigh,
    GasTooHigh,
    InsufficientFunds,
    InvalidMessage,
    NoAddress,
    NoContract,
    NonceConflict,
    NoPermit,
    RateLimited,
    RpcError,
    TransactionError,
    TransactionReverted,
    TransactionTimeout,
    TransportError,
    WrongChain,
)
from suanli.chain.events import Event, Position, decode_logs
from suanli.chain.fees import GWEI, Fees
from suanli.chain.journal import Journal
from suanli.chain.market import Market
from suanli.chain.message_json import (
    acceptance_from_json,
    release_from_json,
    request_from_json,
    signed_acceptance_from_json,
    signed_release_from_json,
    signed_request_from_json,
    signed_to_json,
    to_json,
)
from suanli.chain.messages import (
    Acceptance,
    Message,
    Release,
    Signed,
    check,
    contract_agrees,
    digest,
    recover,
    recover_digest,
    sign,
    verify,
)
from suanli.chain.node import Block, Log, Node, Receipt, connect
from suanli.chain.records import Balance, Deal, MinerAccount, MinerStatus, Offer, Supply
from suanli.chain.sender import Sender, Sent
from suanli.chain.signer import Signer
from suanli.chain.token import Permit, Token
from suanli.chain.transport import HttpTransport, Retrying, Several, Transport
from suanli.model import Domain, Kind, Request, ResourceClass, State, Terms

__all__ = [
    "GWEI",
    "Acceptance",
    "AnswerTooLarge",
    "Artifact",
    "BadAnswer",
    "Balance",
    "Batch",
    "Block",
    "Call",
    "ChainError",
    "Contract",
    "ContractError",
    "CursorState",
    "Deal",
    "Domain",
    "Event",
    "EventCursor",
    "FeeTooHigh",
    "Fees",
    "GasTooHigh",
    "HttpTransport",
    "InsufficientFunds",
    "InvalidMessage",
    "Journal",
    "Kind",
    "Log",
    "Market",
    "Message",
    "MinerAccount",
    "MinerStatus",
    "NoAddress",
    "NoContract",
    "NoPermit",
    "Node",
    "NonceConflict",
    "Offer",
    "Permit",
    "Position",
    "RateLimited",
    "Receipt",
    "Release",
    "Request",
    "ResourceClass",
    "Retrying",
    "RpcError",
    "Sender",
    "SenderChain",
    "Sent",
    "Several",
    "Signed",
    "Signer",
    "State",
    "Supply",
    "Terms",
    "Token",
    "TransactionError",
    "TransactionReverted",
    "TransactionTimeout",
    "Transport",
    "TransportError",
    "WrongChain",
    "acceptance_from_json",
    "artifact",
    "caught_up",
    "check",
    "connect",
    "contract_agrees",
    "contract_errors",
    "creation",
    "decode_error",
    "decode_logs",
    "digest",
    "events",
    "recover",
    "recover_digest",
    "release_from_json",
    "request_from_json",
    "sign",
    "signed_acceptance_from_json",
    "signed_release_from_json",
    "signed_request_from_json",
    "signed_to_json",
    "to_json",
    "verify",
]
