"""A broker for signed messages and a blob server; it holds no funds and can only withhold."""

from suanli.relay.client import HttpStore, Lodged, RelayClient
from suanli.relay.errors import (
    RelayBusy,
    RelayError,
    RelayLied,
    RelayRefusal,
    RelayUnreachable,
)
from suanli.relay.messages import Notice, Progress, Refusal, Result, SignedMessage, sign

__all__ = [
    "HttpStore",
    "Lodged",
    "Notice",
    "Progress",
    "Refusal",
    "RelayBusy",
    "RelayClient",
    "RelayError",
    "RelayLied",
    "RelayRefusal",
    "RelayUnreachable",
    "Result",
    "SignedMessage",
    "sign",
]
