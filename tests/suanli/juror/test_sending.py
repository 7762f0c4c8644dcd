"""What keeps one of a juror's transactions from being sent keeps no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from suanli.chain import Call, SignatureRefused, SignerAway
from suanli.juror.core import JurorAct, SendForSeat
from suanli.juror.sending import TROUBLED, CourtOutbox


class Court:
    def leave(self, position: int) -> Call[Any]:
        return Call(f"leave {position}", "0x", b"", None, lambda data: None)


class Sender:
    """Sends what is none of `unsigned`; nothing is ever mined."""

    def __init__(self, unsigned: dict[str, Exception]) -> None:
        self.unsigned = unsigned
        self.sent: list[str] = []

    def pending(self) -> list[Any]:
        return []

    def send(self, call: Call[Any], key: str) -> str:
        if call.name in self.unsigned:
            raise self.unsigned[call.name]
        self.sent.append(call.name)
        return call.name

    def poll(self, sent: str) -> None:
        if (error := self.unsigned.get("poll " + sent)) is not None:
            raise error


@pytest.mark.parametrize("error", [SignatureRefused("denied"), SignerAway("no Clef")])
@pytest.mark.parametrize("when", ["", "poll "])
def test_what_is_not_signed_is_tried_again_and_keeps_no_others(error: Exception, when: str) -> None:
    sender, now, troubles = Sender({f"{when}leave 1": error}), [0.0], dict[str, str]()
    outbox = _outbox(sender, lambda: now[0], troubles.__setitem__)
    for position in (1, 2):
        outbox.want(SendForSeat(JurorAct.LEAVE, f"leave:{position}", position))
    outbox.push()
    assert sender.sent[-1] == "leave 2"
    assert troubles == {str(JurorAct.LEAVE): str(error)}
    sender.unsigned = {}
    before = len(sender.sent)
    outbox.push()
    assert len(sender.sent) == before
    now[0] = TROUBLED
    outbox.push()
    assert sender.sent[-1] == "leave 1"


def _outbox(sender: Any, monotonic: Callable[[], float], trouble: Any) -> CourtOutbox:
    court: Any = Court()
    return CourtOutbox(
        court,
        sender,
        now=lambda: 0,
        post=lambda heard: None,
        trouble=trouble,
        say=lambda text: None,
        acted=lambda: None,
        monotonic=monotonic,
    )
