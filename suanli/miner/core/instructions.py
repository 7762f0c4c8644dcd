"""What the core wants done. Each carries all that its doer needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import Commitment
from suanli.protocol import Leaf, Request, ResourceClass


class Act(StrEnum):
    """What the daemon sends to the market."""

    CONFIRM = "confirm"
    SUBMIT_RESULT = "submit"
    SUBMIT_ACCEPTED = "accepted"
    SETTLE = "settle"
    RELEASE = "release"
    STAKE = "stake"
    PUBLISH = "publish"
    WITHDRAW_OFFER = "withdraw"
    COLLECT = "collect"
    UPDATE_PRICE = "update-price"
    REWARDS = "rewards"
    ANSWER = "answer"
    COMMIT_SECRET = "secret"
    REVEAL_SECRET = "reveal"
    RECORD_HASH = "hash"
    DRAW = "draw"
    ADVANCE = "advance"
    FINISH = "finish"
    APPEAL = "appeal"
    APPROVE_BOND = "approve-bond"
    DEPOSIT_BOND = "deposit-bond"
    WITHDRAW_BOND = "withdraw-bond"


class RewardStep(StrEnum):
    """What a reward pool is to do."""

    READ = "read"
    COLLECT = "collect"
    PREPARE = "prepare"
    DRAW = "draw"
    CLAIM = "claim"


@dataclass(frozen=True)
class Instruction:
    pass


@dataclass(frozen=True)
class ForDeal(Instruction):
    id: bytes


@dataclass(frozen=True)
class Check(ForDeal):
    """Fetch manifest, module and all inputs of a request of a class; check them. `resource` None:
    it is not sold here any more. `runtime`: id of the one that the request names."""

    request: Request
    resource: ResourceClass | None
    runtime: bytes


@dataclass(frozen=True)
class RunTask(ForDeal):
    job: bytes
    index: int


@dataclass(frozen=True)
class StoreTask(ForDeal):
    leaf: Leaf


@dataclass(frozen=True)
class StoreLeaves(ForDeal):
    """Then put the claim where requesters without a relay look for it."""

    leaves: Sequence[Leaf]
    result: Commitment


@dataclass(frozen=True)
class Serve(ForDeal):
    """See to it that all that is needed to judge the result is in the requesters' store. What of a
    sealed deal everybody is shown: what running the `accused` tasks takes, or all if something is
    said to be `withheld`."""

    job: bytes
    leaves: Sequence[Leaf]
    accused: tuple[int, ...] = ()
    withheld: bool = False


@dataclass(frozen=True)
class PostClaim(ForDeal):
    """Put the signed claim where the requester looks for it."""

    result: Commitment


@dataclass(frozen=True)
class PostRejection(ForDeal):
    """Tell the requester why its request is not taken, or not now."""

    reason: Reason


@dataclass(frozen=True)
class Forget(ForDeal):
    """Its data is needed no longer."""


@dataclass(frozen=True)
class Send(Instruction):
    """`key` makes it happen once; `waits`: seconds for which it may wait for others, to go with
    them in one transaction."""

    act: Act
    key: str
    waits: int = field(default=0, kw_only=True)

    @property
    def subject(self) -> bytes | int | None:
        """The deal or the class that it is for."""
        return None


@dataclass(frozen=True)
class SendForDeal(Send):
    id: bytes
    request: Request

    @property
    def subject(self) -> bytes:
        return self.id


@dataclass(frozen=True)
class SendConfirm(SendForDeal):
    """`signature`: the requester's, empty for a posted request."""

    signature: bytes


@dataclass(frozen=True)
class SendResult(SendForDeal):
    result: Commitment


@dataclass(frozen=True)
class SendAccepted(SendResult):
    """`signature`: the requester's, of its acceptance."""

    signature: bytes


@dataclass(frozen=True)
class SendForCase(SendForDeal):
    """To a court, for one of its cases."""

    court: str
    case: bytes

    @property
    def subject(self) -> bytes:
        return self.case


@dataclass(frozen=True)
class SendAnswer(SendForCase):
    """`secret`: a commitment to one; `path`: from the leaf to the result's root."""

    secret: bytes
    leaf: Leaf
    path: Sequence[tuple[bytes, int]]


@dataclass(frozen=True)
class SendSecret(SendForCase):
    """A commitment to a secret or, if it is to be revealed, the secret."""

    secret: bytes


@dataclass(frozen=True)
class SendBond(SendForCase):
    """Base units, into the court's escrow or out of it."""

    amount: int


@dataclass(frozen=True)
class SendForClass(Send):
    """Of one class: its offer withdrawn, unless more is said."""

    resource: int

    @property
    def subject(self) -> int:
        return self.resource


@dataclass(frozen=True)
class SendPublish(SendForClass):
    published: int
    ask: int
    valid_until: int
    verified_only: bool = False


@dataclass(frozen=True)
class SendStake(SendForClass):
    """The next step towards so many registered units."""

    capacity: int


@dataclass(frozen=True)
class SendUpdate(SendForClass):
    """Of the class's price, whose contract `model` is."""

    model: str


@dataclass(frozen=True)
class SendReward(Send):
    """A step of an epoch of a reward pool."""

    pool: str
    step: RewardStep
    epoch: int


@dataclass(frozen=True)
class Alarm(ForDeal):
    """An error of this program, for its log and `status`."""

    text: str


@dataclass(frozen=True)
class Leave(Instruction):
    """Everything is drained."""
