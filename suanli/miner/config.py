"""The miner's TOML file: what it sells, and how it reaches chain, relay and store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from suanli.base.fields import (
    AMOUNT,
    AccountAddress,
    FilePath,
    Tokens,
    address,
    folder,
    number,
    urls,
)
from suanli.base.tables import Table, table_of
from suanli.base.text import is_address
from suanli.base.toml_file import TomlFile
from suanli.daemon import DaemonConfig, read_file
from suanli.deployment import TOKEN
from suanli.engine import MAX_MODULE_BYTES
from suanli.engine.cluster import BadAddress, scheduler_of
from suanli.miner.core import Listed, Sale, Share
from suanli.miner.staking import an_hours_work
from suanli.protocol import MAX_ASK
from suanli.store import InvalidCid, digest_of
from suanli.store.ipfs import BadPlace, is_ipfs, require_node

_ADD = "add it, or run `suanli miner init`"


# What may stand there, besides `suanli.base.fields`: each raises ValueError with what is wrong.


def _capacity(value: Any) -> int | None:
    if value == "auto":
        return None
    if type(value) is not int:
        raise ValueError('must be a number, or "auto"')
    if not 1 <= value < 2**64:
        raise ValueError(f"must be from 1 to {2**64 - 1:g}")
    return value


def _ask(value: Any) -> int | Share:
    """A decimal number of tokens as text: TOML's own fractions are inexact."""
    if isinstance(value, str) and value.endswith("%"):
        with suppress(InvalidOperation, ValueError, OverflowError):
            bps = Decimal(value[:-1].strip()) * 100
            if 100 <= bps <= 100_000 and bps == int(bps):
                return Share(int(bps))
        raise ValueError(
            'must be from "1%" to "1000%" of the market\'s price, with 2 decimals at most'
        )
    with suppress(InvalidOperation, ValueError, OverflowError):
        scaled = Decimal(value) * TOKEN if isinstance(value, str) else Decimal("NaN")
        if 0 < scaled <= MAX_ASK and scaled == int(scaled):
            return int(scaled)
    raise ValueError(AMOUNT)


def _executor(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if value:
        try:
            scheduler_of(value)
        except BadAddress as error:
            raise ValueError(str(error)) from None
    return value


def _of_list(kind: Callable[[str], Any]) -> BeforeValidator:
    def checked(values: Any) -> Any:
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError("must be a list of texts")
        return frozenset(kind(text) for text in values)

    return BeforeValidator(checked)


def _digest(text: str) -> bytes:
    """As `sha256sum` prints it, or a CID."""
    try:
        if len(text.removeprefix("0x")) == 64:
            return bytes.fromhex(text.removeprefix("0x"))
        return digest_of(text)
    except (ValueError, InvalidCid):
        raise ValueError(f"{text!r} is no module: the sha256 digest of its file is") from None


def _requester(text: str) -> str:
    if not is_address(text):
        raise ValueError(f"{text!r} is no requester: 0x and 40 hexadecimal digits are")
    return address(text)


class ListedTable(Table):
    """[deny] and [allow]."""

    modules: Annotated[frozenset[bytes], _of_list(_digest)] = frozenset()
    requesters: Annotated[frozenset[str], _of_list(_requester)] = frozenset()


class SoldTable(Table):
    """What is said of each class."""

    resource: Annotated[int, number(1, 2**32 - 1)] = 1
    capacity: Annotated[int | None, BeforeValidator(_capacity)] = None
    ask: Annotated[Any, BeforeValidator(_ask)] = Field(description=_ADD)
    verified_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Config(DaemonConfig):
    """`sales`: made of `[[sell]]`, or of what stands in place of it. docs/mining.md explains
    each."""

    payout: AccountAddress
    units_per_second: Annotated[float, number(1, 2**32 - 1, whole=False)] = 0.0
    executor: Annotated[str, BeforeValidator(_executor)] = ""
    sales: tuple[Sale, ...]
    relays: Annotated[tuple[str, ...], BeforeValidator(urls)] = ()
    store: FilePath = "relay"
    data: Annotated[Path, BeforeValidator(folder)] = Path("miner-data")
    margin: Annotated[float, number(1, 100, whole=False)] = 1.5
    reserve: Annotated[int, number(0, 86_400)] = 15
    patience: Annotated[int, number(0)] = 60
    offer_seconds: Annotated[int, number(60)] = 86_400
    together: Annotated[int, number(0, 60)] = 5
    appeal_bond: Tokens = field(default=Decimal(150))
    court: bool = False
    least: Tokens = field(default=Decimal(0))
    update_price: bool = True
    max_reward_fee_gwei: Annotated[int, number(0)] = 100
    max_result_fee_gwei: Annotated[int, number(0)] = 0
    max_module_bytes: Annotated[int, number(1)] = MAX_MODULE_BYTES
    deny: Listed = field(default_factory=Listed)
    allow: Listed = field(default_factory=Listed)
    max_bytes: Annotated[int, number(1)] = 50 << 30

    @property
    def most_result_fee(self) -> int:
        """Gwei per gas that handing in a result may cost."""
        return max(self.max_fee_gwei, self.max_result_fee_gwei or 5 * self.max_fee_gwei)

    @property
    def store_folder(self) -> Path | None:
        """The requesters' store, if it is a folder."""
        if self.store == "relay" or is_ipfs(self.store):
            return None
        return self.path.parent / Path(self.store).expanduser()


def read(path: Path) -> Config:
    """Raises ConfigError with what is wrong and what to do."""
    return read_file(path, "miner", _read)


def _read(path: Path, file: TomlFile) -> Config:
    whole = dict(file.data)
    # Of these the lease's own reader tells what is wrong.
    names = "leasing", "lease", "swarm", "storage"
    leases = [whole.pop(name, None) for name in names]
    sold = whole.pop("sell", None)
    one = {name: whole.pop(name) for name in SoldTable.model_fields if name in whole}
    found: Any = file.read(_shared(), whole)
    if sold is not None and one:
        file.problem((min(one),), "stands beside [[sell]]: put it into one of them")
    if sold is None and not one and (leases[1] or leases[3]):
        sold = ()
    tables = [file.read(SoldTable, one)] if sold is None else _sold(file, sold)
    if found and not found.relays and found.store == "relay":
        file.problem(("store",), 'without a relay, name a folder: store = "…"')
    if found and tables and not found.units_per_second and not found.executor:
        file.problem(("units_per_second",), f"is missing: {_ADD}")
    if found and is_ipfs(found.store):
        _require_node(file, found.store, found.relays)
    file.finish()
    values = {name: getattr(found, name) for name in found.model_fields_set}
    for name in values.keys() & {"deny", "allow"}:
        values[name] = Listed(values[name].modules, values[name].requesters)
    sales = tuple(_sale(table, found) for table in tables if table)
    data = path.absolute().parent / found.data.expanduser()
    return Config(path=path.absolute(), sales=sales, **{**values, "data": data})


def _sale(table: SoldTable, shared: Any) -> Sale:
    follows = bool(shared.executor) and table.capacity is None
    hour = 0 if follows else an_hours_work(shared.units_per_second, shared.workers)
    return Sale(table.resource, table.capacity or hour, table.ask, table.verified_only, follows)


def _require_node(file: TomlFile, store: str, relays: Sequence[str]) -> None:
    """Results are put there, and large ones found by what the relay is told."""
    try:
        require_node(store)
    except BadPlace as error:
        file.problem(("store",), str(error))
    if not relays:
        file.problem(("store",), "on IPFS takes a relay, too, where blobs' roots are told: name it")


@cache
def _shared() -> type[Table]:
    """The file without what is said of classes."""
    lists = {"deny": ListedTable, "allow": ListedTable}
    return table_of(Config, lists, without=("path", "sales"), advice=_ADD)


def _sold(file: TomlFile, tables: Any) -> list[SoldTable | None]:
    if tables == ():  # what it sells is leased
        return []
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        file.problem(("sell",), "is no list: write [[sell]] above each class's settings")
        return []
    found: list[SoldTable | None] = []
    seen: set[int] = set()
    for place, table in enumerate(tables):
        # Whatever follows [[sell]] belongs to it, though it may be meant for all classes.
        for name in table.keys() & _shared().model_fields.keys():
            file.problem(
                ("sell", place, name), "is of all classes: move it above the first [[sell]]"
            )
        sold = file.read(SoldTable, table, ("sell", place))
        if sold and sold.resource in seen:
            reason = f"class {sold.resource} is sold twice: remove one [[sell]]"
            file.problem(("sell", place), reason)
        seen |= {sold.resource} if sold else set()
        found.append(sold)
    return found
