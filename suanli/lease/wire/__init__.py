"""Sessions of a requester with a miner: end to end encrypted, taken up again when they break."""

from suanli.lease.wire.carrier import Carrier, WebSocketCarrier, accepting, connect
from suanli.lease.wire.certificate import Certificate, pinning_context
from suanli.lease.wire.conversation import Conversation, raise_first
from suanli.lease.wire.frames import PIECE, Control, Doing, Numbered, control, item, read, to_json
from suanli.lease.wire.relayed import STORAGE, allow, call, listen, relay_proof
from suanli.lease.wire.secure import MOST_FRAME, Secure, meet, welcome
from suanli.lease.wire.strangers import Strangers
from suanli.lease.wire.stream import MOST_KEPT, Incoming, Outgoing
from suanli.lease.wire.told import connect_told, is_public
from suanli.lease.wire.ways import Way, quickest

__all__ = [
    "MOST_FRAME",
    "MOST_KEPT",
    "PIECE",
    "STORAGE",
    "Carrier",
    "Certificate",
    "Control",
    "Conversation",
    "Doing",
    "Incoming",
    "Numbered",
    "Outgoing",
    "Secure",
    "Strangers",
    "Way",
    "WebSocketCarrier",
    "accepting",
    "allow",
    "call",
    "connect",
    "connect_told",
    "control",
    "is_public",
    "item",
    "listen",
    "meet",
    "pinning_context",
    "quickest",
    "raise_first",
    "read",
    "relay_proof",
    "to_json",
    "welcome",
]
