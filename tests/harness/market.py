"""A deployed market inside the test process: token, price model, classes, terms, accounts.

    world = World()                                 # or World(decimals=6), World(token="FeeToken")
    world.fund(ALICE, 1_000 * world.unit)           # takes from the faucet and deposits
    world.register(BOB, capacity=1_000)             # miner with stake, capacity and an offer
    request = world.request(units=100, miner=BOB)   # a NamedTuple; request._replace(units=5)
    world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(request, world.sign(request), sender=BOB)

Prices are in 10^-18 token per unit (`PRICE` is one token per unit), amounts in base units
(`world.unit` is one token).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eth_account import Account as EthAccount
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak

from tests.harness.evm import (
    CHAIN_ID,
    START_TIME,
    Account,
    Contract,
    Evm,
    Function,
    Receipt,
    Reverted,
    account,
)

ZERO = "0x" + "00" * 20
PRICE = 10**18

OWNER = account("owner")
GUARDIAN = account("guardian")
TREASURY = account("treasury")
REWARD_POOL = account("reward pool")
ALICE = account("alice")
CAROL = account("carol")
BOB = account("bob, a miner")
DAVE = account("dave, a miner")
PAYOUT = account("cold wallet of bob")
STRANGER = account("stranger")

CPU, CPU_LARGE, GPU = 1, 2, 3
JUDGED, LEASED = 0, 1
TERMS, PLAIN_TERMS = 1, 2
UNBONDING_DELAY = 7 * 86_400
RUNTIME = keccak(text="runtime 1")
JOB = keccak(text="job")
ROOT = keccak(text="root")
MAX_UINT32, MAX_UINT64, MAX_UINT80 = 2**32 - 1, 2**64 - 1, 2**80 - 1
MAX_UINT96, MAX_UINT112, MAX_UINT256 = 2**96 - 1, 2**112 - 1, 2**256 - 1

REQUEST_TYPE = {
    "Request": [
        {"name": "requester", "type": "address"},
        {"name": "miner", "type": "uint32"},
        {"name": "resource", "type": "uint32"},
        {"name": "runtime", "type": "uint16"},
        {"name": "units", "type": "uint64"},
        {"name": "maxPrice", "type": "uint96"},
        {"name": "confirmBy", "type": "uint40"},
        {"name": "duration", "type": "uint32"},
        {"name": "tasks", "type": "uint32"},
        {"name": "job", "type": "bytes32"},
        {"name": "terms", "type": "uint32"},
        {"name": "flags", "type": "uint16"},
        {"name": "epoch", "type": "uint32"},
        {"name": "salt", "type": "uint64"},
    ]
}
ACCEPTANCE_TYPE = {
    "Acceptance": [
        {"name": "request", "type": "bytes32"},
        {"name": "root", "type": "bytes32"},
        {"name": "unitsUsed", "type": "uint64"},
    ]
}
RELEASE_TYPE = {"Release": [{"name": "request", "type": "bytes32"}]}
PERMIT_TYPE = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


class State:
    """The market's `IRequestBook.State`."""

    (
        NONE,
        POSTED,
        CONFIRMED,
        SUBMITTED,
        SETTLED,
        CANCELLED,
        RELEASED,
        ANNULLED,
        DEFAULTED,
        OVERTURNED,
        EXPIRED,
        OVERDUE,
        CHALLENGED,
        SETTLEABLE,
    ) = range(14)


class Trial:
    """The market's `IRequestBook.Trial`."""

    NONE, FROZEN, REVEALED, ACCEPTED, DECIDED, SILENT = range(6)


class Request(NamedTuple):
    """`IRequestBook.Request`; the defaults are a good request of Alice's to any miner."""

    requester: str = ALICE
    miner: int = 0
    resource: int = CPU
    runtime: int = 0
    units: int = 100
    maxPrice: int = 2 * PRICE  # noqa: N815 - the contract's name
    confirmBy: int = START_TIME + 3_600  # noqa: N815
    duration: int = 7_200
    tasks: int = 4
    job: bytes = JOB
    terms: int = TERMS
    flags: int = 0
    epoch: int = 0
    salt: int = 0


def value_up(units: int, price: int, decimals: int = 18) -> int:
    """Base units of `units` at `price` (10^-18 token per unit), rounded up."""
    return -(-units * price * 10**decimals // 10**18)


def value_down(units: int, price: int, decimals: int = 18) -> int:
    """Base units of `units` at `price` (10^-18 token per unit), rounded down."""
    return units * price * 10**decimals // 10**18


def resource_class(**changes: Any) -> dict[str, Any]:
    """A class as `addResourceClass` takes it, but for its price model."""
    return {
        "kind": JUDGED,
        "retired": False,
        "floor": PRICE // 100,
        "stakePerUnit": 2 * PRICE,
        "maxTaskUnits": 1_000,
        "maxTaskMemory": 2**30,
        "runtimes": 0,
        "maxTaskBytes": 2**24,
        "unitSeconds": 3_600 if changes.get("kind") == LEASED else 0,
    } | changes


def terms_record(**changes: Any) -> dict[str, Any]:
    """Terms as `addTerms` takes them, but for the court."""
    return {
        "treasury": TREASURY,
        "feeBps": 250,
        "challengeWindow": 86_400,
        "retired": False,
        "court": ZERO,
        "verdictBy": 7 * 86_400,
        "releaseBps": 100,
        "defaultBps": 5_000,
        "overturnBps": 10_000,
        "rewardPool": REWARD_POOL,
        "compensationCap": 30 * PRICE,
        "courtBps": 2_000,
        "identityVerifier": ZERO,
    } | changes


def deploy_market(
    evm: Evm,
    token: str,
    owner: str = OWNER,
    delay: int = UNBONDING_DELAY,
    sender: str = account("deployer"),
) -> Contract:
    """A market with its extension; `token` is an address."""
    extension = evm.deploy("MarketExtension", token, delay, sender=sender)
    return evm.deploy("ComputeMarket", token, extension.address, owner, delay, sender=sender)


class World:
    """One chain with one market.

    - classes: CPU and CPU_LARGE judged, GPU leased; model: 1 token + 0.001 (R_d - R_p), from 0 to
      1,000 tokens per unit; a task of CPU may use 1,000 units, one of CPU_LARGE 2^40
    - terms: TERMS has a court, a fee and all shares; PLAIN_TERMS has no court, no fee, no slashing
    """

    def __init__(self, decimals: int = 18, token: str = "LocalToken") -> None:
        self.evm = Evm()
        self._wallets: dict[str, Contract] = {}
        self.decimals = decimals
        self.unit = 10**decimals
        arguments = (decimals,) if token == "LocalToken" else ()
        self.token = self.evm.deploy(token, *arguments)
        self.market = deploy_market(self.evm, self.token.address)
        alpha = PRICE // 1_000
        self.model = self.evm.deploy(
            "LinearPriceModel", PRICE, (0, -alpha, alpha), 0, 1_000 * PRICE
        )
        self.court = self.evm.deploy("MockCourt", self.market.address)
        self.verifier = self.evm.deploy("MockIdentityVerifier")
        self.add_class()
        self.add_class(
            stakePerUnit=1_333_333_333_333_333_333,
            maxTaskUnits=2**40,
            floor=PRICE // 7,
        )
        self.add_class(kind=LEASED)
        self.add_terms(court=self.court.address)
        self.add_terms(
            feeBps=0, releaseBps=0, defaultBps=0, overturnBps=0, compensationCap=0, courtBps=0
        )
        self.market.setGuardian(GUARDIAN, sender=OWNER)

    def add_class(self, **changes: Any) -> int:
        """Add a class; returns its id."""
        record = {"priceModel": self.model.address} | resource_class(**changes)
        receipt = self.market.addResourceClass(record, "unit", [RUNTIME], sender=OWNER)
        return int(receipt.value)

    def add_terms(self, **changes: Any) -> int:
        """Add a Terms record, by default with the world's verifier; returns its number."""
        record = terms_record(**({"identityVerifier": self.verifier.address} | changes))
        return int(self.market.addTerms(record, sender=OWNER).value)

    def mint(self, holder: str, amount: int) -> None:
        """Give tokens, and let the market take them."""
        self.send(holder, self.token.faucet, amount)
        self.send(holder, self.token.approve, self.market.address, MAX_UINT256)

    def fund(self, holder: str, amount: int) -> None:
        """Mint and deposit."""
        self.mint(holder, amount)
        self.send(holder, self.market.deposit, amount)

    def stake(self, miner: str, amount: int) -> None:
        """Mint, deposit and stake; the miner is registered already."""
        self.fund(miner, amount)
        self.send(miner, self.market.addStake, miner, amount)

    def register(
        self,
        miner: str,
        *,
        payout: str | None = None,
        resource: int = CPU,
        capacity: int = 1_000,
        stake: int | None = None,
        published: int | None = None,
        ask: int = 0,
        valid_until: int = START_TIME + 365 * 86_400,
        verified_only: bool = False,
    ) -> None:
        """A miner (registered if it isn't yet) with stake, capacity and an offer of all of it.

        `stake` is what the capacity needs if it isn't given. `published=0`: no offer.
        """
        try:
            self.market.minerAccount(miner)
        except Reverted:
            self.send(miner, self.market.registerMiner, payout or miner)
        per_unit = self.market.resourceClass(resource).stakePerUnit
        needed = value_up(capacity, per_unit, self.decimals) if stake is None else stake
        if needed:
            self.stake(miner, needed)
        if capacity:
            self.send(miner, self.market.registerResource, resource, capacity)
        for_sale = capacity if published is None else published
        if for_sale:
            offer = for_sale, ask, valid_until, verified_only
            self.send(miner, self.market.publishOffer, resource, *offer)

    def request(self, **changes: Any) -> Request:
        """A request that can be confirmed within an hour from now; `miner` may be its address."""
        if isinstance(miner := changes.get("miner", 0), str):
            changes["miner"] = self.number_of(miner)
        return Request(**({"confirmBy": self.evm.time + 3_600} | changes))

    def number_of(self, miner: str) -> int:
        return int(self.market.minerAccount(miner).minerId)

    def request_id(self, request: Request) -> bytes:
        return bytes(self.market.requestId(request))

    def state(self, request: Request) -> int:
        return int(self.market.stateOf(request))

    def deal(self, request: Request) -> Any:
        return self.market.dealOf(self.request_id(request))

    def post(self, request: Request) -> Receipt:
        """Fund the requester with what the request locks, and post it."""
        self.fund(request.requester, self.lock_of(request))
        return self.send(request.requester, self.market.postRequest, request)

    def confirm(self, request: Request, miner: str) -> Receipt:
        """Post (with funds) and confirm."""
        self.post(request)
        return self.send(miner, self.market.confirmRequest, request, b"")

    def submit(self, request: Request, miner: str, units_used: int | None = None) -> Receipt:
        """Post, confirm and submit a result."""
        self.confirm(request, miner)
        used = request.units if units_used is None else units_used
        return self.send(miner, self.market.submitResult, request, ROOT, used)

    def accept(self, request: Request) -> Receipt:
        """The requester accepts the submitted result, whatever it is."""
        deal = self.deal(request)
        arguments = (request, deal.root, deal.unitsUsed)
        return self.send(request.requester, self.market.acceptResult, *arguments)

    def lock_of(self, request: Request) -> int:
        """Base units that the request locks."""
        return value_up(request.units, request.maxPrice, self.decimals)

    def account_of(self, holder: str) -> tuple[int, int]:
        """(available, locked)"""
        return tuple(self.market.accountOf(holder))

    def held(self) -> int:
        """Tokens in the market."""
        return int(self.token.balanceOf(self.market.address))

    def domain(self, **changes: Any) -> dict[str, Any]:
        """The EIP-712 domain; `changes` for a wrong one."""
        return {
            "name": "Suanli",
            "version": "1",
            "chainId": CHAIN_ID,
            "verifyingContract": self.market.address,
        } | changes

    def sign(self, request: Request, signer: Account = ALICE, **domain: Any) -> bytes:
        """An ECDSA signature of a Request: r, s, v in 65 bytes."""
        return self._sign(REQUEST_TYPE, request._asdict(), signer, domain)

    def sign_acceptance(
        self,
        request: Request,
        root: bytes = ROOT,
        units_used: int | None = None,
        signer: Account = ALICE,
        **domain: Any,
    ) -> bytes:
        used = request.units if units_used is None else units_used
        message = {"request": self.request_id(request), "root": root, "unitsUsed": used}
        return self._sign(ACCEPTANCE_TYPE, message, signer, domain)

    def sign_release(self, request: Request, signer: Account = ALICE, **domain: Any) -> bytes:
        message = {"request": self.request_id(request)}
        return self._sign(RELEASE_TYPE, message, signer, domain)

    def sign_permit(
        self, signer: Account, amount: int, deadline: int, **domain: Any
    ) -> tuple[int, bytes, bytes]:
        """(v, r, s) of an ERC-2612 permit that lets the market take `amount` from the signer."""
        message = {
            "owner": signer,
            "spender": self.market.address,
            "value": amount,
            "nonce": self.token.nonces(signer),
            "deadline": deadline,
        }
        ours = {"name": "Suanli local token", "verifyingContract": self.token.address} | domain
        signature = self._sign(PERMIT_TYPE, message, signer, ours)
        return signature[64], signature[:32], signature[32:64]

    def release_digest(self, request: Request) -> bytes:
        """What `sign_release` signs."""
        signable = self.typed(RELEASE_TYPE, {"request": self.request_id(request)})
        return keccak(b"\x19\x01" + signable.header + signable.body)

    def typed(
        self, types: dict[str, Any], message: dict[str, Any], **domain: Any
    ) -> SignableMessage:
        """EIP-712 data of the market's domain, as eth_account computes it."""
        return encode_typed_data(self.domain(**domain), types, message)

    def _sign(
        self,
        types: dict[str, Any],
        message: dict[str, Any],
        signer: Account,
        domain: dict[str, Any],
    ) -> bytes:
        signable = self.typed(types, message, **domain)
        return bytes(EthAccount.sign_message(signable, signer.key).signature)

    def wallet(self, owner: str) -> str:
        """Address of a new contract wallet (ERC-1271): its owner's signatures are its own.

        Use `send` to call in its name.
        """
        wallet = self.evm.deploy("MockWallet", owner)
        self._wallets[wallet.address] = wallet
        return wallet.address

    def send(self, sender: str, function: Function, *args: Any) -> Receipt:
        """Call as `sender`, which may be a contract wallet; then the receipt has no value."""
        wallet = self._wallets.get(sender)
        if not wallet:
            return function(*args, sender=sender)
        receipt = wallet.execute(function.contract.address, function.codec.call_data(args))
        return Receipt(None, receipt.events)

    def hook(self, wallet: str, function: Function, *args: Any) -> None:
        """Let `wallet` call in the middle of the next transfer of a HookedToken."""
        call = function.codec.call_data(args)
        execute = self._wallets[wallet].execute.codec
        self.token.setHook(wallet, execute.call_data((function.contract.address, call)))

    def hook_outcome(self, receipt: Receipt) -> None:
        """Raise what the hooked call met (Reverted), if it failed."""
        called = receipt.event("HookCalled").args
        if not called["succeeded"]:
            raise self.evm.explain(called["result"])
