"""All clients heed the proxies of the environment alike; this machine is reached without."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from suanli.base import http
from suanli.base.http import (
    CertificatesError,
    ProxyError,
    client_for,
    is_loopback,
    is_node,
    is_url,
)
from suanli.chain import HttpTransport, TransportError
from suanli.protocol import Domain
from suanli.relay import RelayClient, RelayRefusal

DOMAIN = Domain(31337, "0x" + "11" * 20)
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Proxy:
    """Answers 418 to whatever it is asked to fetch, and remembers it."""

    def __init__(self) -> None:
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                asked.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(418)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815 - the server looks for these

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


def ask_node(url: str) -> None:
    with pytest.raises(TransportError):
        HttpTransport(url).request("eth_chainId", [])


def ask_relay(url: str) -> None:
    client = RelayClient(url, DOMAIN)
    with pytest.raises(RelayRefusal):
        client.check()
    client.close()


@pytest.mark.parametrize("ask", [ask_node, ask_relay])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "all_proxy"])
def test_elsewhere_the_proxy_is_asked(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], None], variable: str
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    ask("http://far.example:99")
    assert [path.startswith("http://far.example:99/") for path in proxy.asked] == [True]


@pytest.mark.parametrize("ask", [ask_node, ask_relay])
def test_this_machine_is_reached_without(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], None]
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    ask(proxy.url)
    assert [path.startswith("/") for path in proxy.asked] == [True], "it is asked itself"


def test_hosts_in_no_proxy_are_reached_without(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "nowhere.invalid")
    with client_for("http://nowhere.invalid") as client, pytest.raises(httpx.ConnectError):
        client.get("http://nowhere.invalid")
    assert proxy.asked == []


def test_a_socks_proxy_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ProxyError, match="pip install socksio, or unset"):
        HttpTransport("https://far.example")
    HttpTransport("http://127.0.0.1:8545")


def test_a_proxy_of_no_kind_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://127.0.0.1:9")
    with pytest.raises(ProxyError, match="can't be used: Unknown scheme"):
        RelayClient("https://far.example", DOMAIN)


def test_certificates_that_are_none_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    http._trusted.cache_clear()
    named = tmp_path / "ca.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    for write in (lambda: None, lambda: named.write_text("none")):
        write()
        with pytest.raises(CertificatesError, match=r"ca.pem', which holds no .* or unset the var"):
            client_for("https://far.example")
    client_for("http://127.0.0.1").close()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", True),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PROXY", "http://user:hid/den@proxy:80"),
        ("HTTP_PROXY", "http://user:hid#den@proxy:80"),
        ("HTTP_PROXY", "http://user:hidden@[::1"),
        ("NO_PROXY", "[::1]"),
    ],
)
def test_what_is_no_proxy_s_address_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:80")
    monkeypatch.setenv(name, value)
    with pytest.raises(ProxyError, match="is no address: write / # ") as caught:
        client_for("http://node.invalid")
    assert "hid" not in str(caught.value)


def test_an_address_that_is_none_is_not_the_proxy_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:hid/den@proxy:80")
    with pytest.raises(httpx.InvalidURL):
        client_for("http://node.invalid:port")


@pytest.mark.parametrize(
    ("text", "server", "node"),
    [
        ("http://127.0.0.1:8545", True, True),
        ("https://a.example/key", True, True),
        ("wss://a.example/key", False, True),
        ("ws://[::1]:8546", False, True),
        ("/run/geth.ipc", False, True),
        ("ftp://a.example", False, False),
        ("http://", False, False),
        ("http://a:99999999", False, False),
        ("http://a\0b", False, False),
        ("a\0.ipc", False, False),
        ("127.0.0.1:8545", False, False),
    ],
)
def test_addresses_of_servers_and_nodes(text: str, server: bool, node: bool) -> None:
    assert (is_url(text), is_node(text)) == (server, node)
