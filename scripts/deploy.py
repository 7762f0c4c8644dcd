"""brownie run deploy: put a market on the chain that Brownie is connected to.

On a local chain everything is new, and the accounts get tokens and votes. On any other the
parameters come from `deployments/<chain id>.toml`, or from

    brownie run deploy main my-parameters.toml --network <name>

and the progress is kept in `deployments/<chain id>.json`: run it again after a failure and it goes
on where it stopped. Beside it, for any other chain:

    brownie run deploy token --network <name>                  # a token for a test network

docs/deploying.md has the whole story.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from brownie import accounts, network, web3
from brownie.exceptions import VirtualMachineError

from scripts.chain import BrownieChain, artefacts, interface, is_development
from scripts.tables import print_table
from suanli import engine
from suanli.base import amounts
from suanli.base.text import percent
from suanli.deployment import (
    LOCAL_COURT,
    DeploymentError,
    DeploymentPlan,
    Parameters,
    RecordFile,
    caveats,
    execute,
    local_governance,
    local_parameters,
    plan_of,
    power_map,
    read_parameters,
    top_holders,
)

FOLDER = Path(
    os.environ.get("SUANLI_DEPLOYMENTS") or Path(__file__).resolve().parent.parent / "deployments"
)
FAUCET = bytes.fromhex("57915897")
"""Selector of `faucet(uint256)`, as it stands in the code of a contract that has it."""


def main(parameters: str = "") -> dict[str, str]:
    """Deploy; returns all addresses by name."""
    with one_line_errors():
        if is_development():
            return local()
        return live(Path(parameters) if parameters else None)


def token(account: str = "deployer") -> str:
    """Deploy a token of 6 decimals for a test network; all its billion are the account's."""
    with one_line_errors():
        if is_development():
            raise DeploymentError("a local chain has its own token: brownie run deploy")
        deployer = load_account(account)
        _set_fees()
        address = BrownieChain(deployer).deploy("FixedToken", ()).address
        print(f"The token is at {address}; {deployer.address} has all of it.")
        return address


def _set_fees() -> None:
    if network.priority_fee() is None:
        network.priority_fee("auto")


def local(show: bool = True) -> dict[str, str]:
    """Deploy everything from accounts[0], fund all accounts but the last three, and let accounts 1
    to 5 vote."""
    people = [account.address for account in accounts[:10]]
    parameters = local_parameters(
        web3.eth.chain_id,
        people,
        engine.runtime_ids(),
        local_governance(people[1:6]),
        court=LOCAL_COURT,
    )
    deployer = accounts[0]
    chain, plan = BrownieChain(deployer), plan_of(parameters, deployer.address)
    addresses = execute(plan, chain)
    if show:
        _print_addresses(addresses)
        report(plan, parameters, deployer.address, addresses, chain)
    return dict(addresses)


def live(path: Path | None = None) -> dict[str, str]:
    """Deploy, or go on deploying, with the parameters in `path`."""
    chain_id = web3.eth.chain_id
    parameters, sending = read_parameters(path or FOLDER / f"{chain_id}.toml")
    check_chain(parameters, chain_id)
    assert parameters.governance is not None, "a file without it is refused"
    parameters.governance.require_sound()
    account = load_account(sending.account)
    file = RecordFile(FOLDER / f"{chain_id}.json", parameters, account.address)
    record = file.load()
    wait_for_pending(account.address)
    _set_fees()
    for line in caveats(parameters, account.address):
        print(f"note: {line}")
    plan = plan_of(parameters, account.address)
    chain = BrownieChain(account, sending.confirmations)
    addresses = execute(plan, chain, record, file.save, tell=print)
    report(plan, parameters, account.address, addresses, chain)
    file.save(record, complete=True, block=web3.eth.block_number, **compiler())
    print(f"\nThe market is deployed; {_relative(file.path)} says where and how.")
    _print_addresses(addresses)
    for line in caveats(parameters, account.address):
        print(f"note: {line}")
    return dict(addresses)


def report(
    plan: DeploymentPlan,
    parameters: Parameters,
    deployer: str,
    addresses: Mapping[str, str],
    chain: BrownieChain,
) -> None:
    """Verify and say who has which power and who votes."""
    powers = power_map(plan, parameters, deployer, addresses, chain)
    print("\nWho may call what; all else is anybody's, for what is its own or due:\n")
    print_table(
        ("contract", "function", "who"),
        [(power.contract, power.function, power.holder) for power in powers],
        left=3,
    )
    assert parameters.governance is not None, "all that this script deploys has it"
    print("Who votes, and with how many of the distributed tokens:\n")
    holders = top_holders(parameters.governance, addresses, chain)
    rows = [
        (
            holder.address,
            amounts.show(holder.tokens, 18),
            percent(holder.bps) if holder.bps else "not distributed",
        )
        for holder in holders
    ]
    print_table(("holder", "voting tokens", "share"), rows)


def check_chain(parameters: Parameters, chain_id: int) -> None:
    """The right chain, and a token that is one and does not give itself away."""
    if parameters.chain_id != chain_id:
        raise DeploymentError(
            f"the parameters are for chain {parameters.chain_id}, but the network is chain"
            f" {chain_id}: choose another network or another file"
        )
    code = bytes(web3.eth.get_code(parameters.token))
    if not code:
        raise DeploymentError(f"there is no contract at {parameters.token}: correct token")
    token = web3.eth.contract(parameters.token, abi=interface("IERC20Metadata"))
    decimals = token.functions.decimals().call()
    if parameters.court is not None and parameters.court.decimals != decimals:
        raise DeploymentError(
            f"the token has {decimals} decimals, court.decimals is {parameters.court.decimals}:"
            " correct it, or the court's amounts would be others"
        )
    if FAUCET in code:
        raise DeploymentError(
            f"the token at {parameters.token} has a faucet, so anybody can make as much of it as"
            " they like: name another token"
        )


def load_account(name: str) -> Any:
    """From Brownie's keystore; `clef` or `clef:<address>` from Clef, or the wallet behind it."""
    if name == "clef" or name.startswith("clef:"):
        return _clef_account(name.removeprefix("clef").removeprefix(":"))
    if name not in accounts.load():
        raise DeploymentError(
            f"there is no account {name!r} in Brownie's keystore: make one with `brownie accounts"
            f" generate {name}`, or give it a private key that you have with `brownie accounts new"
            f" {name}`"
        )
    try:
        return accounts.load(name, password=os.environ.get("SUANLI_PASSWORD"))
    except ValueError as error:
        raise DeploymentError(f"account {name!r} can't be unlocked: {error}") from None


def _clef_account(address: str) -> Any:
    known = set(map(str, accounts))
    try:
        accounts.connect_to_clef()
    except ValueError as error:
        raise DeploymentError(
            f"Clef does not answer ({error}): start it with `clef --chainid <chain id>`"
        ) from None
    offered = [item for item in accounts if str(item) not in known]
    chosen = [item for item in offered if address.lower() in ("", str(item).lower())]
    if len(chosen) != 1:
        raise DeploymentError(
            "Clef offers "
            + (", ".join(map(str, offered)) or "no account")
            + ': choose one with account = "clef:<address>"'
        )
    return chosen[0]


def wait_for_pending(address: str, patience: int = 600) -> None:
    """An earlier run's last transaction may still be on its way; `patience` in seconds."""
    for _ in range(patience):
        if web3.eth.get_transaction_count(address, "pending") == web3.eth.get_transaction_count(
            address
        ):
            return
        time.sleep(1)
    raise DeploymentError(
        f"a transaction of {address} has been pending for {patience} seconds: replace or cancel"
        " it with a wallet, then run this again"
    )


def compiler() -> dict[str, Any]:
    settings = artefacts()._build.get("ComputeMarket")["compiler"]
    return {"compiler": {key: settings[key] for key in ("version", "evm_version", "optimizer")}}


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End with one line for whatever the user can mend."""
    try:
        yield
    except DeploymentError as error:
        message = str(error)
    except requests.exceptions.ConnectionError:
        message = f"the chain of network {network.show_active()!r} is unreachable: is it running?"
    except (VirtualMachineError, ValueError) as error:
        if "insufficient funds" not in str(error).lower():
            raise
        message = (
            "the account's ether does not suffice for the next transaction: fund it and run this"
            " again; what is done stays done"
        )
    else:
        return
    print(f"deploy: {message}", file=sys.stderr)
    sys.exit(1)


def _print_addresses(addresses: Any) -> None:
    width = max(map(len, addresses))
    print(*(f"  {name:<{width}}  {address}" for name, address in addresses.items()), sep="\n")


def _relative(path: Path) -> str:
    return os.path.relpath(path)
