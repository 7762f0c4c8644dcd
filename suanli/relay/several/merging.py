"""What several relays say, as one list: by digest, and of one miner what it said last."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

from suanli.protocol import Announcement, Claim, Envelope, Hosting, Progress, Rejection
from suanli.relay.client import Lodged

Told = TypeVar("Told", Announcement, Hosting, Claim, Rejection, Progress, Envelope)


def subject_of(message: Any) -> Hashable:
    """Of which relays keep one message alone, the last."""
    kind = type(message)
    if isinstance(message, Announcement | Hosting):
        return kind, message.miner, message.resource
    if isinstance(message, Claim | Rejection | Progress):
        return kind, message.miner, message.request
    if isinstance(message, Envelope):
        return kind, message.sender, message.request
    return kind, message


def newest(lists: Iterable[Iterable[Told]]) -> list[Told]:
    """Whatever the order of the lists, and of what is in them, the same."""
    found: dict[Hashable, Told] = {}
    for made in (made for each in lists for made in each):
        subject = subject_of(made)
        known = found.get(subject)
        if known is None or (made.issued, made) > (known.issued, known):
            found[subject] = made
    return sorted(found.values(), key=lambda made: (made.issued, made))


def together(lists: Iterable[Iterable[Lodged]]) -> list[Lodged]:
    """Each request once, those of the first list first."""
    found: dict[bytes, Lodged] = {}
    for lodged in (lodged for each in lists for lodged in each):
        found.setdefault(lodged.id, lodged)
    return list(found.values())
