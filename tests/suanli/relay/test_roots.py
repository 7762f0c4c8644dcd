"""Roots of large blobs, as callers tell them."""

from __future__ import annotations

import pytest

from suanli.relay import RelayRoots
from suanli.relay.server import roots as server
from suanli.store import StoreUnavailable, cid_of
from suanli.store.ipfs import Cid
from tests.suanli.relay.conftest import Relay

BLOB = bytes([7]) * 32


def root(number: int) -> str:
    return str(Cid(0x70, bytes([number]) * 32))


def test_a_root_that_is_told_is_found(relay: Relay) -> None:
    roots = RelayRoots(relay.client)
    assert roots.find(BLOB) == []
    roots.tell(BLOB, root(1))
    assert roots.find(BLOB) == [root(1)]
    roots.tell(BLOB, root(2))  # by the same caller: in place of the other
    assert roots.find(BLOB) == [root(2)]
    relay.now += 7 * 86_400 + 1
    assert roots.find(BLOB) == []


def test_what_most_networks_say_comes_first_then_what_was_said_first(relay: Relay) -> None:
    told = relay.board.roots
    for number, caller in [(1, "a"), (2, "b"), (3, "c"), (2, "d"), (1, "a")]:
        relay.now += 1
        told.tell(cid_of(BLOB), root(number), caller)
    assert told.find(cid_of(BLOB)) == [root(2), root(1), root(3)]


def test_the_oldest_make_room(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OF_ONE", 2)
    monkeypatch.setattr(server, "OF_ALL", 3)
    told = relay.board.roots
    for number in range(4):
        relay.now += 1
        told.tell(cid_of(BLOB), root(number), f"caller {number}")
    assert told.find(cid_of(BLOB)) == [root(2), root(3)]
    for number in (8, 9):
        relay.now += 1
        told.tell(cid_of(bytes([number]) * 32), root(number), "caller")
    assert told.find(cid_of(BLOB)) == [root(3)]


@pytest.mark.parametrize("text", [cid_of(BLOB), "QmX", "b" * 59, root(1) + "a"])
def test_what_is_no_root_is_refused(relay: Relay, text: str) -> None:
    with pytest.raises(StoreUnavailable, match="not the CIDv1 of a UnixFS file"):
        RelayRoots(relay.client).tell(BLOB, text)
    assert relay.http.put(f"/v1/roots/{root(1)}/{root(1)}").status_code == 400
    assert relay.http.get(f"/v1/roots/{root(1)}").status_code == 400


def test_a_relay_that_lists_nonsense(relay: Relay) -> None:
    for answer in ([root(1), 7, None], {"a": 1}):
        relay.client._json = lambda *_, answer=answer, **__: answer  # type: ignore[method-assign,misc]
        if isinstance(answer, list):
            assert RelayRoots(relay.client).find(BLOB) == [root(1)]
        else:
            with pytest.raises(StoreUnavailable, match="something else than a list"):
                RelayRoots(relay.client).find(BLOB)
