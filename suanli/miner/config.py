"""The miner's TOML file: what it sells, and how it reaches chain, relay and store."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suanli.base.config import ConfigError
from suanli.base.text import is_address
from suanli.engine import MAX_MODULE_BYTES
from suanli.miner.core import Listed, Sale, Share
from suanli.miner.staking import an_hours_work
from suanli.protocol import MAX_PRICE
from suanli.store import InvalidCid, digest_of

TOKEN = 10**18
"""A price of one token per unit."""
MOST_TOKENS = 10**30
"""More than there ever are, and few enough to reckon with."""


@dataclass(frozen=True)
class Config:
    """As in the file, but for `sales`, made of `[[sell]]` or of `resource`, `capacity` and `ask`,
    and the paths, which are resolved.

    Times in seconds, sizes in bytes; docs/mining.md explains each.
    """

    path: Path
    rpc: str
    market: str
    chain_id: int
    payout: str
    units_per_second: float
    sales: tuple[Sale, ...]
    relay: str = ""
    store: str = "relay"
    account: str = ""
    data: Path = Path("miner-data")
    workers: int = 1
    margin: float = 1.5
    reserve: int = 15
    patience: int = 60
    poll: float = 1.0
    offer_seconds: int = 86_400
    court: bool = False
    collect_at: Decimal = field(default=Decimal(10))
    least: Decimal = field(default=Decimal(0))
    max_fee_gwei: int = 100
    max_result_fee_gwei: int = 0
    max_module_bytes: int = MAX_MODULE_BYTES
    deny: Listed = field(default_factory=Listed)
    allow: Listed = field(default_factory=Listed)
    max_input_bytes: int = 4 << 30
    max_bytes: int = 50 << 30
    cache: str = ""

    @property
    def most_result_fee(self) -> int:
        """Gwei per gas that handing in a result may cost."""
        return max(self.max_fee_gwei, self.max_result_fee_gwei or 5 * self.max_fee_gwei)

    @property
    def store_folder(self) -> Path | None:
        """The requesters' store, if it is a folder."""
        return None if self.store == "relay" else self.path.parent / Path(self.store).expanduser()


_LEAST: dict[str, float] = {
    "chain_id": 1,
    "capacity": 1,
    "units_per_second": 1,
    "resource": 1,
    "workers": 1,
    "margin": 1,
    "reserve": 0,
    "patience": 0,
    "poll": 0.05,
    "offer_seconds": 60,
    "max_fee_gwei": 1,
    "max_module_bytes": 1,
    "max_input_bytes": 0,
    "max_bytes": 1,
}
_MOST: dict[str, float] = {
    "workers": 4096,
    "capacity": 2**64 - 1,
    "resource": 2**32 - 1,
    "units_per_second": 2**32 - 1,
    "margin": 100,
    "reserve": 86_400,
}
_LISTS = ("modules", "requesters")
"""That [deny] and [allow] may hold."""
_OF_CLASS = {"resource": "int", "capacity": "int | None", "ask": "Ask"}
"""What is said of each class, with its type."""
_DECIMALS = ("ask", "collect_at", "least")
_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "int | None": (int,),
    "float": (int, float),
    "bool": (bool,),
}

_WANTED = {"bool": "must be true or false", "int | None": 'must be a number, or "auto"'}


def read(path: Path) -> Config:
    """Raises ConfigError with what is wrong and what to do."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}: make it with `suanli miner init`") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"can't read {path}: {error}") from None
    sold = table.pop("sell", None)
    one = {name: table.pop(name) for name in _OF_CLASS if name in table}
    if sold is not None and one:
        raise ConfigError(f"{path}: {min(one)} stands beside [[sell]]: put it into one of them")
    known = {item.name: item for item in fields(Config) if item.name not in ("path", "sales")}
    if unknown := sorted(table.keys() - known.keys()):
        raise ConfigError(f"{path}: {unknown[0]} is no setting: remove or correct it")
    if isinstance(sold, list):
        _require_of_class(path, sold, known.keys())
    needed = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING]
    if missing := [name for name in needed if name not in table]:
        raise ConfigError(f"{path}: {missing[0]} is missing: add it, or run `suanli miner init`")
    values = {name: _value(path, name, str(known[name].type), v) for name, v in table.items()}
    hour = an_hours_work(values["units_per_second"], values.get("workers", 1))
    sales = _sales(path, [one] if sold is None else sold, hour)
    config = Config(path=path.absolute(), sales=sales, **values)
    if not config.relay and config.store == "relay":
        raise ConfigError(f'{path}: without a relay, name a folder: store = "…"')
    data = path.absolute().parent / Path(config.data).expanduser()
    return Config(**{**vars(config), "data": data})


def _require_of_class(path: Path, tables: list[Any], shared: Collection[str]) -> None:
    """Whatever follows [[sell]] belongs to it, though it may be meant for all classes."""
    for table in tables:
        names = table.keys() if isinstance(table, dict) else ()
        if unknown := sorted(names - _OF_CLASS.keys()):
            how = "move it above the first [[sell]]" if unknown[0] in shared else "remove it"
            raise ConfigError(f"{path}: [[sell]] has no {unknown[0]}: {how}")


def _sales(path: Path, tables: Any, hour: int) -> tuple[Sale, ...]:
    """`hour`: units of an hour's work, the capacity that is "auto"."""
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise ConfigError(f"{path}: sell is no list: write [[sell]] above each class's settings")
    sales: dict[int, Sale] = {}
    for table in tables:
        if "ask" not in table:
            raise ConfigError(f"{path}: ask is missing: add it, or run `suanli miner init`")
        values = {n: _value(path, n, _OF_CLASS[n], value) for n, value in table.items()}
        sale = Sale(values.get("resource", 1), values.get("capacity") or hour, values["ask"])
        if sale.resource in sales:
            raise ConfigError(f"{path}: class {sale.resource} is sold twice: remove one [[sell]]")
        sales[sale.resource] = sale
    return tuple(sales.values())


def _value(path: Path, name: str, kind: str, value: Any) -> Any:
    def wrong(why: str) -> ConfigError:
        return ConfigError(f"{path}: {name} = {value!r} {why}")

    if kind == "Listed":
        try:
            return listed(value if isinstance(value, dict) else {name: value})
        except ValueError as error:
            raise ConfigError(f"{path}: [{name}]: {error}") from None
    if name == "ask" and isinstance(value, str) and value.endswith("%"):
        return _share(value, wrong)
    if name in _DECIMALS:
        return _tokens(name, value, wrong)
    if (name, value) == ("capacity", "auto"):
        return None
    if kind in _KINDS:
        if type(value) not in _KINDS[kind]:
            raise wrong(_WANTED.get(kind, "must be a number"))
        if kind != "bool" and not _LEAST.get(name, 0) <= value <= _MOST.get(name, 2**53):
            raise wrong(f"must be from {_LEAST.get(name, 0):g} to {_MOST.get(name, 2**53):g}")
        return value
    if name == "rpc" and isinstance(value, list) and all(isinstance(url, str) for url in value):
        value = ",".join(value)
    if not isinstance(value, str):
        raise wrong("must be text, in quotes")
    if name in ("market", "payout"):
        if not is_address(value):
            raise wrong("is no address: 0x and 40 hexadecimal digits")
        return value.lower()
    urls = value.split(",") if name == "rpc" else [value] if value else []
    if name in ("rpc", "relay") and not all(map(_is_url, urls)):
        # Not shown: addresses of hosted nodes hold a secret.
        raise ConfigError(f"{path}: {name} must be like http://127.0.0.1:8545, or with https://")
    if name in ("data", "store", "cache"):
        _check_path(value, wrong)
    return value


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_path(value: str, wrong: Callable[[str], ConfigError]) -> None:
    if "\0" in value:
        raise wrong("is no path: it holds a NUL")
    try:
        Path(value).expanduser()
    except RuntimeError:
        raise wrong("is no path: there is no such user's home") from None


def _share(text: str, wrong: Callable[[str], ConfigError]) -> Share:
    with suppress(InvalidOperation, ValueError, OverflowError):
        bps = Decimal(text[:-1].strip()) * 100
        if 100 <= bps <= 100_000 and bps == int(bps):
            return Share(int(bps))
    raise wrong('must be from "1%" to "1000%" of the market\'s price, with 2 decimals at most')


def _tokens(name: str, value: Any, wrong: Callable[[str], ConfigError]) -> Any:
    """A decimal number of tokens as text: TOML's own fractions are inexact."""
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        scaled = amount * TOKEN
        if name != "ask" and 0 <= amount <= MOST_TOKENS:
            return amount
        if 0 < scaled <= MAX_PRICE and scaled == int(scaled):
            return int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise wrong('must be a number of tokens in quotes, like "0.5", with 18 decimals at most')


def listed(table: Mapping[str, Any]) -> Listed:
    """From the miner's file. Raises ValueError with what is wrong."""
    if unknown := sorted(table.keys() - set(_LISTS)):
        raise ValueError(f"{unknown[0]} is no list of it: modules and requesters are")
    for name, values in table.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{name} must be a list of texts")
    return Listed(
        frozenset(_digest(text) for text in table.get("modules", ())),
        frozenset(_address(text) for text in table.get("requesters", ())),
    )


def _digest(text: str) -> bytes:
    """As `sha256sum` prints it, or a CID."""
    try:
        if len(text.removeprefix("0x")) == 64:
            return bytes.fromhex(text.removeprefix("0x"))
        return digest_of(text)
    except (ValueError, InvalidCid):
        raise ValueError(f"{text!r} is no module: the sha256 digest of its file is") from None


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError(f"{text!r} is no requester: 0x and 40 hexadecimal digits are")
    return "0x" + text.lower().removeprefix("0x")
