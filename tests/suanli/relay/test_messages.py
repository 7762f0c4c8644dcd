"""Messages go in verified, come out as they went in, and are forgotten in time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from suanli.chain import contracts_at
from suanli.protocol import Acceptance, Domain, Progress, Rejection, Signed
from suanli.protocol.schema import fields_of
from suanli.relay import RelayBusy, RelayError, RelayRefusal, RelayUnreachable
from suanli.relay import client as relay_client
from suanli.relay.paths import PATHS
from suanli.relay.server import board
from suanli.relay.server.board import Bounds
from suanli.relay.server.database import open_database
from suanli.relay.server.limits import MOST_KEYS, RateLimiter
from suanli.relay.server.node import connect_sparingly
from tests.suanli.relay.conftest import (
    ANY_MINER,
    DIGEST,
    DOMAIN,
    MINER,
    NOW,
    NUMBER,
    OTHER,
    OTHER_DIGEST,
    REQUESTER,
    Relay,
    Server,
    announcement,
    claim,
    envelope,
    progress,
    rejection,
    request,
    signed_acceptance,
    signed_request,
)


def refused(status: int, text: str) -> Any:
    return pytest.raises(RelayRefusal, match=f"(?s){text}", check=lambda e: e.status == status)


def test_a_deal_by_way_of_the_relay(relay: Relay) -> None:
    client = relay.client
    client.check()
    client.post(announcement())
    assert client.announcements(1) == [announcement().message]
    signed = signed_request()
    client.post(signed)
    request_id = DOMAIN.request_id(signed.message)
    (lodged,) = client.requests(miner=NUMBER).requests
    assert (lodged.id, lodged.signed) == (request_id, signed)
    client.post(claim(signed.message))
    assert client.claims(request_id) == [claim(signed.message).message]
    assert client.acceptance(signed.message) is None
    accepted = signed_acceptance(signed.message)
    client.post(accepted)
    assert client.acceptance(signed.message) == accepted


def test_requests_are_listed_by_sequence_class_and_miner(relay: Relay) -> None:
    for salt, miner, resource in ((1, NUMBER, 1), (2, ANY_MINER, 1), (3, ANY_MINER, 2)):
        relay.client.post(signed_request(salt=salt, miner=miner, resource=resource))

    def salts(**by: Any) -> list[int]:
        return [lodged.signed.message.salt for lodged in relay.client.requests(**by).requests]

    assert salts() == [1, 2, 3]
    assert salts(resource=1) == [1, 2]
    assert salts(miner=2) == [2, 3]
    first = relay.client.requests().requests[0].sequence
    assert salts(after=first) == [2, 3]


def test_lodging_twice_is_no_error_and_changes_nothing(relay: Relay) -> None:
    relay.client.post(signed_request())
    relay.client.post(signed_request())
    assert len(relay.client.requests().requests) == 1


def test_a_newer_announcement_takes_the_place_of_an_older_one_only(relay: Relay) -> None:
    relay.client.post(announcement(units_per_second=1))
    relay.client.post(announcement(units_per_second=2, issued=NOW + 1))
    with refused(409, "newer"):
        relay.client.post(announcement(units_per_second=3, issued=NOW - 1))
    assert [n.units_per_second for n in relay.client.announcements(1)] == [2]


def test_announcements_of_miners_that_serve_a_runtime(relay: Relay) -> None:
    relay.client.post(announcement())
    for runtime in (DIGEST, OTHER_DIGEST):
        (found,) = relay.client.announcements(1, runtime=runtime)
        assert found.runtimes == (DIGEST, OTHER_DIGEST)
    assert relay.client.announcements(1, runtime=bytes(32)) == []


@pytest.mark.parametrize(
    ("send", "status", "text"),
    [
        (lambda r: r.post(signed_request(OTHER)), 403, "not signed by"),
        (lambda r: r.post(signed_request(confirm_by=NOW - 1)), 422, "has passed"),
        (lambda r: r.post(signed_request(confirm_by=NOW + 10**7)), 422, "seconds ahead"),
        (lambda r: r.post(announcement(OTHER)), 403, "not signed by"),
        (lambda r: r.post(announcement(domain=Domain(1, DOMAIN.market))), 403, "not signed by"),
        (lambda r: r.post(announcement(valid_until=NOW - 1)), 422, "has passed"),
        (lambda r: r.post(announcement(issued=NOW + 3600)), 422, "future"),
        (lambda r: r.post(announcement(issued=NOW - 3601)), 422, "seconds back"),
        (lambda r: r.post(announcement(valid_until=NOW + 86_401)), 422, "not within 86400"),
        (lambda r: r.post(announcement(issued=NOW + 9, valid_until=NOW)), 422, "not within"),
        (lambda r: r.post(claim(request())), 404, "no request"),
        (lambda r: r.post(rejection(request())), 404, "no request"),
        (lambda r: r.post(signed_acceptance(request())), 404, "no request"),
    ],
)
def test_what_is_forged_late_or_unknown_is_refused(
    relay: Relay, send: Any, status: int, text: str
) -> None:
    with refused(status, text):
        send(relay.client)


def test_only_who_signed_it_is_believed_to_have_said_it(relay: Relay) -> None:
    made = signed_request()
    relay.client.post(made)
    with refused(403, "not signed by"):
        relay.client.post(claim(made.message, OTHER))
    relay.client.post(rejection(made.message))
    relay.client.post(rejection(made.message, reason="too busy", issued=NOW + 1))
    found = relay.client.rejections(DOMAIN.request_id(made.message))
    assert [rejection.reason for rejection in found] == ["too busy"]


def test_only_the_requester_accepts(relay: Relay) -> None:
    made = signed_request()
    relay.client.post(made)
    with refused(403, f"not signed by {REQUESTER.address}"):
        relay.client.post(signed_acceptance(made.message, OTHER))


def test_envelopes_are_its_requesters_and_its_miners(relay: Relay) -> None:
    made = signed_request().message
    id_ = DOMAIN.request_id(made)
    with refused(404, "no request"):
        relay.client.post(envelope(made, REQUESTER))
    relay.client.post(signed_request())
    said = [envelope(made, REQUESTER), envelope(made, MINER)]
    for each in said:
        relay.client.post(each)
    assert set(relay.client.envelopes(id_)) == {each.message for each in said}
    newer = envelope(made, REQUESTER, issued=NOW + 1, contents=OTHER_DIGEST)
    relay.client.post(newer)
    with refused(409, "newer"):
        relay.client.post(said[0])
    assert set(relay.client.envelopes(id_)) == {newer.message, said[1].message}
    with refused(403, "not signed by"):
        relay.client.post(Signed(newer.message, newer.signer, said[1].signature))


def test_expired_ones_are_not_listed_and_then_forgotten(relay: Relay) -> None:
    made = signed_request()
    relay.client.post(made)
    relay.client.post(announcement())
    relay.client.post(claim(made.message))
    relay.now = NOW + 601
    assert relay.client.requests().requests == []
    assert relay.client.announcements(1) == []
    relay.board.drop_expired()
    assert len(relay.client.claims(DOMAIN.request_id(made.message))) == 1
    relay.now = NOW + 600 + 3600 + 8 * 86_400
    relay.board.drop_expired()
    assert relay.client.claims(DOMAIN.request_id(made.message)) == []


def test_how_far_a_deal_is(relay: Relay) -> None:
    made = signed_request()
    request_id = DOMAIN.request_id(made.message)
    with refused(404, "no request"):
        relay.client.post(progress(made.message))
    relay.client.post(made)
    relay.client.post(progress(made.message))
    relay.client.post(progress(made.message, done=4, issued=NOW + 1))
    assert [(p.done, p.tasks) for p in relay.client.progress(request_id)] == [(4, 20)]
    relay.now = NOW + 600 + 3600 + 8 * 86_400
    relay.board.drop_expired()
    assert relay.client.progress(request_id) == []


def test_of_what_a_miner_says_the_newest_stays(relay: Relay) -> None:
    made = signed_request()
    relay.client.post(made)
    posts = (
        (relay.client.post, lambda **changes: announcement(**changes)),
        (relay.client.post, lambda **changes: claim(made.message, **changes)),
        (relay.client.post, lambda **changes: rejection(made.message, **changes)),
        (relay.client.post, lambda **changes: progress(made.message, **changes)),
    )
    same_second = ({"workers": 9}, {"units_used": 9}, {"reason": "another"}, {"done": 4})
    for (post, make), changes in zip(posts, same_second, strict=True):
        old, new = make(), make(issued=NOW + 60)
        post(old)
        post(new)
        post(new)
        for late in (old, make(issued=NOW + 60, **changes)):
            with refused(409, "a newer one"):
                post(late)
        with refused(422, "future"):
            post(make(issued=NOW + 61))
    (kept,) = relay.client.claims(DOMAIN.request_id(made.message))
    assert kept.issued == NOW + 60


def test_an_announcement_that_was_replaced_does_not_come_back(relay: Relay) -> None:
    """Not even when the one in its place expired."""
    old = announcement(valid_until=NOW + 86_400)
    relay.client.post(old)
    relay.client.post(announcement(issued=NOW + 1, valid_until=NOW + 2))
    for later, status in ((3, 409), (3_600, 409), (3_601, 422), (3_603, 422)):
        relay.now = NOW + later
        relay.board.drop_expired()
        with refused(status, "newer one|seconds back"):
            relay.client.post(old)
    assert relay.database.rows("SELECT * FROM announcements") == []


def test_the_oldest_announcement_makes_room(server: Server, tmp_path: Path) -> None:
    with closing(Relay(server, tmp_path, Bounds(announcements=2))) as relay:
        for age, account in ((30, OTHER), (60, REQUESTER), (10, MINER)):
            relay.client.post(announcement(account, miner=account.address, issued=NOW - age))
        found = [n.miner for n in relay.client.announcements(1)]
        assert found == [MINER.address, OTHER.address]


def test_what_one_requester_has_here_is_bounded(server: Server, tmp_path: Path) -> None:
    with closing(Relay(server, tmp_path, Bounds(kept_per_requester=2))) as relay:
        for salt in range(2):
            soon = signed_request(salt=salt, confirm_by=NOW, duration=(1 << 32) - 1)
            relay.client.post(soon)
        relay.now += 1  # they are open no more
        with refused(429, "as many as are kept"):
            relay.client.post(signed_request(salt=3))
        relay.now += 38 * 86_400
        relay.board.drop_expired()
        assert relay.database.rows("SELECT * FROM requests") == []


def test_pages_end_at_their_size(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "PAGE_BYTES", 2_000)
    monkeypatch.setattr(relay_client, "FULL", 1)
    for salt in range(7):
        relay.client.post(signed_request(salt=salt))
    found, after, more = [], 0, True
    while more:
        page = relay.client.requests(after)
        assert len(page.requests) < 7
        found += [lodged.signed.message.salt for lodged in page.requests]
        after, more = page.after, page.more
    assert found == list(range(7))


def test_a_folder_is_of_one_market(relay: Relay) -> None:
    other = Domain(1337, "0x" + "cd" * 20)
    with pytest.raises(RelayError, match=f"(?s){DOMAIN.market}.*not of.*{other.market}.*--data"):
        open_database(relay.folder / "relay.sqlite", other)


def test_it_remembers_across_a_restart(server: Server, tmp_path: Path) -> None:
    with closing(Relay(server, tmp_path)) as first:
        first.client.post(signed_request())
    with closing(Relay(server, tmp_path)) as second:
        assert len(second.client.requests().requests) == 1


def test_limits_for_each_requester_and_request(server: Server, tmp_path: Path) -> None:
    bounds = Bounds(requests_per_requester=1, messages_per_request=1)
    with closing(Relay(server, tmp_path, bounds)) as relay:
        made = signed_request(miner=ANY_MINER)
        relay.client.post(made)
        with refused(429, "open requests"):
            relay.client.post(signed_request(salt=2))
        relay.client.post(rejection(made.message, MINER))
        relay.client.post(rejection(made.message, OTHER))
        (left,) = relay.client.rejections(DOMAIN.request_id(made.message))
        assert left.miner == OTHER.address


def test_who_calls_too_often_is_told_when_to_come_back(server: Server, tmp_path: Path) -> None:
    now = [0.0]
    limiter = RateLimiter(rate=1, burst=2, clock=lambda: now[0])
    with closing(Relay(server, tmp_path, limiter=limiter)) as relay:
        relay.client.check()
        relay.client.check()
        with pytest.raises(RelayBusy) as caught:
            relay.client.check()
        assert 1 <= caught.value.wait <= 2
        now[0] = 1.0
        relay.client.check()


def test_the_limiter_forgets_the_oldest_keys() -> None:
    limiter = RateLimiter(rate=1, burst=1, clock=lambda: 0.0)
    assert limiter.wait("first") == 0
    assert limiter.wait("first") > 0
    for number in range(MOST_KEYS):
        limiter.wait(str(number))
    assert limiter.wait("first") == 0


@pytest.mark.parametrize(
    "path", ["announcements", "requests", "claims", "rejections", "progress", "acceptances"]
)
def test_bodies_that_are_no_messages(relay: Relay, path: str) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"{", b"[]", b'{"message": 1}', b"\xff", b"9" * 100_000):
        answer = relay.http.post(f"/v1/{path}", content=body, headers=headers)
        assert answer.status_code in (400, 413, 422), body[:20]
        assert "detail" in answer.json()


def test_a_body_without_a_length_is_refused(relay: Relay) -> None:
    answer = relay.http.post("/v1/announcements", content=iter([b"{}"]))
    assert answer.status_code == 413


def test_the_api_describes_itself(relay: Relay) -> None:
    described = relay.http.get("/openapi.json").json()
    assert "/v1/blobs/{cid}" in described["paths"]
    for kind, path in PATHS.items():
        body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        told = body["schema"]["properties"]["message"]["properties"]
        assert list(told) == [field.name for field in fields_of(kind)]


def test_a_relay_that_is_away_is_named() -> None:
    from suanli.relay import RelayClient

    with pytest.raises(RelayUnreachable, match=r"http://127\.0\.0\.1:9 can't be reached"):
        RelayClient("http://127.0.0.1:9", DOMAIN).check()


@pytest.mark.parametrize("url", ["http://[::1", "http://host:port", "http://host:99999"])
def test_addresses_of_no_relay(url: str) -> None:
    from suanli.relay import RelayClient

    with pytest.raises(RelayUnreachable, match=r"is no address of a relay|can't be reached"):
        RelayClient(url, DOMAIN).check()


def test_a_full_disk_is_told(relay: Relay) -> None:
    ((pages,),) = relay.database.rows("PRAGMA page_count")
    relay.database.rows(f"PRAGMA max_page_count = {pages}")
    with refused(507, "database or disk is full"):
        for salt in range(1000):
            relay.client.post(signed_request(salt=salt))
    assert relay.client.requests(miner=NUMBER).requests


def test_a_contracts_signature_waits_for_the_node(relay: Relay) -> None:
    """It is not known to be wrong: whoever lodges it may try again."""
    relay.board._contracts = contracts_at(connect_sparingly("http://127.0.0.1:9"))
    with refused(503, "can't be asked: no answer from the node"):
        relay.client.post(Signed(request(), REQUESTER.address, b"a contract's signature"))


def test_contract_accounts_say_what_keys_say(relay: Relay) -> None:
    """Announcements, requests, claims, acceptances, rejections, progress: who reads them asks the
    contract again."""
    wallet, asked = "0x" + "99" * 20, []

    def contracts(account: str, digest: bytes, signature: bytes) -> bool:
        asked.append(account)
        return (account, signature) == (wallet, b"approved")

    def by(message: Any, signature: bytes = b"approved") -> Signed[Any]:
        return Signed(message, wallet, signature)

    relay.board._contracts = contracts
    made = request(requester=wallet, miner=ANY_MINER)
    id_ = DOMAIN.request_id(made)
    said = (
        announcement(miner=wallet).message,
        made,
        claim(made, miner=wallet).message,
        Rejection(wallet, NOW, id_, "too busy", False),
        Progress(wallet, NOW, id_, 1, 4),
        Acceptance(id_, b"\x66" * 32, 90),
    )
    for message in said:
        with refused(403, "not signed by"):
            relay.client.post(by(message, b"forged"))
        relay.client.post(by(message))
    assert set(asked) == {wallet}
    trusting = relay.connect(DOMAIN)
    trusting._contracts = contracts
    for client, count in ((relay.client, 0), (trusting, 1)):
        found = (
            client.announcements(1),
            client.requests().requests,
            client.claims(id_),
            client.rejections(id_),
            client.progress(id_),
        )
        assert [len(one) for one in found] == [count] * 5
        assert bool(client.acceptance(made)) is bool(count)
