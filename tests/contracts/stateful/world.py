"""A market to start from: people, classes, terms, and miners that have something to sell."""

from __future__ import annotations

from suanli.model import Market
from suanli.model.state import Verifier
from suanli.protocol import PRESETS, Domain, Kind, LinearPrice, ResourceClass, Terms
from tests.contracts.stateful.chains import Chain
from tests.contracts.stateful.twin import Twin
from tests.harness.evm import account
from tests.harness.market import RUNTIME, ZERO

TOKEN = 10**18
DAY = 86_400
UNBONDING_DELAY = 7 * DAY

OWNER, GUARDIAN, COURT, OTHER_COURT = map(account, ("owner", "guardian", "court", "other court"))
TREASURY, POOL, COLD = map(account, ("treasury", "reward pool", "cold wallet"))
ANN, BEN, CAT, DAN, EVE, FAY = map(account, ("ann", "ben", "cat", "dan", "eve", "fay"))
PEOPLE = (ANN, BEN, CAT, DAN, EVE, FAY)
"""They all may ask and sell; Cat, Dan and Eve begin as miners, Fay has next to nothing."""
OPERATORS = tuple(map(account, ("channels", "other channels")))
OFFICES = (OWNER, GUARDIAN, COURT, OTHER_COURT, TREASURY, POOL, COLD, *OPERATORS)

COURTED = Terms(TREASURY, 250, 3600, False, COURT, 7200, 100, 5000, 10_000, POOL, 50 * TOKEN, 2000)
PLAIN = Terms(TREASURY, 0, 60, False, ZERO, 0, 0, 0, 0, POOL, 0, 0)
HARSH = Terms(
    ANN, 1000, 30 * DAY, False, OTHER_COURT, 90 * DAY, 3333, 3333, 10_000, BEN, 10**13 + 1, 10_000
)
PETTY = Terms(COLD, 1, 61, False, EVE, 60, 1, 1, 1, COLD, 2**80 - 1, 1)
RECORDS = (COURTED, PLAIN, HARSH, PETTY)

PRICES = (
    LinearPrice(TOKEN, (0, -(10**15), 10**15), 0, 1000 * TOKEN),
    LinearPrice(TOKEN, (-(10**14), 10**14, 10**14), 10**17, 5 * TOKEN),
    LinearPrice(2 * TOKEN, tuple(10**13 * weight for weight in PRESETS["printed"]), 1),
    LinearPrice(10**13 + 1, (0, -1, 3), 10**13, 10**13 + 1000),
)


def classes(models: list[str]) -> list[ResourceClass]:
    """Coarse and fine stakes, one leased."""

    def judged(model: int, most: int, floor: int, stake: int) -> ResourceClass:
        return ResourceClass(models[model], Kind.JUDGED, False, floor, stake, most, 2**30, 0, 2**24)

    return [
        judged(0, 1000, TOKEN // 100, 2 * TOKEN),
        judged(1, 2**40, TOKEN // 7, 1_333_333_333_333_333_333),
        judged(2, 50, 1, TOKEN // 3)._replace(kind=Kind.LEASED, unit_seconds=3600),
        judged(3, 700, 3, 10**12 // 7),
    ]


def build(chain: Chain, decimals: int) -> tuple[Twin, list[str], list[str]]:
    """The market and its model, the price models' and the identity verifiers' addresses."""
    token = chain.deploy("LocalToken", decimals)
    extension = chain.deploy("MarketExtension", token, UNBONDING_DELAY)
    address = chain.deploy("ComputeMarket", token, extension, OWNER, UNBONDING_DELAY)
    wallet = chain.deploy("MockWallet", ANN)
    model = Market(
        domain=Domain(chain.chain_id, address),
        token=token,
        decimals=decimals,
        time=chain.time(),
        owner=OWNER,
        unbonding_delay=UNBONDING_DELAY,
    )
    keys = {person: person.key for person in (*PEOPLE, *OFFICES)} | {wallet: ANN.key}
    twin = Twin(chain, model, (*PEOPLE, *OFFICES, wallet), keys)
    prices = []
    for price in PRICES:
        deployed = chain.deploy(
            "LinearPriceModel", price.base, list(price.weights), price.floor, price.cap
        )
        model.price_models[deployed] = price
        prices.append(deployed)
    verifiers = [chain.deploy("MockIdentityVerifier") for _ in range(2)]
    model.verifiers |= {verifier: Verifier() for verifier in verifiers}
    for kind in classes(prices):
        twin.must("add_resource_class", OWNER, kind, "unit", [RUNTIME])
    for terms in RECORDS:
        twin.must("add_terms", OWNER, terms._replace(identity_verifier=verifiers[0]))
    twin.must("set_guardian", OWNER, GUARDIAN)
    _populate(twin, wallet, 10**decimals)
    for verifier in verifiers:
        verify_miner(twin, verifier, CAT)
    return twin, prices, verifiers


def verify_miner(twin: Twin, verifier: str, miner: str) -> None:
    """As who it is now."""
    found = twin.model.miners[miner]
    identity = found.miner_id, found.tenure
    twin.chain.send(verifier, "setMinerVerified", OWNER, *identity, True)
    twin.model.verifiers[verifier].miners.add(identity)


def _populate(twin: Twin, wallet: str, unit: int) -> None:
    for holder in OFFICES:
        twin.mint(holder, 0)
    for holder in (*PEOPLE, wallet):
        funds = 5 * unit if holder == FAY else 100_000 * unit
        twin.mint(holder, funds)
        twin.must("deposit", holder, funds - funds // 4)
    valid_until = twin.chain.time() + 40 * DAY
    for miner, payout in ((CAT, CAT), (DAN, COLD), (EVE, ANN)):
        twin.must("register_miner", miner, payout)
        twin.must("add_stake", miner, miner, 10_000 * unit)
        for resource, capacity in ((1, 2000), (2, 1501), (3, 900), (4, 10**6)):
            twin.must("register_resource", miner, resource, capacity)
            twin.must("publish_offer", miner, resource, capacity // 2, 0, valid_until, False)
