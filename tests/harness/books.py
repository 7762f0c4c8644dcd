"""What a call changes in a market: money, collateral, capacity, offers, demand and counters.

    with changes(world) as found:
        world.market.postRequest(request, sender=ALICE)
    assert found == {"alice available": -200, "alice locked": 200, "demanded": 100}

What is not named did not change: every known account, miner, offer and total is compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.evm import Reverted
from tests.harness.market import (
    ALICE,
    BOB,
    CAROL,
    CPU,
    CPU_LARGE,
    DAVE,
    OWNER,
    PAYOUT,
    REWARD_POOL,
    STRANGER,
    TREASURY,
    World,
)

PEOPLE = {
    "alice": ALICE,
    "carol": CAROL,
    "bob": BOB,
    "dave": DAVE,
    "payout": PAYOUT,
    "treasury": TREASURY,
    "pool": REWARD_POOL,
    "owner": OWNER,
    "stranger": STRANGER,
}
MINERS = {"bob": BOB, "dave": DAVE}
RESOURCES = {"": CPU, "large ": CPU_LARGE}


def books(world: World) -> dict[str, int]:
    """All that the market keeps of the people of `tests/market.py`, by names like `bob stake`."""
    market = world.market
    found = {"held": world.held()}
    for name, address in (PEOPLE | {"court": world.court.address}).items():
        found[f"{name} available"], found[f"{name} locked"] = market.accountOf(address)
    for name, address in MINERS.items():
        try:
            status = market.minerStatus(address)
        except Reverted:
            continue
        account = market.minerAccount(address)
        found[f"{name} earnings"], found[f"{name} unbonding"] = account.earnings, account.unbonding
        _add(found, name, status)
        for prefix, resource in RESOURCES.items():
            _add(found, f"{name} {prefix}".strip(), market.offerOf(address, resource))
    for prefix, resource in RESOURCES.items():
        supply = market.supplyOf(resource)
        for total in ("registered", "published", "demanded"):
            found[prefix + total] = getattr(supply, total)
    return found


@contextmanager
def changes(world: World) -> Iterator[dict[str, int]]:
    """A dict that holds, after the block, by how much each number grew."""
    found: dict[str, int] = {}
    before = books(world)
    yield found
    after = books(world)
    found.update({k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0)})


def _add(found: dict[str, int], name: str, record: tuple) -> None:
    for field, value in record._asdict().items():
        found[f"{name} {field}"] = value
