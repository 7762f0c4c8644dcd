"""All messages that parties sign.

The market's contracts read the first three, an identity registry the attestation, payment channels
quotes and vouchers, and storage deals the quotes of theirs: their types stand in the contracts as
well. The others miners tell through the relay, and only those who read them check them. Times are
seconds since 1970; `issued` is by its maker's clock: of what one miner says of one thing, what was
issued last counts.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from suanli.protocol.schema import Of


class Request(NamedTuple):
    """A request for compute; its digest is its id."""

    requester: Annotated[str, Of("address", "who pays", signer=True)]
    miner: Annotated[int, Of("uint32", "number of the miner that may confirm; 0: any")]
    resource: Annotated[int, Of("uint32", "resource class", least=1)]
    runtime: Annotated[int, Of("uint16", "index of the runtime, in the class's list")]
    units: Annotated[int, Of("uint64", "most units that the deal may use", least=1)]
    max_price: Annotated[int, Of("uint96", "bid, in 10^-18 token per unit", least=1)]
    confirm_by: Annotated[int, Of("uint40", "last second at which it can be confirmed", least=1)]
    duration: Annotated[
        int, Of("uint32", "seconds from confirmation to the result's deadline", least=1)
    ]
    tasks: Annotated[int, Of("uint32", "number of tasks in the result tree", least=1)]
    job: Annotated[bytes, Of("bytes32", "digest of the job's manifest")]
    terms: Annotated[int, Of("uint32", "number of the terms record", least=1)]
    flags: Annotated[int, Of("uint16", "bit 0: identity-verified miners only")] = 0
    epoch: Annotated[int, Of("uint32", "the requester's epoch when it was made")] = 0
    salt: Annotated[int, Of("uint64", "tells apart requests that are otherwise alike")] = 0


class Acceptance(NamedTuple):
    """A requester takes this result, by which the miner is paid at once."""

    request: Annotated[bytes, Of("bytes32", "id of the request")]
    root: Annotated[bytes, Of("bytes32", "root of the result tree")]
    units_used: Annotated[int, Of("uint64", "units of all its leaves")]


class Release(NamedTuple):
    """A party agrees that the deal ends for nothing."""

    request: Annotated[bytes, Of("bytes32", "id of the request")]


class Announcement(NamedTuple):
    """What a miner's offer on chain does not say, for one class."""

    miner: Annotated[str, Of("address", "whose offer it is", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    resource: Annotated[int, Of("uint32", "resource class", least=1)]
    runtimes: Annotated[
        tuple[bytes, ...],
        Of("bytes32[]", "ids of the runtimes that tasks are run by", least=1, most=16),
    ]
    units_per_second: Annotated[int, Of("uint32", "measured speed of one worker; 0: unknown")]
    workers: Annotated[int, Of("uint16", "tasks that run at a time", least=1, most=4096)]
    margin: Annotated[
        int,
        Of(
            "uint16",
            "percent of the time that work can take which it must be allowed",
            least=100,
            most=10_000,
        ),
    ]
    reserve: Annotated[
        int,
        Of("uint32", "seconds that must be allowed on top, to confirm as well", most=86_400),
    ]
    public_key: Annotated[
        bytes,
        Of("bytes", "compressed secp256k1 key that data may be sealed to", least=33, most=33),
    ]
    valid_until: Annotated[int, Of("uint40", "last second at which it holds")]
    peers: Annotated[
        str,
        Of(
            "string",
            "multiaddresses of its IPFS node, with spaces between them; empty: it has none",
            most=2_000,
        ),
    ] = ""
    programs: Annotated[
        tuple[bytes, ...],
        Of(
            "bytes32[]",
            "what is compiled here, used last first: sha2-256 of a runtime's id and a module's"
            " digest",
            most=32,
        ),
    ] = ()
    compile_rate: Annotated[
        int, Of("uint32", "bytes of a module that are compiled here a second; 0: unknown")
    ] = 0


class Claim(NamedTuple):
    """What a miner says of its result."""

    miner: Annotated[str, Of("address", "whose result it is", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    request: Annotated[bytes, Of("bytes32", "id of the request")]
    root: Annotated[bytes, Of("bytes32", "root of the result tree")]
    units_used: Annotated[int, Of("uint64", "units of all its leaves")]
    leaves: Annotated[bytes, Of("bytes32", "digest of the blob with the encoded leaves")]


class Rejection(NamedTuple):
    """Why a miner does not take a request."""

    miner: Annotated[str, Of("address", "who does not take it", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    request: Annotated[bytes, Of("bytes32", "id of the request")]
    reason: Annotated[str, Of("string", "why, for people", least=1, most=1200)]
    is_final: Annotated[
        bool, Of("bool", "false: it is looked at again until its time to be confirmed")
    ]


class Progress(NamedTuple):
    """How far a deal is; said again and again, for a miner that says nothing may be gone."""

    miner: Annotated[str, Of("address", "who works on it", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    request: Annotated[bytes, Of("bytes32", "id of the request")]
    done: Annotated[int, Of("uint32", "tasks that are done")]
    tasks: Annotated[int, Of("uint32", "all tasks of the deal", least=1)]


class Envelope(NamedTuple):
    """Where what is sealed of a request is listed: its data, or its miner's result."""

    sender: Annotated[str, Of("address", "who sealed it", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    request: Annotated[bytes, Of("bytes32", "id of the request")]
    contents: Annotated[bytes, Of("bytes32", "digest of the blob with the sealed list")]


class Attestation(NamedTuple):
    """An attestor vouches for a miner in a tenure, or for a requester."""

    registry: Annotated[str, Of("address", "the identity registry that it is for")]
    attestor: Annotated[str, Of("address", "who vouches", signer=True)]
    miner: Annotated[int, Of("uint32", "number of the miner; 0: it is of a requester")]
    tenure: Annotated[int, Of("uint32", "the miner's tenure; of a requester 0")]
    requester: Annotated[
        str, Of("address", "account of the requester; zero: it is of a miner", zero=True)
    ]
    level: Annotated[int, Of("uint8", "how much was checked, as attestors tell", least=1)]
    issued: Annotated[int, Of("uint40", "when it was signed; the last of a subject counts")]
    valid_until: Annotated[int, Of("uint40", "last second at which it holds")]


class Quote(NamedTuple):
    """A miner lets a requester open a payment channel; its digest is the channel's id."""

    channels: Annotated[str, Of("address", "the payment channels that it is for")]
    requester: Annotated[str, Of("address", "who may open the channel, and pays")]
    signer: Annotated[str, Of("address", "whose key alone signs the channel's vouchers")]
    miner: Annotated[int, Of("uint32", "number of the miner that is paid", least=1)]
    resource: Annotated[int, Of("uint32", "resource class", least=1)]
    units: Annotated[
        int,
        Of("uint64", "units of a leased class, kept for the requester; 0: of a judged class"),
    ]
    duration: Annotated[int, Of("uint32", "seconds from the opening to the end", least=1)]
    nonce: Annotated[
        int, Of("uint32", "above that of the last channel that the requester opened", least=1)
    ]
    valid_until: Annotated[int, Of("uint40", "last second at which it can be opened")]


class Voucher(NamedTuple):
    """A channel owes its miner so much: of several, the greatest amount counts."""

    channel: Annotated[bytes, Of("bytes32", "id of the channel")]
    amount: Annotated[
        int, Of("uint112", "all that it has owed so far, in base units, the fee included", least=1)
    ]


class StorageQuote(NamedTuple):
    """A miner that has verified the bytes offers to keep them; its digest is the deal's id."""

    storage_deals: Annotated[str, Of("address", "the storage deals that it is for")]
    requester: Annotated[str, Of("address", "who may open the deal, and pays")]
    miner: Annotated[int, Of("uint32", "number of the miner that keeps the bytes", least=1)]
    resource: Annotated[int, Of("uint32", "resource class, a leased one", least=1)]
    units: Annotated[int, Of("uint64", "units of the class, kept free for the bytes", least=1)]
    root: Annotated[bytes, Of("bytes32", "root of the tree over the bytes")]
    size: Annotated[int, Of("uint64", "bytes", least=1)]
    period: Annotated[int, Of("uint32", "seconds; each is proved, and paid, by itself", least=1)]
    periods: Annotated[int, Of("uint32", "how many", least=1)]
    samples: Annotated[int, Of("uint8", "leaves in each proof", least=1, most=16)]
    collateral: Annotated[
        int, Of("uint112", "what a period that is not proved costs the miner, in base units")
    ]
    max_price: Annotated[int, Of("uint96", "bid, in 10^-18 token per unit", least=1)]
    nonce: Annotated[
        int, Of("uint32", "above that of the last deal that the requester opened", least=1)
    ]
    valid_until: Annotated[int, Of("uint40", "last second at which it can be opened")]


class Hosting(NamedTuple):
    """What a miner's offer of a leased class does not say: where sessions are taken, and what is in
    them."""

    miner: Annotated[str, Of("address", "whose offer it is", signer=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    resource: Annotated[int, Of("uint32", "resource class", least=1)]
    certificate: Annotated[
        bytes, Of("bytes32", "sha256 of the certificate that its end of a session shows, in DER")
    ]
    addresses: Annotated[
        str,
        Of(
            "string",
            "URLs (ws or wss) where it is reached, with spaces between them; empty: through the"
            " relay alone",
            most=2_000,
        ),
    ]
    step: Annotated[
        int, Of("uint32", "milliseconds of a step: for more nobody pays ahead", least=200)
    ]
    room: Annotated[
        str,
        Of("string", "what a unit comes with and which devices there are, as JSON", most=8_000),
    ]
    valid_until: Annotated[int, Of("uint40", "last second at which it holds")]


class SessionProof(NamedTuple):
    """Who takes part in a session: said to the miner or, to be let through, to a relay."""

    signer: Annotated[
        str, Of("address", "who it is: the channel's signer, or an account", signer=True)
    ]
    miner: Annotated[int, Of("uint32", "number of the miner whose session it is", least=1)]
    channel: Annotated[bytes, Of("bytes32", "id of the channel; zero: there is none", zero=True)]
    issued: Annotated[int, Of("uint40", "when it was signed")]
    nonce: Annotated[
        bytes, Of("bytes32", "that of the miner, for this connection; to a relay: zero", zero=True)
    ]


MESSAGES: tuple[type, ...] = (
    Request,
    Acceptance,
    Release,
    Announcement,
    Claim,
    Rejection,
    Progress,
    Envelope,
    Attestation,
    Quote,
    Voucher,
    StorageQuote,
    Hosting,
    SessionProof,
)
