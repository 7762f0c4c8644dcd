"""An EVM inside the test process: compiled contracts, exact custom errors, logs, time.

    evm = Evm()
    alice = account("alice")
    token = evm.deploy("Token", "Test", 18, sender=alice)
    token.balanceOf(alice)                          # view or pure: the value
    receipt = token.transfer(bob, 5, sender=alice)  # else: a Receipt
    receipt.value, receipt.event("Transfer").args["value"]
    with reverts("TooMuch", 6, 5):
        token.transfer(bob, 6, sender=alice)
    with evm.rollback():
        evm.advance(3600)

Structs go in as tuples or mappings, come out as named tuples; addresses are lowercase strings.
`token["f(uint256)"]` chooses among overloads. Senders need no funds: gas costs nothing.

Gas is left out: all calls share one journal, so storage stays warm and figures come out low.
Balances set by `fund` are outside the journal: a rollback does not undo them.
"""

from __future__ import annotations

import json
import os
import re
from collections import namedtuple
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi import decode, encode
from eth_keys import keys
from eth_utils import keccak
from pyrevm import EVM, BlockEnv, CfgEnv, Env

ROOT = Path(__file__).resolve().parents[2]
OTHER_BUILD = os.environ.get("SUANLI_TEST_BUILD")
"""A folder of artefacts that are not optimized, so larger than a chain takes: tests/mutants."""
BUILD = Path(OTHER_BUILD or ROOT / "build" / "contracts")
INTERFACES = ROOT / "build" / "interfaces"

CHAIN_ID = 1337
START_TIME = 1_800_000_000
CALL_GAS = 1_000_000_000 if OTHER_BUILD else 100_000_000

_OUTCOME = re.compile(
    r"(Revert|Halt) \{.*?(?:reason: (?P<halt>\w+)|output: 0x(?P<output>[0-9a-f]*))"
)
_BUILTIN_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "text", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


class Reverted(Exception):
    """A call that failed: the error's name and arguments.

    Also `Error` (a string), `Panic` (a code), `Halt` (the EVM's reason), `Empty` (no data) and
    `Unknown` (raw data that no loaded ABI explains).
    """

    def __init__(self, name: str, *args: Any) -> None:
        super().__init__(name, *args)
        self.name = name
        self.arguments = args

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.arguments))})"


@contextmanager
def reverts(name: str, *args: Any) -> Iterator[None]:
    """Expect exactly this error with exactly these arguments."""
    wanted = str(Reverted(name, *args))
    try:
        yield
    except Reverted as error:
        if (error.name, error.arguments) != (name, args):
            raise AssertionError(f"reverted with {error}, not with {wanted}") from error
        return
    raise AssertionError(f"did not revert; expected {wanted}")


class Account(str):
    """An address that knows its private key (32 bytes), made from a label."""

    key: bytes


@cache
def account(label: str) -> Account:
    key = keccak(text=f"test account {label}")
    made = Account(keys.PrivateKey(key).public_key.to_address())
    made.key = key
    return made


@dataclass(frozen=True)
class Event:
    name: str
    args: dict[str, Any]
    address: str


@dataclass(frozen=True)
class Receipt:
    """What a transaction left: its return value and its events, unknown ones left out."""

    value: Any
    events: tuple[Event, ...]

    def event(self, name: str) -> Event:
        """The only event of this name."""
        found = [event for event in self.events if event.name == name]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} events {name} in {[e.name for e in self.events]}")
        return found[0]


class Artifact:
    """A contract as compiled by Brownie."""

    def __init__(self, path: Path) -> None:
        data = json.loads(path.read_text())
        self.name: str = data["contractName"]
        self.abi: list[dict[str, Any]] = data["abi"]
        # A contract that hands calls on to another has the interface of all that it answers.
        whole = INTERFACES / f"I{self.name}.json"
        if any(entry["type"] == "fallback" for entry in self.abi) and whole.is_file():
            own = [entry for entry in self.abi if entry["type"] == "constructor"]
            self.abi = own + json.loads(whole.read_text())["abi"]
        self.bytecode: str = data["bytecode"]
        self.dependencies: list[str] = data.get("dependencies", [])
        source = ROOT / data["sourcePath"]
        self.stale = source.is_file() and source.read_text() != data["source"]


@cache
def artifact(name: str) -> Artifact:
    """Load a build artefact and refuse one older than its sources."""
    path = BUILD / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{name} is not compiled: run `brownie compile`")
    loaded = Artifact(path)
    used = [BUILD / f"{used}.json" for used in loaded.dependencies]
    if loaded.stale or any(Artifact(path).stale for path in used if path.is_file()):
        raise RuntimeError(f"{name} changed since it was compiled: run `brownie compile`")
    return loaded


def type_of(entry: Mapping[str, Any]) -> str:
    """The canonical ABI type of an input or output; structs are written out."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(type_of, entry['components']))}){kind[5:]}"


def sample(entry: Mapping[str, Any]) -> Any:
    """Any value of an ABI entry's type."""
    kind = entry["type"]
    if kind.endswith("]"):
        return []
    if kind == "tuple":
        return tuple(map(sample, entry["components"]))
    if kind.startswith("bytes") and kind != "bytes":
        return bytes(int(kind[5:]))
    return {"address": account("anybody"), "bool": True, "string": "text", "bytes": b"\1"}.get(
        kind, 1
    )


def signature_of(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"


def _to_abi(entry: Mapping[str, Any], value: Any) -> Any:
    """Order a struct's fields; all else stays as it is."""
    kind = entry["type"]
    if not kind.startswith("tuple"):
        return value
    if kind != "tuple":
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_to_abi(inner, item) for item in value]
    fields = entry["components"]
    if isinstance(value, Mapping):
        if set(value) != {field["name"] for field in fields}:
            raise TypeError(f"{entry.get('internalType')} has other fields than {sorted(value)}")
        value = [value[field["name"]] for field in fields]
    return tuple(_to_abi(field, item) for field, item in zip(fields, value, strict=True))


@cache
def _record(names: tuple[str, ...]) -> type:
    return namedtuple("Struct", names, rename=True)  # type: ignore[misc]


def _from_abi(entry: Mapping[str, Any], value: Any) -> Any:
    """Name a struct's fields."""
    kind = entry["type"]
    if not kind.startswith("tuple"):
        return value
    if kind != "tuple":
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return tuple(_from_abi(inner, item) for item in value)
    fields = entry["components"]
    record = _record(tuple(field["name"] for field in fields))
    return record(*(_from_abi(field, item) for field, item in zip(fields, value, strict=True)))


class Codec:
    """Encodes calls and decodes results, errors or events of one ABI entry."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name = entry["name"]
        self.signature = signature_of(entry)
        self.inputs = entry["inputs"]
        self.input_types = [type_of(item) for item in self.inputs]
        self.outputs = entry.get("outputs", [])
        self.output_types = [type_of(item) for item in self.outputs]
        self.reads_only = entry.get("stateMutability") in ("view", "pure")
        self.topic = keccak(text=self.signature)
        self.selector = self.topic[:4]

    def call_data(self, args: tuple[Any, ...]) -> bytes:
        if len(args) != len(self.inputs):
            raise TypeError(f"{self.signature} takes {len(self.inputs)} arguments, not {len(args)}")
        values = [_to_abi(item, arg) for item, arg in zip(self.inputs, args, strict=True)]
        return self.selector + encode(self.input_types, values)

    def arguments(self, data: bytes) -> tuple[Any, ...]:
        values = decode(self.input_types, data)
        return tuple(_from_abi(item, v) for item, v in zip(self.inputs, values, strict=True))

    def result(self, data: bytes) -> Any:
        """One value, or a named tuple of several, or None."""
        values = decode(self.output_types, data)
        named = [_from_abi(item, v) for item, v in zip(self.outputs, values, strict=True)]
        if len(named) < 2:
            return named[0] if named else None
        return _record(tuple(item["name"] for item in self.outputs))(*named)

    def event(self, address: str, topics: list[bytes], data: bytes) -> Event:
        indexed = [item for item in self.inputs if item["indexed"]]
        plain = [item for item in self.inputs if not item["indexed"]]
        values = dict(
            zip([i["name"] for i in indexed], map(_topic, indexed, topics[1:]), strict=True)
        )
        decoded = decode([type_of(item) for item in plain], data)
        for item, value in zip(plain, decoded, strict=True):
            values[item["name"]] = _from_abi(item, value)
        args = {item["name"]: values[item["name"]] for item in self.inputs}
        return Event(self.name, args, address)


def _topic(entry: Mapping[str, Any], topic: bytes) -> Any:
    """An indexed value; of dynamic types only the hash is there."""
    kind = entry["type"]
    if kind in ("string", "bytes") or kind.startswith("tuple") or kind.endswith("]"):
        return topic
    return decode([kind], topic)[0]


class Contract:
    """A deployed contract: its functions are attributes."""

    def __init__(self, evm: Evm, address: str, name: str) -> None:
        self.evm = evm
        self.address = address.lower()
        self.name = name
        self._by_name: dict[str, list[Codec]] = {}
        self._by_signature: dict[str, Codec] = {}
        for entry in evm.learn(name):
            if entry["type"] == "function":
                codec = Codec(entry)
                self._by_name.setdefault(codec.name, []).append(codec)
                self._by_signature[codec.signature] = codec

    def __getattr__(self, name: str) -> Function:
        found = self.__dict__.get("_by_name", {}).get(name, [])
        if len(found) != 1:
            problem = "has no function" if not found else "has several functions"
            raise AttributeError(f"{self.name} {problem} {name}: {[c.signature for c in found]}")
        return Function(self, found[0])

    def __getitem__(self, signature: str) -> Function:
        return Function(self, self._by_signature[signature])

    def __repr__(self) -> str:
        return f"<{self.name} at {self.address}>"


class Function:
    def __init__(self, contract: Contract, codec: Codec) -> None:
        self.contract = contract
        self.codec = codec

    def __call__(self, *args: Any, sender: str = account("nobody"), value: int = 0) -> Any:
        """The value of a view or pure function; otherwise the Receipt.

        Raises:
            Reverted: with the decoded error.
        """
        codec, evm = self.codec, self.contract.evm
        data = codec.call_data(args)
        output = evm.message(sender, self.contract.address, data, value, codec.reads_only)
        if codec.reads_only:
            return codec.result(output)
        return Receipt(codec.result(output), evm.events())


class Evm:
    """One chain in memory (shanghai), at a fixed start time."""

    def __init__(self, chain_id: int = CHAIN_ID) -> None:
        cfg = CfgEnv(chain_id=chain_id, limit_contract_code_size=2**20 if OTHER_BUILD else None)
        self._evm = EVM(Env(cfg=cfg), spec_id="SHANGHAI")
        self.chain_id = chain_id
        self._errors: dict[bytes, Codec] = {}
        self._events: dict[bytes, Codec] = {}
        self._learned: set[str] = set()
        for entry in _BUILTIN_ERRORS:
            self._learn_entry(entry)
        self.number = 1
        self.time = START_TIME
        self.set_block(self.number, self.time)

    def learn(self, name: str) -> list[dict[str, Any]]:
        """Know the errors and events of this contract from now on; returns its ABI."""
        abi = artifact(name).abi
        if name not in self._learned:
            self._learned.add(name)
            for entry in abi:
                self._learn_entry(entry)
        return abi

    def _learn_entry(self, entry: dict[str, Any]) -> None:
        if entry["type"] == "error":
            codec = Codec(entry)
            self._errors[codec.selector] = codec
        elif entry["type"] == "event":
            codec = Codec(entry)
            self._events[codec.topic] = codec

    def fund(self, address: str, wei: int) -> None:
        self._evm.set_balance(address, wei)

    def balance(self, address: str) -> int:
        return self._evm.get_balance(address)

    def deploy(self, name: str, *args: Any, sender: str = account("deployer")) -> Contract:
        """Deploy a compiled contract with its constructor's arguments."""
        loaded = artifact(name)
        if not loaded.bytecode or "_" in loaded.bytecode:
            raise TypeError(f"{name} can not be deployed: it is abstract or wants a library linked")
        self.learn(name)
        entry = next((e for e in loaded.abi if e["type"] == "constructor"), {"inputs": []})
        codec = Codec({"name": "", "inputs": entry["inputs"]})
        code = bytes.fromhex(loaded.bytecode) + codec.call_data(args)[4:]
        try:
            address = self._evm.deploy(sender, code, gas=CALL_GAS)
        except RuntimeError as error:
            raise self._reverted(error) from None
        return Contract(self, address, name)

    def at(self, address: str, name: str) -> Contract:
        """The contract at an address, seen through the ABI of `name`."""
        return Contract(self, address, name)

    def message(
        self,
        sender: str,
        to: str,
        data: bytes,
        value: int = 0,
        static: bool = False,
        gas: int = CALL_GAS,
    ) -> bytes:
        """A raw call; raises Reverted."""
        self._evm.reset_transient_storage()
        try:
            return self._evm.message_call(
                sender, to, calldata=data, value=value, gas=gas, is_static=static
            )
        except RuntimeError as error:
            raise self._reverted(error) from None

    def gas_used(self) -> int:
        """Of the last call, its transaction's base cost left out; storage may be warm."""
        result = self._evm.result
        return int(result.gas_used) if result else 0

    def events(self) -> tuple[Event, ...]:
        """Known events of the last call."""
        result = self._evm.result
        found = []
        for log in result.logs if result else ():
            topics, data = log.data
            codec = self._events.get(topics[0]) if topics else None
            if codec:
                found.append(codec.event(log.address.lower(), topics, data))
        return tuple(found)

    def _reverted(self, error: RuntimeError) -> Exception:
        match = _OUTCOME.match(str(error))
        if not match:
            return error
        if match["halt"]:
            return Reverted("Halt", match["halt"])
        return self.explain(bytes.fromhex(match["output"]))

    def explain(self, data: bytes) -> Reverted:
        """The error behind what a failed call returned."""
        codec = self._errors.get(data[:4])
        if codec:
            return Reverted(codec.name, *codec.arguments(data[4:]))
        return Reverted("Unknown", data) if data else Reverted("Empty")

    def set_block(self, number: int, time: int) -> None:
        """The block in which the next calls run; its randomness follows from its number."""
        self.number, self.time = number, time
        block = BlockEnv(
            number=number, timestamp=time, prevrandao=keccak(number.to_bytes(32, "big"))
        )
        self._evm.set_block_env(block)

    def advance(self, seconds: int = 12, blocks: int = 1) -> None:
        self.set_block(self.number + blocks, self.time + seconds)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo what happens inside: state, block and time. They nest."""
        checkpoint, number, time = self._evm.snapshot(), self.number, self.time
        try:
            yield
        finally:
            self._evm.revert(checkpoint)
            self.set_block(number, time)
