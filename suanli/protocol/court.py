"""What parties and jurors of a court commit to, and what a case can be. docs/SPECIFICATION.md, 17.

Digests are keccak256 over words of 32 bytes, as Solidity's `abi.encode` makes them.
"""

from __future__ import annotations

from enum import IntEnum

from eth_utils.crypto import keccak


class CasePhase(IntEnum):
    """Where a case stands; the last four are final."""

    NONE = 0
    QUEUED = 1
    ANSWERING = 2
    DRAWING = 3
    VOTING = 4
    SHOWING = 5
    REVEALING = 6
    CURING = 7
    DECIDED = 8
    REJECTED = 9
    """The filer lost."""
    UPHELD = 10
    """The miner lost."""
    UNDECIDED = 11
    """No jury came to a result."""
    VOID = 12
    """The deal ended without the court."""

    @property
    def is_final(self) -> bool:
        return self >= CasePhase.REJECTED


class CaseOutcome(IntEnum):
    """What a jury found."""

    NONE = 0
    STANDS = 1
    WRONG = 2
    UNAVAILABLE = 3


class Assessment(IntEnum):
    """What a case costs or gives a juror."""

    NOTHING = 0
    PAID = 1
    PENALIZED = 2
    """Absent, or against the verdict."""
    UNSEATED = 3
    """Of a majority that an appeal reversed."""


def case_id(request: bytes, filer: str, number: int) -> bytes:
    """Of a filer's challenge of a deal, by the request's id."""
    return keccak(request + _address(filer) + _word(number))


def leaf_commitment(filer: str, leaf: bytes, salt: bytes) -> bytes:
    """To the hash of the leaf that a filer holds right; of withheld data that is zeros."""
    return keccak(_address(filer) + leaf + salt)


def secret_commitment(case: bytes, round_: int, by_miner: bool, secret: bytes) -> bytes:
    """To a party's part in a draw."""
    return keccak(case + _word(round_) + _word(by_miner) + secret)


def vote_commitment(
    case: bytes, round_: int, second: bool, index: int, leaf: bytes, trace: bytes, salt: bytes
) -> bytes:
    """To a vote of the seat at `index`: its lowest bit is 0, which tells it from revealed votes.
    "The data can't be had" is zeros for leaf and trace."""
    digest = keccak(case + _word(round_) + _word(second) + _word(index) + leaf + trace + salt)
    return digest[:-1] + bytes([digest[-1] & 0xFE])


def trace_point(nonce: bytes, fuel: int) -> int:
    """After how much fuel the trace of a vote is taken; `fuel`: of the task's result, above 0.

    In the upper half: at first much fuel pays for memory alone, and what a program is then, anybody
    can tell without running it. Who does not run the task does not know its fuel, so not the point.
    """
    return fuel - int.from_bytes(nonce) % ((fuel + 1) // 2)


def _word(value: int) -> bytes:
    return int(value).to_bytes(32)


def _address(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account.removeprefix("0x"))
