"""Doing what a plan says, once, however often it is begun."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from suanli.deployment.errors import DeploymentError
from suanli.deployment.plan import DeploymentPlan
from suanli.deployment.steps import ContractRef, Deploy, PlannedCall, PlannedCheck


@dataclass(frozen=True)
class Created:
    """A contract that exists: its address, the block it was made in and the transaction."""

    address: str
    block: int
    transaction: str


class Chain(Protocol):
    """What executing a plan needs of a chain. Every sending waits until it is certain."""

    def next_address(self) -> str:
        """The address of the contract that the deployer's next transaction would create."""

    def created(self, address: str) -> Created | None:
        """The contract at this address, if there is one."""

    def deploy(self, contract: str, arguments: tuple[Any, ...]) -> Created: ...

    def send(
        self, contract: str, address: str, method: str, arguments: tuple[Any, ...]
    ) -> None: ...

    def call(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> Any: ...


@dataclass
class DeploymentRecord:
    """What has been done: kept between runs, saved before and after every creation."""

    created: dict[str, Created] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    """Where a contract would appear whose creation was begun."""


def execute(
    plan: DeploymentPlan,
    chain: Chain,
    record: DeploymentRecord | None = None,
    save: Callable[[DeploymentRecord], None] = lambda record: None,
    tell: Callable[[str], None] = lambda line: None,
) -> Mapping[str, str]:
    """Do the steps that are not done, verify, and return all addresses by name.

    Raises:
        DeploymentError: a recorded contract is not there, or a check fails in the end.
    """
    record = record or DeploymentRecord()
    addresses = dict(plan.known)
    for step in plan.steps:
        if isinstance(step, Deploy):
            addresses[step.name] = _create(step, chain, record, save, tell, addresses)
        else:
            _call(step, plan, chain, tell, addresses)
    for check in plan.checks:
        _verify(check, plan, chain, addresses)
    return addresses


def _create(
    step: Deploy,
    chain: Chain,
    record: DeploymentRecord,
    save: Callable[[DeploymentRecord], None],
    tell: Callable[[str], None],
    addresses: Mapping[str, str],
) -> str:
    done = record.created.get(step.name)
    if done is not None:
        if chain.created(done.address) is None:
            raise DeploymentError(
                f"{step.name} is recorded at {done.address}, but nothing is there: the record is"
                " another chain's. Move it away to deploy anew"
            )
        tell(f"{step.name} is at {done.address} already")
        return done.address
    # A run may have died between sending and recording: then it is where it was expected.
    expected = record.expected.get(step.name)
    created = chain.created(expected) if expected else None
    if created is None:
        record.expected[step.name] = chain.next_address()
        save(record)
        created = chain.deploy(step.contract, _resolve(step.arguments, addresses))
    record.created[step.name] = created
    record.expected.pop(step.name, None)
    save(record)
    tell(f"{step.name} was created at {created.address}")
    return created.address


def _call(
    step: PlannedCall,
    plan: DeploymentPlan,
    chain: Chain,
    tell: Callable[[str], None],
    addresses: Mapping[str, str],
) -> None:
    found = [check for check in (step.done, step.beyond) if check is not None]
    if any(_holds(check, plan, chain, addresses)[0] for check in found):
        tell(f"{step.name}: done already")
        return
    address = addresses[step.target]
    arguments = _resolve(step.arguments, addresses)
    chain.send(plan.contracts[step.target], address, step.method, arguments)
    tell(step.name)


def _verify(
    check: PlannedCheck, plan: DeploymentPlan, chain: Chain, addresses: Mapping[str, str]
) -> None:
    holds, found = _holds(check, plan, chain, addresses)
    if not holds:
        expected = _resolve((check.expected,), addresses)[0]
        arguments = ", ".join(map(str, check.arguments))
        raise DeploymentError(
            f"{check.target}.{check.method}({arguments}) is {found}, not {expected}: what is"
            " deployed differs from the parameters. Set it right by hand, or deploy anew"
        )


def _holds(
    check: PlannedCheck, plan: DeploymentPlan, chain: Chain, addresses: Mapping[str, str]
) -> tuple[bool, Any]:
    contract, address = plan.contracts[check.target], addresses[check.target]
    arguments = _resolve(check.arguments, addresses)
    found = _plain(chain.call(contract, address, check.method, arguments))
    found = len(found) if check.counts else found
    expected = _plain(_resolve((check.expected,), addresses)[0])
    return (found >= expected if check.at_least else found == expected), found


def _resolve(value: tuple[Any, ...], addresses: Mapping[str, str]) -> tuple[Any, ...]:
    return tuple(
        addresses[item.name]
        if isinstance(item, ContractRef)
        else _resolve(item, addresses)
        if isinstance(item, tuple)
        else item
        for item in value
    )


def _plain(value: Any) -> Any:
    """Libraries differ in how they show addresses, bytes and structs."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    return value
