"""ComputeMarket, typed. interfaces/*.sol is the manual of what each function does and refuses.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970, addresses in
lowercase. Views raise ContractError; so does a `Call` when it is simulated or sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from suanli.chain import contract_errors
from suanli.chain.contract import Call, Contract
from suanli.chain.node import BlockName, Node
from suanli.chain.token import Permit
from suanli.protocol import Domain, Kind, Request, ResourceClass, State, Terms
from suanli.protocol.views import Balance, Deal, MinerAccount, MinerStatus, Offer, Supply


class Market:
    """A deployed market, read at `block` (the newest unless told otherwise)."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, "ComputeMarket", block)
        self.node, self.address, self.block = node, self._contract.address, block

    def __repr__(self) -> str:
        return f"<Market at {self.address}>"

    def at(self, block: BlockName) -> Market:
        """The same market, read as it was after a block."""
        return Market(self.node, self.address, block)

    def _read(self, method: str, *arguments: Any) -> Any:
        return self._contract.read(method, *arguments)

    def _call(self, method: str, *arguments: Any) -> Call[Any]:
        return self._contract.call(method, *arguments)

    # Signed messages

    @cached_property
    def domain(self) -> Domain:
        """Where signatures for this market hold; asks the node for its chain id once."""
        return Domain(self.node.chain_id(), self.address)

    # Money

    def token(self) -> str:
        return str(self._read("token"))

    def account_of(self, account: str) -> Balance:
        return Balance(*self._read("accountOf", account))

    def deposit(self, amount: int) -> Call[None]:
        return self._call("deposit", amount)

    def deposit_with_permit(self, permit: Permit) -> Call[None]:
        values = (permit.amount, permit.deadline, permit.v, permit.r, permit.s)
        return self._call("depositWithPermit", *values)

    def withdraw(self, to: str, amount: int) -> Call[None]:
        return self._call("withdraw", to, amount)

    # Resource classes and terms

    def resource_count(self) -> int:
        return int(self._read("resourceCount"))

    def resource_class(self, resource: int) -> ResourceClass:
        model, kind, *rest = self._read("resourceClass", resource)
        return ResourceClass(model, Kind(kind), *rest)

    def is_runtime_permitted(self, resource: int, runtime: bytes) -> bool:
        return bool(self._read("isRuntimePermitted", resource, runtime))

    def supply_of(self, resource: int) -> Supply:
        return Supply(*self._read("supplyOf", resource))

    def price_of(self, resource: int) -> int:
        return int(self._read("priceOf", resource))

    def terms_count(self) -> int:
        return int(self._read("termsCount"))

    def terms_of(self, terms: int) -> Terms:
        return Terms(*self._read("termsOf", terms))

    # Owner and guardian

    def owner(self) -> str:
        return str(self._read("owner"))

    def guardian(self) -> str:
        return str(self._read("guardian"))

    def paused(self) -> bool:
        return bool(self._read("paused"))

    def identity_verifier(self) -> str:
        return str(self._read("identityVerifier"))

    # Miners

    def unbonding_delay(self) -> int:
        """Seconds."""
        return int(self._read("unbondingDelay"))

    def miner_status(self, miner: str) -> MinerStatus:
        """Raises NotRegistered for an address that is no miner."""
        return MinerStatus(*self._read("minerStatus", miner))

    def miner_account(self, miner: str) -> MinerAccount | None:
        """None for an address that is no miner."""
        try:
            return MinerAccount(*self._read("minerAccount", miner))
        except contract_errors.NotRegistered:
            return None

    def offer_of(self, miner: str, resource: int) -> Offer:
        """Raises NotRegistered for an address that is no miner."""
        return Offer(*self._read("offerOf", miner, resource))

    def register_miner(self, payout: str) -> Call[int]:
        """Returns the miner's number."""
        return self._call("registerMiner", payout)

    def set_payout(self, miner: str, payout: str) -> Call[None]:
        return self._call("setPayout", miner, payout)

    def name_successor(self, miner: str, successor: str) -> Call[None]:
        return self._call("nameSuccessor", miner, successor)

    def succeed(self, miner: str) -> Call[None]:
        """By the successor: take the place of the miner's own address."""
        return self._call("succeed", miner)

    def add_stake(self, miner: str, amount: int) -> Call[None]:
        return self._call("addStake", miner, amount)

    def start_unbonding(self, miner: str, amount: int) -> Call[None]:
        return self._call("startUnbonding", miner, amount)

    def withdraw_stake(self, miner: str) -> Call[None]:
        return self._call("withdrawStake", miner)

    def collect_earnings(self, miner: str) -> Call[None]:
        return self._call("collectEarnings", miner)

    def register_resource(self, resource: int, capacity: int) -> Call[None]:
        """`capacity` replaces the present one."""
        return self._call("registerResource", resource, capacity)

    def publish_offer(
        self, resource: int, published: int, ask: int, valid_until: int
    ) -> Call[None]:
        return self._call("publishOffer", resource, published, ask, valid_until)

    def withdraw_offer(self, resource: int) -> Call[None]:
        return self._call("withdrawOffer", resource)

    def prune_offer(self, miner: str, resource: int) -> Call[None]:
        return self._call("pruneOffer", miner, resource)

    # Requests

    def epoch_of(self, requester: str) -> int:
        return int(self._read("epochOf", requester))

    def request_id(self, request: Request) -> bytes:
        """As the market computes it; `domain.request_id` gives the same without asking."""
        return bytes(self._read("requestId", request))

    def deal_of(self, request_id: bytes) -> Deal:
        state, *rest = self._read("dealOf", request_id)
        return Deal(State(state), *rest)

    def state_of(self, request: Request) -> State:
        return State(self._read("stateOf", request))

    def post_request(self, request: Request) -> Call[bytes]:
        """Returns the request's id."""
        return self._call("postRequest", request)

    def cancel_request(self, request: Request) -> Call[None]:
        return self._call("cancelRequest", request)

    def advance_epoch(self) -> Call[int]:
        """Returns the new epoch."""
        return self._call("advanceEpoch")

    def confirm_request(self, request: Request, signature: bytes = b"") -> Call[int]:
        """Returns the deal's price. A posted request needs no signature."""
        return self._call("confirmRequest", request, signature)

    # Deals

    def submit_result(self, request: Request, root: bytes, units_used: int) -> Call[None]:
        return self._call("submitResult", request, root, units_used)

    def submit_accepted(
        self, request: Request, root: bytes, units_used: int, signature: bytes
    ) -> Call[None]:
        return self._call("submitAccepted", request, root, units_used, signature)

    def accept_result(self, request: Request, root: bytes, units_used: int) -> Call[None]:
        """Names the result that was seen: after a reorganization another may stand there."""
        return self._call("acceptResult", request, root, units_used)

    def settle(self, request: Request) -> Call[None]:
        return self._call("settle", request)

    def settle_many(self, requests: Sequence[Request]) -> Call[None]:
        """Skips, with an event, what can't be settled."""
        return self._call("settleMany", list(requests))

    def release(self, request: Request) -> Call[None]:
        return self._call("release", request)

    def release_by_agreement(self, request: Request, signature: bytes) -> Call[None]:
        return self._call("releaseByAgreement", request, signature)

    def claim_default(self, request: Request) -> Call[None]:
        return self._call("claimDefault", request)

    def close_without_fault(self, request: Request) -> Call[None]:
        return self._call("closeWithoutFault", request)
