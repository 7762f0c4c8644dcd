"""Parameters read from TOML, and the record of a deployment kept as JSON.

docs/deploying.md shows both.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from eth_utils.address import is_address, to_checksum_address

from suanli.deployment.errors import DeploymentError
from suanli.deployment.execute import Created, Record
from suanli.deployment.parameters import Parameters, Price, ResourceClass, Terms
from suanli.engine import runtime_id

T = TypeVar("T")
PRICES = {"base", "alpha", "floor", "cap", "stake_per_unit", "compensation_cap"}
THIS_VERSION = "this version"
"""In the place of a runtime id."""
ADDRESSES = {
    "treasury",
    "reward_pool",
    "owner",
    "guardian",
    "token",
    "court",
    "identity_verifier",
}


@dataclass(frozen=True)
class Sending:
    """Who deploys, and how long to wait: `account` is an id in Brownie's keystore, or `clef`."""

    account: str
    confirmations: int = 2


def read_parameters(path: Path) -> tuple[Parameters, Sending]:
    """The parameters for a live chain.

    Raises:
        DeploymentError: the file is missing or not TOML; a parameter is missing, unknown, of the
            wrong type or not an address; there is no token.
    """
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise DeploymentError(
            f"there is no parameter file {path}: copy deployments/example.toml and fill it in"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeploymentError(f"{path} is not TOML: {error}") from None
    where = str(path)
    sending = _section(Sending, table, "sending", where)
    terms = _section(Terms, table, "terms", where)
    listed = table.pop("classes", [])
    if not isinstance(listed, list) or not listed:
        raise DeploymentError(f"{where} has no [[classes]]: add one resource class at least")
    classes = tuple(
        _resource_class(_table(item, where), f"{where} [[classes]] {number}")
        for number, item in enumerate(listed, start=1)
    )
    if "token" not in table:
        raise DeploymentError(
            f"{where}: token is missing: name the ERC-20 that deals are settled in. The token with"
            " a faucet is for local chains only"
        )
    parameters = _build(Parameters, {**table, "terms": terms, "classes": classes}, where)
    return parameters, sending


def _section(kind: type[T], table: dict[str, Any], name: str, where: str) -> T:
    header = f"{where} [{name}]"
    return _build(kind, _table(table.pop(name, {}), header), header)


def _resource_class(table: dict[str, Any], where: str) -> ResourceClass:
    price = _build(Price, _table(table.pop("price", {}), where), f"{where} price")
    usual = [] if table.get("leased") else [THIS_VERSION]
    runtimes = table.pop("runtimes", usual)
    try:
        ids = tuple(runtime_of(item) for item in runtimes)
    except (AttributeError, TypeError, ValueError):
        raise DeploymentError(
            f'{where}: runtimes must be a list of "{THIS_VERSION}", or 32 bytes in hexadecimal each'
        ) from None
    return _build(ResourceClass, {**table, "price": price, "runtimes": ids}, where)


def runtime_of(text: str) -> bytes:
    """A runtime id from hexadecimal, or the one of this version of the engine.

    Raises:
        ValueError: neither.
    """
    if text == THIS_VERSION:
        return runtime_id()
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != 32:
        raise ValueError("a runtime id has 32 bytes")
    return found


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DeploymentError(f"{where} must be a table")
    return dict(value)


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """A dataclass from a table, each value checked against the field's type."""
    hints = get_type_hints(kind)
    if unknown := sorted(values.keys() - hints.keys()):
        raise DeploymentError(f"{where}: {unknown[0]} is no parameter: remove or correct it")
    for item in fields(kind):  # type: ignore[arg-type]
        required = item.default is MISSING and item.default_factory is MISSING
        if required and item.name not in values:
            raise DeploymentError(f"{where}: {item.name} is missing: see deployments/example.toml")
    return kind(**{name: _value(name, value, hints[name], where) for name, value in values.items()})


def _value(name: str, value: Any, wanted: Any, where: str) -> Any:
    if name in ADDRESSES:
        if not isinstance(value, str) or not is_address(value) or int(value, 16) == 0:
            raise DeploymentError(f"{where}: {name} = {value!r} is not an address")
        return to_checksum_address(value)
    if name in PRICES:
        return _price(name, value, where)
    if wanted in (int, str, bool) and type(value) is not wanted:
        raise DeploymentError(f"{where}: {name} = {value!r} is not of type {wanted.__name__}")
    return value


def _price(name: str, value: Any, where: str) -> int:
    """10^-18 token from a decimal number of tokens, as text: TOML's own numbers are inexact."""
    try:
        scaled = Decimal(value) * 10**18 if isinstance(value, str) else Decimal("NaN")
        if scaled == scaled.to_integral_value():
            return int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise DeploymentError(
        f"{where}: {name} = {value!r} is not a number of tokens in quotes, like"
        ' "0.0001", with 18 decimals at most'
    )


class RecordFile:
    """`deployments/<chain id>.json`: what is done so far, and in the end all that there is."""

    def __init__(self, path: Path, parameters: Parameters, deployer: str) -> None:
        self.path = path
        self._head: dict[str, Any] = {
            "chain_id": parameters.chain_id,
            "deployer": deployer,
            "parameters": _plain(asdict(parameters)),
        }

    def load(self) -> Record:
        """What earlier runs did; an empty record if there were none.

        Raises:
            DeploymentError: it is complete, or was begun with other parameters or another account.
        """
        try:
            found = json.loads(self.path.read_text())
        except FileNotFoundError:
            return Record()
        except ValueError as error:
            raise DeploymentError(f"{self.path} can't be read: {error}") from None
        for key, value in self._head.items():
            if found.get(key) != value:
                raise DeploymentError(
                    f"{self.path} was begun with {_difference(key, found.get(key), value)}: go on"
                    " with what it says, or move it away to deploy anew"
                )
        created = {name: Created(**item) for name, item in found["contracts"].items()}
        return Record(created, dict(found.get("expected", {})))

    def address_of(self, contract: str) -> str:
        """Where the deployment put a contract.

        Raises:
            DeploymentError: the file does not say.
        """
        try:
            return str(json.loads(self.path.read_text())["contracts"][contract]["address"])
        except (OSError, ValueError, KeyError, TypeError):
            raise DeploymentError(
                f"{self.path} does not say where {contract} is: deploy first"
            ) from None

    def save(self, record: Record, **more: Any) -> None:
        """Write all at once, so that no crash leaves half a file."""
        contracts = {name: asdict(item) for name, item in record.created.items()}
        content = {**self._head, **more, "contracts": contracts}
        if record.expected:
            content["expected"] = record.expected
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".json.new")
        draft.write_text(json.dumps(content, indent=2) + "\n")
        os.replace(draft, self.path)


def _plain(value: Any) -> Any:
    """As JSON gives it back; prices as text, for JavaScript's numbers end at 2^53."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value


def _difference(key: str, found: Any, wanted: Any) -> str:
    """The first thing that differs, named."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in wanted:
            if found.get(name) != wanted[name]:
                return _difference(f"{key}.{name}", found.get(name), wanted[name])
    return f"{key} = {found}, not {wanted}"
