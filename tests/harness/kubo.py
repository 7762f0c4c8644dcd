"""A Kubo node as its documentation describes it (https://docs.ipfs.tech/reference/kubo/rpc/), as
far as a store uses it: the RPC, and the trustless gateway, on one loopback port. `Blocks` is what
stands behind them, by default a dictionary."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from suanli.store.ipfs import BadBlock, Cid, read_cid
from suanli.store.ipfs.dag import DAG_PB, RAW, decode

CODECS = {"raw": RAW, "dag-pb": DAG_PB}
Answer = tuple[int, dict[str, str], bytes]
Params = dict[str, list[str]]


class Fails(Exception):
    """The RPC answers with this error."""


class Blocks:
    """Of one node, and of those it is connected to. `network`: nodes by their addresses, this one's
    among them."""

    def __init__(self, network: dict[str, Blocks] | None = None) -> None:
        self.held: dict[Cid, bytes] = {}
        self.peers: list[Blocks] = []
        self._network = {} if network is None else network
        number = len(self._network) + 4001
        self.address = f"/ip4/127.0.0.1/tcp/{number}/p2p/12D3KooWAbcdefghijkmnopqr{number}"
        self._network[self.address] = self

    def put(self, cid: Cid, data: bytes) -> None:
        self.held[cid] = data

    def get(self, cid: Cid, offline: bool) -> bytes | None:
        if (found := self.held.get(cid)) is None and not offline:
            others = [peer.held[cid] for peer in self.peers if cid in peer.held]
            if others:
                self.held[cid] = found = others[0]
        return found

    def connect(self, address: str) -> None:
        if (other := self._network.get(address)) is None:
            raise Fails(f"connect {address} failure: nobody is there")
        self.peers.append(other)
        other.peers.append(self)

    def addresses(self) -> list[str]:
        return [self.address]


class Kubo:
    """`answers`: asked first; may answer in the node's place. `asked`: the commands that came."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks, self.pins = blocks, set[Cid]()
        self.answers: Callable[[str, Params], Answer | None] = lambda command, params: None
        self.asked: list[str] = []
        self.url = ""

    @property
    def place(self) -> str:
        """As a store names its RPC."""
        return f"ipfs:/ip4/127.0.0.1/tcp/{urlsplit(self.url).port}"

    def answer(self, command: str, params: Params, files: list[bytes]) -> Answer:
        self.asked.append(command)
        if (answer := self.answers(command, params)) is not None:
            return answer
        try:
            return 200, {}, self._rpc(command, params, files)
        except Fails as error:
            said = {"Message": str(error), "Code": 0, "Type": "error"}
            return 500, {"Content-Type": "application/json"}, json.dumps(said).encode()

    def gateway(self, path: str, params: Params) -> Answer:
        if (answer := self.answers("gateway", {"arg": [path.removeprefix("/ipfs/")]})) is not None:
            return answer
        found = self.blocks.get(read_cid(path.removeprefix("/ipfs/")), offline=False)
        if found is None or params.get("format") != ["raw"]:
            return 404, {}, b"failed to resolve: not found\n"
        return 200, {"Content-Type": "application/vnd.ipld.raw"}, found

    def _rpc(self, command: str, params: Params, files: list[bytes]) -> bytes:
        named = params.get("arg", [])
        match command:
            case "block/put":
                return b"".join(self._put(data, params) for data in files)
            case "block/get":
                return self._block(named[0])
            case "block/stat":
                size = len(self._block(named[0], params.get("offline") == ["true"]))
                return _line({"Key": named[0], "Size": size})
            case "pin/add":
                for text in named:
                    self._pin(_cid(text), params.get("offline") == ["true"])
                    self.pins.add(_cid(text))
                return _line({"Pins": named})
            case "pin/rm":
                if _cid(named[0]) not in self.pins:
                    raise Fails("not pinned or pinned indirectly")
                self.pins.remove(_cid(named[0]))
                return _line({"Pins": named})
            case "id":
                return _line({"ID": "12D3KooW", "Addresses": self.blocks.addresses()})
            case "swarm/connect":
                self.blocks.connect(named[0])
                return _line({"Strings": [f"connect {named[0]} success"]})
        raise AssertionError(command)

    def collect(self) -> None:
        """What `ipfs repo gc` does."""
        kept, todo = set[Cid](), list(self.pins)
        while todo:
            cid = todo.pop()
            kept.add(cid)
            todo += _below(cid, self.blocks.held[cid])
        self.blocks.held = {cid: data for cid, data in self.blocks.held.items() if cid in kept}

    def _put(self, data: bytes, params: Params) -> bytes:
        if len(data) > 1 << 20:
            raise Fails("produced block is over 1MiB: big blocks can't be exchanged with peers")
        assert params["mhtype"] == ["sha2-256"]
        cid = Cid(CODECS[params["cid-codec"][0]], hashlib.sha256(data).digest())
        self.blocks.put(cid, data)
        if params["pin"] == ["true"]:
            self.pins.add(cid)
        return _line({"Key": str(cid), "Size": len(data)})

    def _block(self, text: str, offline: bool = False) -> bytes:
        if (found := self.blocks.get(_cid(text), offline)) is not None:
            return found
        if offline:
            raise Fails(f"ipld: could not find {text}")
        raise Fails(f"block was not found locally (offline): ipld: could not find {text}")

    def _pin(self, cid: Cid, offline: bool) -> None:
        for below in _below(cid, self._block(str(cid), offline)):
            self._pin(below, offline)


@contextmanager
def serving(kubo: Kubo) -> Iterator[Kubo]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path)
            files = _parts(self.headers.get("Content-Type", ""), body)
            command = path.path.removeprefix("/api/v0/")
            self._send(kubo.answer(command, parse_qs(path.query), files))

        def do_GET(self) -> None:
            path = urlsplit(self.path)
            self._send(kubo.gateway(path.path, parse_qs(path.query)))

        def _send(self, answer: Answer) -> None:
            status, headers, body = answer
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # the other end has enough
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    kubo.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kubo
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _below(cid: Cid, data: bytes) -> list[Cid]:
    return [link.cid for link in decode(data).links] if cid.is_node else []


def _cid(text: str) -> Cid:
    try:
        return read_cid(text)
    except BadBlock as error:
        raise Fails(f"invalid path {text!r}: {error}") from error


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _parts(kind: str, body: bytes) -> list[bytes]:
    if not kind.startswith("multipart/form-data; boundary="):
        return []
    mark = b"--" + kind.split("boundary=")[1].encode()
    found = (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]
    return [part.split(b"\r\n\r\n", 1)[1] for part in found]
