"""What was sent before a daemon's last end is followed, whatever comes of each."""

from __future__ import annotations

from typing import Any

from suanli.chain import Sent, SignatureRefused, SignerAway, TransactionError
from suanli.daemon import Orphans


class Sender:
    """What it says when it is polled, by what was sent: None stands for not yet."""

    def __init__(self, ends: dict[int, Any]) -> None:
        self.ends = ends
        self.polled: list[int] = []

    def pending(self) -> list[Sent]:
        return [Sent(number, "settle", None, f"0x{number}") for number in self.ends]

    def poll(self, sent: Sent) -> Any:
        self.polled.append(sent.id)
        end = self.ends[sent.id]
        if isinstance(end, Exception):
            raise end
        return end


def test_one_that_is_not_signed_keeps_no_others_and_is_not_forgotten() -> None:
    refused, away = SignatureRefused("denied"), SignerAway("no Clef")
    sender: Any = Sender({1: refused, 2: away, 3: "receipt", 4: None, 5: TransactionError("lost")})
    orphans = Orphans(sender)
    orphans.find()
    orphans.follow()
    assert sender.polled == [1, 2, 3, 4, 5]
    sender.polled.clear()
    orphans.follow()
    assert sender.polled == [1, 2, 4]
    assert orphans.busy
