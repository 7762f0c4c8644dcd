"""A relay that lies: forged and foreign messages, other bytes, endless bytes, no sense."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest

from suanli.protocol import Domain, signed_to_json
from suanli.relay import (
    HttpStore,
    RelayBusy,
    RelayClient,
    RelayError,
    RelayLied,
    RelayRefusal,
    RelayUnreachable,
)
from suanli.relay import client as relay_client
from suanli.store import BlobCorrupt, BlobTooLarge, StoreUnavailable
from tests.suanli.relay.conftest import (
    DOMAIN,
    MINER,
    OTHER,
    REQUESTER,
    Relay,
    announcement,
    claim,
    request,
    signed_acceptance,
    signed_request,
)

Answer = Callable[[httpx.Request], httpx.Response]


def lying(answer: Any) -> RelayClient:
    """A client of a relay that gives this answer to everything."""
    respond = answer if callable(answer) else lambda _: httpx.Response(200, json=answer)
    return RelayClient("http://liar", DOMAIN, transport=httpx.MockTransport(respond))


def test_another_market(relay: Relay) -> None:
    with pytest.raises(RelayLied, match="serves"):
        relay.connect(Domain(1, DOMAIN.market)).check()


@pytest.mark.parametrize("answer", [[], "x", None, 7, {"protocol": 2}])
def test_no_relay_at_all(answer: Any) -> None:
    with pytest.raises(RelayLied):
        lying(answer).check()


def test_forged_messages_are_left_out() -> None:
    good, forged = (signed_to_json(announcement(account)) for account in (MINER, OTHER))
    altered = json.loads(json.dumps(good))
    altered["message"]["unitsPerSecond"] = 10**6
    assert len(lying([forged, good, altered, 3, {}]).announcements(1)) == 1
    made = signed_request()
    items = [
        {"sequence": 1, "signed": signed_to_json(made)},
        {"sequence": 2, "signed": signed_to_json(signed_request(OTHER))},
        {"sequence": 3, "signed": {}},
        {"sequence": None, "signed": signed_to_json(made)},
        "x",
    ]
    assert [lodged.sequence for lodged in lying(items).requests().requests] == [1]


def test_genuine_answers_to_another_question_are_left_out() -> None:
    other = request(salt=9)
    assert lying([signed_to_json(claim(other))]).claims(DOMAIN.request_id(request())) == []
    assert lying([signed_to_json(announcement(resource=2))]).announcements(1) == []
    acceptance = signed_to_json(signed_acceptance(other))
    assert lying(acceptance).acceptance(request()) is None


def test_a_forged_acceptance_is_none() -> None:
    forged = signed_to_json(signed_acceptance(request(), OTHER))
    assert lying(forged).acceptance(request()) is None
    assert lying({"message": {}}).acceptance(request()) is None
    genuine = signed_acceptance(request(), REQUESTER)
    assert lying(signed_to_json(genuine)).acceptance(request()) == genuine


def endless(_: httpx.Request) -> httpx.Response:
    def body() -> Iterator[bytes]:
        yield from itertools.repeat(b"[" * (1 << 16))

    return httpx.Response(200, content=body())


def test_endless_answers_end() -> None:
    with pytest.raises(RelayLied, match="over"):
        lying(endless).requests(miner=1)
    with pytest.raises(BlobTooLarge):
        HttpStore(lying(endless)).get(bytes(32), limit=1 << 20)


def test_other_bytes_than_asked_for() -> None:
    store = HttpStore(lying(lambda _: httpx.Response(200, content=b"other")))
    with pytest.raises(BlobCorrupt):
        store.get(bytes(32))


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"\0\0\0\5evil!", b"\0\0\0\6evil!", b"\xff" * 4, b"\xff" * 400]
)
def test_a_batch_of_other_bytes_is_none(answer: bytes) -> None:
    store = HttpStore(lying(lambda _: httpx.Response(200, content=answer)))
    assert store.get_many([bytes(32), b"1" * 32]) == {}


def test_blobs_that_nobody_asked_about_are_not_missing() -> None:
    store = HttpStore(lying(lambda _: httpx.Response(200, content=b"2" * 32)))
    assert store.missing([bytes(32), b"1" * 32]) == set()


def test_endless_batches_end() -> None:
    store = HttpStore(lying(lambda _: httpx.Response(200, content=bytes((4 << 20) + 1))))
    with pytest.raises(StoreUnavailable, match="with over"):
        store.get_many([bytes(32)])


def test_no_json_and_error_pages() -> None:
    with pytest.raises(RelayLied, match="no JSON"):
        lying(lambda _: httpx.Response(200, content=b"<html>")).requests()
    deep = b"[" * 100_000
    with pytest.raises(RelayLied, match="no JSON"):
        lying(lambda _: httpx.Response(200, content=deep)).requests()
    with pytest.raises(RelayRefusal, match="<html>"):
        lying(lambda _: httpx.Response(502, content=b"<html>")).requests()


def redirecting(_: httpx.Request) -> httpx.Response:
    return httpx.Response(301, headers={"Location": "https://elsewhere/"}, content=b"<html>")


def test_redirects_are_told_not_followed() -> None:
    with pytest.raises(RelayRefusal, match="https://elsewhere/"):
        lying(redirecting).post(signed_request())
    store = HttpStore(lying(redirecting))
    for use in (lambda: store.put(b"data"), lambda: store.has(bytes(32))):
        with pytest.raises(StoreUnavailable, match="https://elsewhere/"):
            use()


def test_a_refusal_that_is_nested_deeply() -> None:
    with pytest.raises(RelayRefusal):
        lying(lambda _: httpx.Response(500, content=b"[" * 2000)).requests()


def test_nobody_is_put_off_for_ever() -> None:
    for wait in ("9" * 400, "86400"):
        with pytest.raises(RelayBusy) as caught:
            lying(lambda _, w=wait: httpx.Response(429, headers={"Retry-After": w})).check()
        assert caught.value.wait == 300


def test_packed_answers_are_not_unpacked() -> None:
    packed = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=iter([b"x"]))
    with pytest.raises(RelayUnreachable, match="packs"):
        lying(lambda _: packed).requests()


@pytest.mark.parametrize(
    "head", [b"200 OK\r\nContent-Length: 100000\r\n\r\n", b"500 Trouble\r\n\r\n", b"200 OK\r\nX: "]
)
def test_a_relay_that_drips_is_left(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_client, "MAX_SECONDS", 0.2)

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 " + head)
            while True:
                connection.sendall(b" ")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with closing(RelayClient(url, DOMAIN)) as client, pytest.raises(RelayError):
            client.requests()
        thread.join()


def test_what_is_not_believed_does_not_hide_what_follows() -> None:
    forged = signed_to_json(signed_request(OTHER))
    page = lying([{"sequence": n, "signed": forged} for n in range(1, 501)]).requests()
    assert (page.requests, page.after, page.more) == ([], 500, True)
    few = lying([{"sequence": 7, "signed": forged}]).requests(after=9)
    assert (few.after, few.more) == (9, False)


def test_a_connection_that_breaks() -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    with pytest.raises(RelayUnreachable, match="reset"):
        lying(broken).requests()
    with pytest.raises(StoreUnavailable):
        HttpStore(lying(broken)).get(bytes(32))
    with pytest.raises(StoreUnavailable):
        HttpStore(lying(broken)).has(bytes(32))
