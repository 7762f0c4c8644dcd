"""What stands of storage in the miner's file: `[storage]`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from suanli.base.config import ConfigError
from suanli.base.fields import AccountAddress, FilePath, Tokens, number
from suanli.base.tables import Table, table_of
from suanli.base.toml_file import TomlFile, TomlMistakes
from suanli.lease.host.config import Size, addresses_given, listen_given

TABLE = FOLDER = "storage"
"""In the file, and in the miner's folder."""


@dataclass(frozen=True, kw_only=True)
class KeepingSpace:
    """Space that is sold: `units` of a leased class, `unit` bytes each; times in seconds, `ask` in
    tokens a unit, `collateral` in tokens that are put behind deals, all together; `gas`: tokens
    that a million gas cost the miner, None: as the chain asks, for a coin worth a token; `unpaid`:
    bytes that an account may have here before it pays, 0: a quarter of the disk's. Without
    `addresses` callers come through the relays."""

    deals: AccountAddress
    resource: Annotated[int, number(1, 2**32 - 1)]
    units: Annotated[int, number(1, 1_000_000)]
    ask: Tokens
    collateral: Tokens
    disk: Size
    listen: Annotated[tuple[str, int] | None, BeforeValidator(listen_given)] = None
    addresses: Annotated[tuple[str, ...], BeforeValidator(addresses_given)] = ()
    folder: FilePath = ""
    unit: Annotated[int, number(1_000_000, 10**15)] = 10**9
    period: Annotated[int, number(1, 30 * 86_400)] = 3_600
    longest: Annotated[int, number(60, 365 * 86_400)] = 365 * 86_400
    gas: Tokens | None = None
    unpaid: Size = 0

    def behind(self, decimals: int) -> int:
        """The collateral in base units."""
        return int(self.collateral * Decimal(10**decimals))

    def folder_in(self, data: Path) -> Path:
        """Of the bytes; `data` is the miner's."""
        return Path(self.folder) if self.folder else data / FOLDER / "bytes"

    @property
    def price(self) -> int:
        """What is asked, in 10^-18 token per unit."""
        return int(self.ask * Decimal(10**18))


def read(path: Path) -> KeepingSpace | None:
    """None: no storage is sold. Raises ConfigError with what is wrong and what to do."""
    try:
        file = TomlFile(path)
        if TABLE not in file.data:
            return None
        found: Any = file.read(_table(), file.data[TABLE], (TABLE,))
        file.finish()
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}: make it with `suanli miner init`") from None
    except TomlMistakes as error:
        raise ConfigError(str(error)) from None
    return KeepingSpace(**{name: getattr(found, name) for name in found.model_fields_set})


@cache
def _table() -> type[Table]:
    return table_of(KeepingSpace, advice="add it")
