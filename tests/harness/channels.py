"""A market with payment channels, and both in the shadow model.

world = ChannelWorld()
bob = world.lessor(BOB, 100)                     # its number; leases so many units of GPU out
channel = world.opened(units=2)                  # Alice's with Bob, on both sides
world.call("redeem", STRANGER, channel, 5, world.voucher(channel, 5))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_keys import keys

from suanli.model import ChannelRules, PaymentChannels, Signature
from suanli.protocol import Channel, Domain, Quote, Voucher
from tests.harness.evm import CHAIN_ID, Account, Receipt, account
from tests.harness.market import ALICE, BOB, GPU, PRICE, TREASURY
from tests.harness.shadowed import ShadowedWorld

HOUR = 3_600
DAY = 24 * HOUR
NOTICE = 2 * HOUR
FEE_BPS = 250
RULES = ChannelRules(TREASURY, FEE_BPS, NOTICE)
SIGNER = account("alice's session key")
BID = 3 * PRICE


class SignedBy(NamedTuple):
    """A signature, as the contracts and as the model see it."""

    signer: Account
    digest: bytes

    @property
    def signature(self) -> bytes:
        made = keys.PrivateKey(self.signer.key).sign_msg_hash(self.digest)
        r, s, v = made.r, made.s, made.v
        return r.to_bytes(32) + s.to_bytes(32) + bytes([27 + v])


NOTHING = SignedBy(account("nobody"), bytes(32))


def for_chain(value: Any) -> Any:
    if isinstance(value, SignedBy):
        return value.signature
    return list(map(_redemption_for_chain, value)) if isinstance(value, list) else value


def _redemption_for_chain(value: Any) -> Any:
    return tuple(map(for_chain, value)) if isinstance(value, Sequence) else value


def for_model(value: Any) -> Any:
    if isinstance(value, SignedBy):
        return Signature(value.signer, value.digest)
    if isinstance(value, list):
        return [tuple(map(for_model, item)) if isinstance(item, tuple) else item for item in value]
    return value


class ChannelWorld(ShadowedWorld):
    MODELS = ("shadow", "model")

    def __init__(self, decimals: int = 18, rules: ChannelRules = RULES) -> None:
        super().__init__(decimals)
        self._beside(rules)

    def _beside(self, rules: ChannelRules = RULES) -> None:
        """The channels of the market that is there."""
        self.channels = self.evm.deploy(
            "PaymentChannels", self.market.address, *rules[:3], sender=account("deployer")
        )
        self.start()
        self.model: Any = PaymentChannels(self.shadow, self.channels.address, rules)
        self.rules = rules

    @property
    def address(self) -> str:
        return str(self.channels.address)

    @property
    def message_domain(self) -> Domain:
        return Domain(CHAIN_ID, self.market.address)

    def call(self, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        return self.both(self.channels, _ForModel(self.model), name, sender, *args)

    def both(self, contract: Any, model: Any, name: str, sender: str, *args: Any) -> Receipt:
        if contract is not self.channels:
            return super().both(contract, model, name, sender, *args)
        return super().both(_ForChain(contract), model, name, sender, *args)

    def fund_here(self, holder: str, amount: int) -> None:
        """Available in the channels' accounts."""
        self.give(holder, amount, self.address)
        self.call("deposit", holder, amount)

    def lessor(
        self, miner: str, units: int, ask: int = PRICE, resource: int = GPU, longest: int = 30 * DAY
    ) -> int:
        """A miner that leases units out and permits the channels; its number."""
        number = self.miner(miner, units, ask, resource)
        self.market_call("permit_operator", miner, miner, self.address, longest)
        return number

    def quote(self, lessor: str = BOB, requester: str = ALICE, **changes: Any) -> Quote:
        """Of one unit for an hour."""
        usual = Quote(
            self.address,
            requester,
            SIGNER,
            self.shadow.miners[lessor].miner_id,
            GPU,
            1,
            HOUR,
            self.model.nonce_of(requester) + 1,
            self.evm.time + 60,
        )
        return usual._replace(**changes)

    def signed(self, quote: Quote, miner: str = BOB) -> SignedBy:
        return SignedBy(miner, self.message_domain.digest(quote))  # type: ignore[arg-type]

    def open(
        self,
        quote: Quote,
        deposit: int,
        *,
        max_price: int = BID,
        by: str | None = None,
        signed: SignedBy | None = None,
        miner: str = BOB,
    ) -> Channel:
        """The channel's record, as both sides have it."""
        given = signed or self.signed(quote, miner)
        receipt = self.call("open", by or quote.requester, quote, given, deposit, max_price)
        record = receipt.event("ChannelOpened").args["record"]
        channel = Channel(Quote(*record[0]), *record[1:])
        assert receipt.value == (self.message_domain.digest(quote), channel.price)
        assert channel in self.model.channels
        return channel

    def opened(
        self, deposit: int = 10 * PRICE, miner: str = BOB, requester: str = ALICE, **changes: Any
    ) -> Channel:
        """Opened by a requester that is given the money for it."""
        self.fund_here(requester, deposit)
        return self.open(self.quote(miner, requester, **changes), deposit, miner=miner)

    def voucher(self, channel: Channel, amount: int, signer: str = SIGNER) -> SignedBy:
        message = Voucher(self.message_domain.digest(channel.quote), amount)
        return SignedBy(signer, self.message_domain.digest(message))  # type: ignore[arg-type]

    def compare(self) -> None:
        model = self.model
        assert self.token.balanceOf(self.address) == model.held
        for channel in model.channels:
            found = self.channels.channelOf(channel)
            assert tuple(found) == _view(model.channel_of(channel)), channel
        for miner in self.shadow.miners_by_id:
            number = miner.miner_id
            found = tuple(self.channels.earningsOf(number))
            assert found == (model.due[number], model.fees[number])
        for holder, kept in model.accounts.items():
            assert tuple(self.channels.accountOf(holder)) == (kept.available, 0)


def _view(view: Any) -> tuple[int, ...]:
    return int(view.status), view.ends, view.deposit, view.paid, view.reserved


class _ForModel:
    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._model, name)
        return lambda sender, *args: function(sender, *map(for_model, args))


class _ForChain:
    def __init__(self, contract: Any) -> None:
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._contract, name)
        return lambda *args, sender: function(*map(for_chain, args), sender=sender)
