"""What stands of leases in the miner's file: `[leasing]` for all, `[[lease]]` for each class."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from suanli.base.config import ConfigError
from suanli.base.fields import AccountAddress, FilePath, Text, Tokens, number, text
from suanli.base.http import is_url
from suanli.base.tables import Table, table_of
from suanli.base.toml_file import TomlFile, TomlMistakes

_SIZE = re.compile(r"(\d{1,9})\s*(MiB|GiB|TiB)")
_FACTORS = {"MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_ADD = "add it"


def _size(value: Any) -> int:
    """Bytes."""
    found = _SIZE.fullmatch(text(value))
    if found is None:
        raise ValueError('must be a size in quotes, like "512 MiB" or "4 GiB"')
    return int(found[1]) * _FACTORS[found[2]]


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def addresses_given(value: Any) -> tuple[str, ...]:
    found = _texts(value)
    if wrong := [one for one in found if not is_url(one, ("ws", "wss"))]:
        raise ValueError(f"{wrong[0]!r} is no address: write one such as ws://203.0.113.7:8700")
    return found


def listen_given(value: Any) -> tuple[str, int] | None:
    host, _, port = text(value).rpartition(":")
    if not value:
        return None
    if not host or not port.isdecimal() or not int(port) < 65_536:
        raise ValueError('must be an address and a port, like "0.0.0.0:8700"')
    return host.strip("[]"), int(port)


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Size = Annotated[int, BeforeValidator(_size)]


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A class that is leased: `units` of it at a time, each with so much of the machine; sizes in
    bytes, times in seconds, `ask` in tokens a unit. A unit of a class with `gpus` (their UUIDs) has
    one of them."""

    resource: Annotated[int, number(1, 2**32 - 1)]
    units: Annotated[int, number(1, 10_000)] = 1
    ask: Tokens
    longest: Annotated[int, number(60, 365 * 86_400)] = 86_400
    cores: Annotated[float, number(0.05, 4_096, whole=False)] = 1.0
    memory: Size = 1 << 30
    disk: Size = 1 << 30
    processes: Annotated[int, number(8, 1 << 20)] = 512
    gpus: Texts = ()
    image: Text = ""


@dataclass(frozen=True, kw_only=True)
class Leasing:
    """`listen`: where callers are taken; `addresses`: how they reach it, told to all; without any
    they come through the relay. `step` in seconds."""

    channels: AccountAddress
    root: FilePath = ""
    shared: Texts = ()
    network: bool = False
    cgroup: Text = ""
    listen: Annotated[tuple[str, int] | None, BeforeValidator(listen_given)] = None
    addresses: Annotated[tuple[str, ...], BeforeValidator(addresses_given)] = ()
    step: Annotated[float, number(0.2, 60, whole=False)] = 4.0
    leases: tuple[Lease, ...] = field(default=())


def read(path: Path) -> Leasing | None:
    """None: nothing is leased. Raises ConfigError with what is wrong and what to do."""
    try:
        file = TomlFile(path)
        return _read(file)
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}: make it with `suanli miner init`") from None
    except TomlMistakes as error:
        raise ConfigError(str(error)) from None


def _read(file: TomlFile) -> Leasing | None:
    if "lease" not in file.data and "leasing" not in file.data:
        return None
    shared: Any = file.read(_shared(), file.data.get("leasing", {}), ("leasing",))
    tables = file.data.get("lease", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        file.problem(("lease",), "is no list: write [[lease]] above each class's settings")
        tables = []
    found: list[Any] = [
        file.read(_table(), table, ("lease", place)) for place, table in enumerate(tables)
    ]
    for place, one in enumerate(found):
        if one and one.gpus and len(one.gpus) != one.units:
            file.problem(("lease", place, "gpus"), f"are {len(one.gpus)}, for {one.units} units")
        if one and one.resource in {two.resource for two in found[:place] if two}:
            file.problem(("lease", place), f"class {one.resource} is leased twice: remove one")
    file.finish()
    leases = tuple(Lease(**{n: getattr(one, n) for n in one.model_fields_set}) for one in found)
    values = {name: getattr(shared, name) for name in shared.model_fields_set}
    return Leasing(**values, leases=leases)


@cache
def _shared() -> type[Table]:
    return table_of(Leasing, without=("leases",), advice=_ADD)


@cache
def _table() -> type[Table]:
    return table_of(Lease, advice=_ADD)


def ask_of(lease: Lease) -> int:
    """In 10^-18 token per unit."""
    return int(lease.ask * Decimal(10**18))
