"""A market with storage deals, and both in the shadow model.

world = StorageWorld()
world.keeper(BOB, 100)                           # leases so many units out, with collateral here
deal = world.opened(world.file(3_000))           # Alice's with Bob, on both sides
world.prove(deal)                                # a period is over: names a block, shows leaves
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from eth_keys import keys
from eth_utils import keccak

from suanli.model import Signature, StorageDeals, StorageRules
from suanli.protocol import (
    ByteTree,
    Domain,
    LeafProof,
    StorageDeal,
    StorageQuote,
    drawn_leaves,
    leaf_of,
)
from tests.harness.court_world import block_hash
from tests.harness.evm import CHAIN_ID, Account, Receipt, account
from tests.harness.market import ALICE, BOB, GPU, PRICE, TREASURY
from tests.harness.shadowed import ShadowedWorld

HOUR = 3_600
DAY = 24 * HOUR
WINDOW = 2 * HOUR
FEE_BPS = 250
RULES = StorageRules(TREASURY, FEE_BPS, WINDOW)
BID = 3 * PRICE


class SignedBy(bytes):
    """Bytes for the contract; for the model, who signed which digest."""

    told: Signature

    @classmethod
    def make(cls, signer: str, digest: bytes) -> SignedBy:
        assert isinstance(signer, Account)
        made = keys.PrivateKey(signer.key).sign_msg_hash(digest)
        signed = cls(made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([27 + made.v]))
        signed.told = Signature(signer, digest)
        return signed

    def __eq__(self, other: object) -> bool:
        return self.told == other

    __hash__ = bytes.__hash__


class StorageWorld(ShadowedWorld):
    MODELS = ("shadow", "model_storage")

    def __init__(self, decimals: int = 18, rules: StorageRules = RULES) -> None:
        super().__init__(decimals)
        self.storage = self.evm.deploy(
            "StorageDeals", self.market.address, *rules[:3], sender=account("deployer")
        )
        self.start()
        self.rules = rules
        self.model_storage = StorageDeals(self.shadow, self.address, rules, block_hash)
        self.model_storage.block = self.evm.number
        self.files: dict[bytes, bytes] = {}
        """By root."""

    @property
    def address(self) -> str:
        return str(self.storage.address)

    @property
    def message_domain(self) -> Domain:
        return Domain(CHAIN_ID, self.market.address)

    def advance(self, seconds: int, blocks: int = 1) -> None:
        super().advance(seconds, blocks)
        self.model_storage.block = self.evm.number

    def call(self, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        return self.both(self.storage, self.model_storage, name, sender, *args)

    def fund_here(self, holder: str, amount: int) -> None:
        """Available in the accounts here."""
        self.give(holder, amount, self.address)
        self.call("deposit", holder, amount)

    def keeper(
        self, miner: str, units: int, ask: int = PRICE, collateral: int = 1_000 * PRICE
    ) -> int:
        """A miner that leases units out and permits storage deals; its number."""
        number = self.miner(miner, units, ask, GPU)
        self.market_call("permit_operator", miner, miner, self.address, 365 * DAY)
        self.fund_here(miner, collateral)
        self.call("add_collateral", miner, miner, collateral)
        return number

    def file(self, size: int) -> bytes:
        """Bytes of which no leaf is like another; known from now on by their root."""
        blocks = (keccak(text=f"{size} {place}") for place in range(-(-size // 32)))
        data = b"".join(blocks)[:size]
        self.files[ByteTree.of(data).root] = data
        return data

    def quote(
        self, data: bytes, miner: str = BOB, requester: str = ALICE, **changes: Any
    ) -> StorageQuote:
        """Of one unit for three days, each proved by two leaves."""
        usual = StorageQuote(
            self.address,
            requester,
            self.shadow.miners[miner].miner_id,
            GPU,
            1,
            ByteTree.of(data).root,
            len(data),
            DAY,
            3,
            2,
            200 * PRICE,
            BID,
            self.model_storage.nonce_of(requester) + 1,
            self.evm.time + 60,
        )
        return usual._replace(**changes)

    def signed(self, quote: StorageQuote, miner: str = BOB) -> SignedBy:
        return SignedBy.make(miner, self.message_domain.digest(quote))

    def open(
        self,
        quote: StorageQuote,
        *,
        by: str | None = None,
        signed: SignedBy | None = None,
        miner: str = BOB,
    ) -> StorageDeal:
        """The deal's record, as both sides have it."""
        given = signed or self.signed(quote, miner)
        receipt = self.call("open", by or quote.requester, quote, given)
        record = receipt.event("StorageOpened").args["record"]
        deal = StorageDeal(StorageQuote(*record[0]), *record[1:])
        assert receipt.value == (self.message_domain.digest(quote), deal.pay)
        assert deal in self.model_storage.deals
        return deal

    def opened(
        self, data: bytes, miner: str = BOB, requester: str = ALICE, **changes: Any
    ) -> StorageDeal:
        """Opened by a requester that is given the money for it."""
        quote = self.quote(data, miner, requester, **changes)
        needed = quote.units * quote.period * quote.periods * quote.max_price // HOUR + 1
        self.fund_here(requester, self.shadow.scale.value_up(1, needed))
        return self.open(quote, miner=miner)

    def to_due(self, deal: StorageDeal) -> None:
        """Until the period that is to be proved is over."""
        over = self.model_storage.standing_of(deal).over
        self.advance(max(over - self.evm.time, 0))

    def leaves(self, deal: StorageDeal) -> list[int]:
        named = self.model_storage.deals[deal].named
        return drawn_leaves(deal.quote, self.id_of(deal), block_hash(named))

    def proofs(self, deal: StorageDeal, data: bytes | None = None) -> list[LeafProof]:
        """Of the leaves that are drawn."""
        kept = self.files[deal.quote.root] if data is None else data
        tree = ByteTree.of(kept)
        return [LeafProof(leaf_of(kept, leaf), tree.path(leaf)) for leaf in self.leaves(deal)]

    def id_of(self, deal: StorageDeal) -> bytes:
        return self.message_domain.digest(deal.quote)

    def name(self, deal: StorageDeal, miner: str = BOB) -> None:
        """The period is over, and the block after the named one is there."""
        self.to_due(deal)
        self.call("name_block", miner, deal)
        self.advance(12, 2)

    def prove(self, deal: StorageDeal, miner: str = BOB) -> Receipt:
        self.name(deal, miner)
        return self.call("prove", miner, deal, self.proofs(deal))

    def compare(self) -> None:
        model = self.model_storage
        assert self.token.balanceOf(self.address) == model.held
        for deal in model.deals:
            found = self.storage.standingOf(deal)
            assert tuple(map(int, found)) == tuple(map(int, astuple(model.standing_of(deal)))), deal
        for miner in self.shadow.miners_by_id:
            purse = model.purses[miner.miner_id]
            found = tuple(self.storage.purseOf(miner.miner_id))
            assert found == (purse.available, purse.locked)
        for holder, kept in model.accounts.items():
            assert tuple(self.storage.accountOf(holder)) == (kept.available, 0)
