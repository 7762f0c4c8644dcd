"""Parameters read from TOML; docs/deploying.md shows them."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from eth_utils.address import is_address, to_checksum_address
from pydantic import BeforeValidator, Field, model_validator

from suanli.base.tables import table_of
from suanli.base.toml_file import TomlFile, TomlMistakes
from suanli.deployment.channels import ChannelParameters
from suanli.deployment.court import CourtParameters
from suanli.deployment.errors import DeploymentError
from suanli.deployment.network import NetworkParameters
from suanli.deployment.parameters import (
    AdaptiveParameters,
    Allocation,
    ClassParameters,
    ClassReward,
    GovernanceParameters,
    IdentityParameters,
    Parameters,
    PriceParameters,
    RewardParameters,
    TermsParameters,
)
from suanli.deployment.storage import StorageParameters
from suanli.engine import Runtime, runtime_id, runtime_ids
from suanli.protocol import PRESETS, ZERO_ADDRESS

THIS_VERSION = "this version"
"""In the place of a runtime id: all that this version has here."""


@dataclass(frozen=True)
class Sending:
    """Who deploys, and how long to wait: `account` is an id in Brownie's keystore, or `clef`."""

    account: str
    confirmations: int = 2


def _address(value: Any) -> str:
    if not isinstance(value, str) or not is_address(value) or int(value, 16) == 0:
        raise ValueError(f"{value!r} is not an address")
    return to_checksum_address(value)


def _price(value: Any) -> int:
    """10^-18 token from a decimal number of tokens, as text: TOML's own numbers are inexact."""
    with suppress(InvalidOperation, ValueError, OverflowError):
        scaled = Decimal(value) * 10**18 if isinstance(value, str) else Decimal("NaN")
        if scaled == scaled.to_integral_value():
            return int(scaled)
    raise ValueError(
        f'{value!r} is not a number of tokens in quotes, like "0.0001", with 18 decimals at most'
    )


def _gwei(value: Any) -> Decimal:
    """Gwei, as text, down to a wei."""
    with suppress(InvalidOperation, ValueError, OverflowError):
        gwei = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        if 0 <= gwei < 10**9 and gwei * 10**9 == (gwei * 10**9).to_integral_value():
            return gwei
    raise ValueError(f'{value!r} is not a number of gwei in quotes, like "0.05"')


def _preset(value: Any) -> str:
    if value not in PRESETS:
        raise ValueError(f"there is no price preset {value!r}: use one of {', '.join(PRESETS)}")
    return str(value)


def _runtimes(value: Any) -> tuple[bytes, ...]:
    try:
        return tuple(dict.fromkeys(id_ for item in value for id_ in runtimes_of(item)))
    except (AttributeError, TypeError, ValueError):
        names = ", ".join(f'"{name}"' for name in (THIS_VERSION, *Runtime))
        raise ValueError(f"must be a list of {names}, or 32 bytes in hexadecimal each") from None


def _attestors(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of addresses")
    return tuple(map(_address, value))


_SEE = "see deployments/example.toml"
_Address = Annotated[str | None, BeforeValidator(_address)]
_Price = Annotated[int, BeforeValidator(_price)]
_PriceTable = table_of(
    PriceParameters,
    dict.fromkeys(("base", "alpha", "floor", "cap"), _Price)
    | {"preset": Annotated[str, BeforeValidator(_preset)]},
    advice=_SEE,
)


class _AdaptivePriceTable(
    table_of(  # type: ignore[misc]  # made of what it holds
        AdaptiveParameters, dict.fromkeys(("start", "floor", "cap"), _Price), advice=_SEE
    )
):
    @model_validator(mode="after")
    def _possible(self) -> Any:
        """Within the contract's bounds."""
        try:
            AdaptiveParameters(**_given(self))
        except DeploymentError as error:
            raise ValueError(str(error)) from None
        return self


_TermsTable = table_of(TermsParameters, {"compensation_cap": _Price})


class _ClassTable(
    table_of(  # type: ignore[misc]  # made of what it holds
        ClassParameters,
        {
            "floor": _Price,
            "stake_per_unit": _Price,
            "runtimes": Annotated[tuple[bytes, ...], BeforeValidator(_runtimes)],
        },
        without=("price",),
        advice=_SEE,
    )
):
    price: _PriceTable | None = None  # type: ignore[valid-type]
    adaptive: _AdaptivePriceTable | None = None

    @model_validator(mode="after")
    def _priced(self) -> Any:
        if (self.price is None) == (self.adaptive is None):
            raise ValueError(f"must have either price or adaptive, to say how it is priced: {_SEE}")
        return self


_AllocationTable = table_of(Allocation, {"holder": _Address, "tokens": _Price}, advice=_SEE)
_GovernanceTable = table_of(
    GovernanceParameters,
    {"allocation": list[_AllocationTable], "proposal_threshold": _Price},  # type: ignore[valid-type]
    advice=_SEE,
)
_IdentityTable = table_of(
    IdentityParameters,
    {"attestors": Annotated[tuple[str, ...], BeforeValidator(_attestors)]},
    advice=_SEE,
)
_ClassRewardTable = table_of(ClassReward, {}, advice=_SEE)
_RewardTable = table_of(
    RewardParameters,
    {"classes": list[_ClassRewardTable]},  # type: ignore[valid-type]
    advice=_SEE,
)
_ChannelTable = table_of(ChannelParameters, {}, advice=_SEE)
_StorageTable = table_of(StorageParameters, {}, advice=_SEE)


class _NetworkTable(
    table_of(  # type: ignore[misc]  # made of what it holds
        NetworkParameters,
        dict.fromkeys(("base_fee_gwei", "tip_gwei"), Annotated[Decimal, BeforeValidator(_gwei)]),
        advice="see deployments/networks",
    )
):
    @model_validator(mode="after")
    def _possible(self) -> Any:
        """What a chain can be."""
        try:
            NetworkParameters(**_given(self))
        except DeploymentError as error:
            raise ValueError(str(error)) from None
        return self


_AMOUNTS = ("seat_fee", "seat_stake", "bond", "reward_cap")


class _CourtTable(
    table_of(  # type: ignore[misc]  # made of what it holds
        CourtParameters, dict.fromkeys(_AMOUNTS, _Price), advice=_SEE
    )
):
    @model_validator(mode="after")
    def _possible(self) -> Any:
        """Within the contract's bounds."""
        try:
            CourtParameters(**_given(self))
        except DeploymentError as error:
            raise ValueError(str(error)) from None
        return self


_ADDRESSES = ("treasury", "reward_pool", "guardian", "court_address", "identity_verifier")
_TABLES = (
    *("classes", "terms", "governance", "court", "identity", "rewards", "channels", "storage"),
)


class _File(
    table_of(  # type: ignore[misc]  # made of what it holds
        Parameters,
        dict.fromkeys(_ADDRESSES, _Address),
        without=(*_TABLES, "token", "funded"),
        advice=_SEE,
    )
):
    token: _Address = Field(
        description="name the ERC-20 that deals are settled in. The token with a faucet is for"
        " local chains only"
    )
    sending: table_of(Sending, advice=_SEE) = Field(description=_SEE)  # type: ignore[valid-type]
    terms: _TermsTable = _TermsTable()  # type: ignore[valid-type]
    governance: _GovernanceTable = Field(description=_SEE)  # type: ignore[valid-type]
    court: _CourtTable | None = None
    identity: _IdentityTable | None = None  # type: ignore[valid-type]
    rewards: _RewardTable | None = None  # type: ignore[valid-type]
    channels: _ChannelTable | None = None  # type: ignore[valid-type]
    storage: _StorageTable | None = None  # type: ignore[valid-type]
    network: _NetworkTable | None = None
    classes: list[_ClassTable] = Field(
        description="add one resource class at least, under [[classes]]", min_length=1
    )


def read_parameters(path: Path) -> tuple[Parameters, Sending]:
    """The parameters for a live chain.

    Raises:
        DeploymentError: the file is missing or not TOML; with line and column, parameters that are
            missing, unknown, of the wrong type or not an address.
    """
    return _chosen(_file(path, ""))


def read_rehearsed(path: Path, stand_in: str) -> tuple[Parameters, Sending, NetworkParameters]:
    """The same, and what the chain is like. The zero address, in the place of what is not there
    yet, becomes `stand_in`.

    Raises:
        DeploymentError: as `read_parameters`, or it does not say what the chain is like.
    """
    found = _file(path, stand_in)
    if found.network is None:
        raise DeploymentError(
            f"{path} has no table [network], which says what the chain is like: take one from"
            " deployments/networks, and correct it"
        )
    network = NetworkParameters(**_given(found.network))
    parameters, sending = _chosen(found)
    waits = sending.confirmations * network.block_time
    if parameters.court is not None and waits > parameters.court.inclusion:
        raise DeploymentError(
            f"sending.confirmations are {waits:g} s, and court.inclusion, the longest that the"
            f" chain may keep a transaction out, is {parameters.court.inclusion} s: one of them is"
            " wrong"
        )
    return parameters, sending, network


def _file(path: Path, stand_in: str) -> Any:
    try:
        file = TomlFile(path)
        found: Any = file.read(_File, _filled(file.data, stand_in) if stand_in else file.data)
        file.finish()
    except FileNotFoundError:
        raise DeploymentError(
            f"there is no parameter file {path}: copy deployments/example.toml and fill it in"
        ) from None
    except TomlMistakes as error:
        raise DeploymentError(str(error)) from None
    return found


def _filled(value: Any, stand_in: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, stand_in) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, stand_in) for item in value]
    return stand_in if value == ZERO_ADDRESS else value


def _chosen(found: Any) -> tuple[Parameters, Sending]:
    terms = TermsParameters(**_given(found.terms))
    classes = tuple(map(_resource_class, found.classes))
    values = _given(found)
    if "court" in values:
        values["court"] = CourtParameters(**_given(found.court))
    if "identity" in values:
        values["identity"] = IdentityParameters(**_given(found.identity))
    if "rewards" in values:
        values["rewards"] = _rewards(found.rewards)
    if "channels" in values:
        values["channels"] = ChannelParameters(**_given(found.channels))
    if "storage" in values:
        values["storage"] = StorageParameters(**_given(found.storage))
    sending = Sending(**_given(values.pop("sending")))
    values.pop("network", None)
    more = {"terms": terms, "classes": classes, "governance": _governance(found.governance)}
    return Parameters(**values | more), sending


def _given(table: Any) -> dict[str, Any]:
    """What stands in a table."""
    return {name: getattr(table, name) for name in table.model_fields_set}


def _governance(table: Any) -> GovernanceParameters:
    allocation = tuple(Allocation(**_given(line)) for line in table.allocation)
    return GovernanceParameters(**_given(table) | {"allocation": allocation})


def _rewards(table: Any) -> RewardParameters:
    values = _given(table)
    lines = tuple(ClassReward(**_given(line)) for line in values.get("classes", ()))
    return RewardParameters(**values | {"classes": lines})


def _resource_class(table: Any) -> ClassParameters:
    given = {"runtimes": () if table.unit_seconds else runtime_ids(), **_given(table)}
    linear, adaptive = given.pop("price", None), given.pop("adaptive", None)
    price = PriceParameters(**_given(linear)) if linear else AdaptiveParameters(**_given(adaptive))
    return ClassParameters(**given, price=price)


def runtimes_of(text: str) -> tuple[bytes, ...]:
    """Runtime ids: one from hexadecimal, or of this version of the engine all or that of a name.

    Raises:
        ValueError: none of these.
    """
    if text == THIS_VERSION:
        return runtime_ids()
    if text in tuple(Runtime):
        return (runtime_id(Runtime(text)),)
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != 32:
        raise ValueError("a runtime id has 32 bytes")
    return (found,)
