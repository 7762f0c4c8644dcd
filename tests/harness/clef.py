"""Stands in for Clef, geth's signer, as its external interface is documented: what it lists, shows,
signs and refuses. Like Clef without `--advanced` it rejects whatever it would warn of.

`python -m tests.harness.clef KEYFILE PORT CHAIN` serves one whose person agrees to everything.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.grammar import parse
from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data
from eth_utils import is_checksum_address, keccak, to_checksum_address

from suanli.chain.errors import RpcError

QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
SIZES = "|".join(str(bits) for bits in range(8, 257, 8))
GO_TYPES = re.compile(rf"(u?int({SIZES})|bytes(32)?|address|bool|string)(\[\])?")


class Denied(Exception):
    """What Clef answers instead of a signature."""


def agree(kind: str, shown: dict[str, Any]) -> bool:
    return True


@dataclass
class StandInClef:
    """`person`: agrees or not, to "tx" or "data" as shown. `twist`: changes what was agreed to
    before it is signed; `ledger`: keeps the key in a Ledger, whose v comes otherwise."""

    keys: Sequence[str]
    chain_id: int
    person: Callable[[str, dict[str, Any]], bool] = agree
    twist: Callable[[str, Any], Any] = lambda kind, asked: asked
    ledger: bool = False
    shown: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """As `suanli.chain.Transport`."""
        try:
            return self.answer(method, json.loads(json.dumps(list(params))))
        except Denied as why:
            raise RpcError(method, -32000, str(why)) from None

    def answer(self, method: str, params: list[Any]) -> Any:
        match method, params:
            case "account_version", []:
                return "6.1.0"
            case "account_list", []:
                return [EthAccount.from_key(key).address.lower() for key in self.keys]
            case "account_signTypedData", [address, data]:
                return self._sign_data(address, data)
            case "account_signTransaction", [asked, *selector]:
                return self._sign_transaction(asked, selector[0] if selector else None)
        raise Denied(f"the method {method} does not exist/is not available")

    def _agreed(self, kind: str, shown: dict[str, Any]) -> None:
        self.shown.append((kind, shown))
        if not self.person(kind, shown):
            raise Denied("request denied")

    def _key(self, address: str) -> str:
        for key in self.keys:
            if EthAccount.from_key(key).address.lower() == address.lower():
                return key
        raise Denied("unknown account")

    def _sign_data(self, address: str, data: dict[str, Any]) -> str:
        _require_typed(data)
        self._agreed("data", data)
        data = self.twist("data", data)
        message = encode_typed_data(full_message=_with_number(data))
        signed = EthAccount.sign_message(message, self._key(address)).signature
        # Clef adds 27 to what a device returns, which has 27 or 28 already.
        return "0x" + (signed[:64] + bytes([signed[64] + 27 * self.ledger])).hex()

    def _sign_transaction(self, asked: dict[str, Any], selector: str | None) -> dict[str, Any]:
        _require_transaction(asked, selector)
        if int(asked["chainId"], 16) != self.chain_id:
            raise Denied(
                f"requested chainid {int(asked['chainId'], 16)} does not match the configuration of"
                " the signer"
            )
        self._agreed("tx", asked | {"method": selector})
        asked = self.twist("tx", asked)
        fields = {name: value for name, value in asked.items() if name != "from"}
        signed = EthAccount.sign_transaction(fields | {"type": 2}, self._key(asked["from"]))
        parts = {"v": hex(signed.v), "r": hex(signed.r), "s": hex(signed.s)}
        return {"raw": "0x" + signed.raw_transaction.hex(), "tx": fields | parts}

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[str]:
        """Over HTTP, on loopback: the address."""
        clef = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                said = {"jsonrpc": "2.0", "id": asked["id"]}
                try:
                    said["result"] = clef.answer(asked["method"], asked["params"])
                except Denied as why:
                    said["error"] = {"code": -32000, "message": str(why)}
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _require_typed(data: dict[str, Any]) -> None:
    """What Go's typed data takes: numbers of the domain as text, each type known, no field more."""
    if not isinstance(data["domain"]["chainId"], str):
        raise Denied("json: cannot unmarshal number into Go struct field TypedDataDomain.chainId")
    for fields in data["types"].values():
        for item in fields:
            if not GO_TYPES.fullmatch(item["type"]):
                raise Denied(f"unknown type {item['type']!r}")
    wanted = {item["name"] for item in data["types"][data["primaryType"]]}
    if set(data["message"]) != wanted:
        raise Denied("there is extra data provided in the message, or some is missing")
    for item in data["types"][data["primaryType"]]:
        value = data["message"][item["name"]]
        # Go reads numbers of JSON as floating point.
        if isinstance(value, int) and value != float(value):
            raise Denied(f"invalid float value {value} for type {item['type']}")


def _require_transaction(asked: dict[str, Any], selector: str | None) -> None:
    for name in ("gas", "nonce", "value", "maxFeePerGas", "maxPriorityFeePerGas", "chainId"):
        if not QUANTITY.fullmatch(asked[name]):
            raise Denied(f"invalid argument 0: {name} is no quantity: {asked[name]!r}")
    data = bytes.fromhex(asked["data"].removeprefix("0x"))
    if asked.get("to") is None:
        if not data or selector is not None:
            raise Denied("validation failed: Transaction will create a contract with empty code")
        return
    if not is_checksum_address(asked["to"]):
        raise Denied("validation failed: Invalid checksum on recipient address")
    if data and not _is_call(data, selector):
        raise Denied(
            "validation failed: Transaction contains data, but the ABI signature could not be found"
        )


def _is_call(data: bytes, selector: str | None) -> bool:
    """Whether it is exactly a call of this function."""
    if selector is None or keccak(text=selector)[:4] != data[:4]:
        return False
    whole = parse(selector[selector.index("(") :])
    kinds = [kind.to_type_str() for kind in whole.components]
    return encode(kinds, decode(kinds, data[4:])) == data[4:]


def _with_number(data: dict[str, Any]) -> dict[str, Any]:
    domain = data["domain"]
    return data | {"domain": domain | {"chainId": int(domain["chainId"], 0)}}


def main() -> None:
    file, port, chain = sys.argv[1:]
    clef = StandInClef([Path(file).read_text().strip()], int(chain))
    clef.person = lambda kind, shown: print(kind, json.dumps(shown), flush=True) is None
    with clef.serving(int(port)) as url:
        names = ", ".join(to_checksum_address(a) for a in clef.answer("account_list", []))
        print(f"{names} at {url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
