"""What stands of swarms in the miner's file: the table `[swarm]`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from suanli.base.config import ConfigError
from suanli.base.fields import AccountAddress, number
from suanli.base.tables import Table, table_of
from suanli.base.toml_file import TomlFile, TomlMistakes
from suanli.lease.host.config import addresses_given, listen_given


@dataclass(frozen=True, kw_only=True)
class SwarmTable:
    """Tasks of the class `resource` are run for vouchers. `listen`: where callers are taken;
    `addresses`: how they reach it, by default there."""

    channels: AccountAddress
    resource: Annotated[int, number(1, 2**32 - 1)] = 1
    listen: Annotated[tuple[str, int] | None, BeforeValidator(listen_given)] = None
    addresses: Annotated[tuple[str, ...], BeforeValidator(addresses_given)] = ()


def read(path: Path) -> SwarmTable | None:
    """None: there is no such table. Raises ConfigError with what is wrong and what to do."""
    try:
        file = TomlFile(path)
        if "swarm" not in file.data:
            return None
        found: Any = file.read(_table(), file.data["swarm"], ("swarm",))
        if found and found.listen is None:
            file.problem(("swarm", "listen"), "is missing: where callers are taken")
        file.finish()
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}: make it with `suanli miner init`") from None
    except TomlMistakes as error:
        raise ConfigError(str(error)) from None
    return SwarmTable(**{name: getattr(found, name) for name in found.model_fields_set})


@cache
def _table() -> type[Table]:
    return table_of(SwarmTable, advice="add it")
