"""The page that a relay shows to browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from suanli.relay.server.page import HEADERS, add_page
from suanli.store import cid_of
from tests.suanli.relay.conftest import Relay, Server

INDEX, SCRIPT = b"<!doctype html><title>Suanli</title>", b"export {};"
VIEWS = ["/", "/deals", "/deal/0x12", "/miner/3", "/no-such-view", "/icon.svg/..", "/%2e%2e/secret"]
VIEWS += ["/..%2fsecret", "/%2fetc%2fpasswd", "/a%00b", "/" + "x" * 5_000]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "assets" / "index-1.js").write_bytes(SCRIPT)
    (tmp_path / "secret").write_text("not for you")
    return folder


@pytest.fixture
def browser(built: Path, server: Server) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.get("/v1/info")(lambda: {"protocol": 0})
    add_page(app, built)
    server.app = app
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("path", VIEWS)
def test_each_view_is_the_page_under_a_policy_that_lets_nothing_else_in(
    browser: httpx.Client, path: str
) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.content == INDEX
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_no_inline_no_eval_and_nobody_else() -> None:
    policy = HEADERS["Content-Security-Policy"]
    sources = {source for part in policy.split("; ") for source in part.split(" ")[1:]}
    assert sources == {"'none'", "'self'", "'wasm-unsafe-eval'", "'script'", "data:"}
    assert "img-src 'self' data:" in policy
    assert "default-src 'none'" in policy


def test_scripts_are_kept_and_come_as_scripts(browser: httpx.Client) -> None:
    answer = browser.get("/assets/index-1.js")
    assert answer.content == SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_script_of_an_older_build_is_not_the_page(browser: httpx.Client) -> None:
    answer = browser.get("/assets/index-0.js")
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "no such file: the page was built anew, load it again"},
    )


def test_the_api_is_not_the_pages(browser: httpx.Client) -> None:
    assert browser.get("/v1/info").json() == {"protocol": 0}
    for path in ("/v1/no-such", "/api/v1/no-such", "/api"):
        assert (answer := browser.get(path)).status_code == 404
        assert answer.json() == {"detail": "Not Found"}


def test_a_relay_without_the_page_says_how_to_build_it(tmp_path: Path, server: Server) -> None:
    server.app = FastAPI()
    add_page(server.app, tmp_path / "nothing")
    answer = httpx.get(f"{server.url}/")
    assert answer.status_code == 503
    assert answer.text == (
        "The page of this relay is not built: `make page` builds it (it takes npm), then start"
        " the relay again. The API is at /openapi.json and /api/openapi.json.\n"
    )


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_no_script_of_others_runs_on_its_origin(relay: Relay, path: str) -> None:
    answer = relay.http.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "cdn" not in answer.text
    assert relay.http.get("/openapi.json").json()["info"]["title"] == "Suanli relay"


def test_no_answer_is_taken_for_what_it_does_not_say_it_is(relay: Relay) -> None:
    digest = relay.blobs.put(b"<script>alert(1)</script>")
    blob = relay.http.get(f"/v1/blobs/{cid_of(digest)}")
    assert blob.content == b"<script>alert(1)</script>"
    answers = [blob, relay.http.get("/v1/info"), relay.http.get("/v1/no-such")]
    answers.append(relay.http.post("/v1/requests", content=bytes(70_000)))
    assert [answer.status_code for answer in answers] == [200, 200, 404, 413]
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
