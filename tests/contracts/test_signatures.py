"""Signatures of requests, acceptances and releases: which are taken, and for what.

A signature of 65 bytes (r, s, v) is taken, and so are its other forms: 64 bytes (EIP-2098) and the
malleated one (n - s). That does no harm: nothing is keyed by a signature. What was signed is keyed
by the request's digest, and each step of a request happens once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.evm import reverts
from tests.harness.market import (
    ACCEPTANCE_TYPE,
    ALICE,
    BOB,
    CAROL,
    CPU_LARGE,
    DAVE,
    OWNER,
    PRICE,
    RELEASE_TYPE,
    REQUEST_TYPE,
    ROOT,
    STRANGER,
    ZERO,
    Request,
    State,
    World,
    deploy_market,
)
from tests.harness.signing import compact, digest, malleated

MAGIC = bytes.fromhex("1626ba7e")


@pytest.fixture
def world(world):
    world.register(BOB)
    world.register(DAVE)
    world.fund(ALICE, 1_000 * world.unit)
    return world


class Entry(NamedTuple):
    """One of the three places where a signature is read: how to get there, to sign and to call.

    `end` is the state that a good signature leads to.
    """

    types: dict[str, Any]
    prepare: Callable[[World, Request], None]
    message: Callable[[World, Request], dict[str, Any]]
    call: Callable[[World, Request, bytes], Any]
    end: int

    def signable(self, world, request, **domain):
        return world.typed(self.types, self.message(world, request), **domain)

    def sign(self, world, request, signer=ALICE, **domain):
        signable = self.signable(world, request, **domain)
        return bytes(EthAccount.sign_message(signable, signer.key).signature)

    def digest(self, world, request):
        return digest(self.signable(world, request))


def fund_only(world, request):
    world.fund(request.requester, world.lock_of(request))


def confirm(world, request):
    world.confirm(request, BOB)


ENTRIES = {
    "confirmRequest": Entry(
        REQUEST_TYPE,
        fund_only,
        lambda world, request: request._asdict(),
        lambda world, request, signature: world.market.confirmRequest(
            request, signature, sender=BOB
        ),
        State.CONFIRMED,
    ),
    "submitAccepted": Entry(
        ACCEPTANCE_TYPE,
        confirm,
        lambda world, request: {
            "request": world.request_id(request),
            "root": ROOT,
            "unitsUsed": 80,
        },
        lambda world, request, signature: world.market.submitAccepted(
            request, ROOT, 80, signature, sender=BOB
        ),
        State.SETTLED,
    ),
    "releaseByAgreement": Entry(
        RELEASE_TYPE,
        confirm,
        lambda world, request: {"request": world.request_id(request)},
        lambda world, request, signature: world.market.releaseByAgreement(
            request, signature, sender=BOB
        ),
        State.ANNULLED,
    ),
}


@pytest.fixture(params=ENTRIES)
def entry(request):
    return ENTRIES[request.param]


@pytest.fixture
def request_(world, entry):
    """A request, brought to where the entry reads a signature."""
    made = world.request()
    entry.prepare(world, made)
    return made


# Digests

requests = st.builds(
    Request,
    requester=st.sampled_from([ALICE, CAROL, ZERO, "0x" + "ff" * 20]),
    miner=st.sampled_from([0, 1, 2**32 - 1]),
    resource=st.integers(0, 2**32 - 1),
    runtime=st.integers(0, 2**16 - 1),
    units=st.integers(0, 2**64 - 1),
    maxPrice=st.integers(0, 2**96 - 1),
    confirmBy=st.integers(0, 2**40 - 1),
    duration=st.integers(0, 2**32 - 1),
    tasks=st.integers(0, 2**32 - 1),
    job=st.binary(min_size=32, max_size=32),
    terms=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 2**16 - 1),
    epoch=st.integers(0, 2**32 - 1),
    salt=st.integers(0, 2**64 - 1),
)


@given(requests)
@pytest.mark.spec("5.1")
def test_the_id_of_any_request_is_the_digest_eth_account_signs(shared_world, made):
    signable = shared_world.typed(REQUEST_TYPE, made._asdict())
    assert bytes(shared_world.market.requestId(made)) == digest(signable)


def test_the_digest_checked_is_the_one_eth_account_signs(world, entry, request_):
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, b"")


@pytest.mark.spec("5.1")
def test_the_market_tells_its_domain(world):
    """ERC-5267: wallets can show what is signed."""
    domain = world.market.eip712Domain()
    assert (domain.name, domain.version) == ("Suanli", "1")
    assert (domain.chainId, domain.verifyingContract) == (1337, world.market.address)
    assert domain.fields == b"\x0f"


# Forms that are taken


@pytest.mark.parametrize(
    "form",
    [bytes, compact, malleated],
    ids=["65 bytes", "64 bytes", "malleated"],
)
@pytest.mark.spec("5.6", "12.8")
def test_takes(world, entry, request_, form):
    entry.call(world, request_, form(entry.sign(world, request_)))
    assert world.state(request_) == entry.end


@pytest.mark.parametrize("form", [bytes, compact, malleated])
@pytest.mark.spec("12.8")
def test_no_form_works_a_second_time(world, entry, request_, form):
    signature = entry.sign(world, request_)
    entry.call(world, request_, signature)
    with reverts("WrongState", world.request_id(request_), entry.end):
        entry.call(world, request_, form(signature))


@given(st.integers(1, 2**250), st.sampled_from([bytes, compact, malleated]))
def test_any_key_signs_for_its_own_address(shared_world, secret, form):
    world = shared_world
    key = EthAccount.from_key(secret.to_bytes(32, "big"))
    with world.evm.rollback():
        world.register(BOB)
        made = world.request(requester=key.address.lower())
        world.fund(made.requester, world.lock_of(made))
        signature = bytes(key.sign_message(world.typed(REQUEST_TYPE, made._asdict())).signature)
        world.market.confirmRequest(made, form(signature), sender=BOB)
        assert world.state(made) == State.CONFIRMED


# Forms that are not


def flipped(signature, position):
    return signature[:position] + bytes([signature[position] ^ 1]) + signature[position + 1 :]


MANGLED = {
    "empty": lambda s: b"",
    "one byte": lambda s: s[:1],
    "63 bytes": lambda s: s[:63],
    "66 bytes": lambda s: s + b"\x00",
    "twice": lambda s: s + s,
    "zeros": lambda s: bytes(65),
    "64 zeros": lambda s: bytes(64),
    "ones": lambda s: b"\xff" * 65,
    "r of zero": lambda s: bytes(32) + s[32:],
    "s of zero": lambda s: s[:32] + bytes(32) + s[64:],
    "v of 0 or 1": lambda s: s[:64] + bytes([s[64] - 27]),
    "v of 29": lambda s: s[:64] + b"\x1d",
    "other v": lambda s: s[:64] + bytes([55 - s[64]]),
    "another r": lambda s: flipped(s, 31),
    "another s": lambda s: flipped(s, 63),
    "ABI-encoded": lambda s: (32).to_bytes(32, "big") + (65).to_bytes(32, "big") + s,
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
@pytest.mark.spec("5.6")
def test_refuses_what_is_no_signature(world, entry, request_, mangle):
    signature = entry.sign(world, request_)
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, mangle(signature))


@pytest.mark.parametrize("salt", range(8))
def test_64_bytes_stand_for_a_v_of_27(world, salt):
    """Cutting off v gives EIP-2098's form of a signature whose v is 27, and none if it is 28."""
    made = world.request(salt=salt)
    signature = world.sign(made)
    if signature[64] == 27:
        world.market.confirmRequest(made, signature[:64], sender=BOB)
        return
    with reverts("InvalidSignature", ALICE, world.request_id(made)):
        world.market.confirmRequest(made, signature[:64], sender=BOB)


@given(st.binary(max_size=200))
def test_refuses_any_bytes(shared_world, signature):
    world = shared_world
    with world.evm.rollback():
        world.register(BOB)
        made = world.request()
        with reverts("InvalidSignature", ALICE, world.request_id(made)):
            world.market.confirmRequest(made, signature, sender=BOB)


@pytest.mark.parametrize("signer", [BOB, CAROL, OWNER, STRANGER], ids=["miner", "c", "owner", "s"])
@pytest.mark.spec("5.6")
def test_refuses_another_signer(world, entry, request_, signer):
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, entry.sign(world, request_, signer))


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"chainId": 31337},
        {"verifyingContract": BOB},
        {"verifyingContract": ZERO},
        {"name": "suanli"},
        {"version": "2"},
    ],
    ids=str,
)
@pytest.mark.spec("5.1")
def test_refuses_another_domain(world, entry, request_, domain):
    signature = entry.sign(world, request_, **domain)
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, signature)


def test_refuses_what_was_signed_for_another_market(world, entry, request_):
    other = deploy_market(world.evm, world.token.address, delay=0, sender=STRANGER)
    signature = entry.sign(world, request_, verifyingContract=other.address)
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, signature)


@pytest.mark.parametrize("other", ENTRIES)
def test_refuses_what_was_signed_for_another_purpose(world, entry, request_, other):
    if ENTRIES[other] is entry:
        entry.call(world, request_, entry.sign(world, request_))
        return
    signature = ENTRIES[other].sign(world, request_)
    with reverts("InvalidSignature", ALICE, entry.digest(world, request_)):
        entry.call(world, request_, signature)


def test_refuses_the_digest_signed_as_a_message(world):
    """personal_sign of the id is not a signature of the request."""
    made = world.request()
    signed = EthAccount.sign_message(encode_defunct(world.request_id(made)), ALICE.key)
    with reverts("InvalidSignature", ALICE, world.request_id(made)):
        world.market.confirmRequest(made, bytes(signed.signature), sender=BOB)


# Content

ALTERED = {
    "requester": CAROL,
    "miner": 1,
    "resource": CPU_LARGE,
    "runtime": 1,
    "units": 101,
    "maxPrice": 2 * PRICE + 1,
    "confirmBy": 2**40 - 1,
    "duration": 7_201,
    "tasks": 5,
    "job": keccak(text="another job"),
    "terms": 2,
    "flags": 1,
    "epoch": 1,
    "salt": 1,
}


def test_all_fields_are_altered_below():
    assert set(ALTERED) == set(Request._fields)


@pytest.mark.parametrize("field", ALTERED)
def test_refuses_an_altered_field(world, field):
    made = world.request()
    altered = made._replace(**{field: ALTERED[field]})
    world.fund(altered.requester, 1_000 * world.unit)
    with reverts("InvalidSignature", altered.requester, world.request_id(altered)):
        world.market.confirmRequest(altered, world.sign(made), sender=BOB)


@pytest.mark.parametrize("field", ALTERED)
def test_an_altered_field_finds_no_deal(world, field):
    """Later steps take the request again, and prove it by its digest."""
    made = world.request()
    world.confirm(made, BOB)
    altered = made._replace(**{field: ALTERED[field]})
    signature = ENTRIES["submitAccepted"].sign(world, made)
    with reverts("WrongState", world.request_id(altered), State.NONE):
        world.market.submitAccepted(altered, ROOT, 80, signature, sender=BOB)


@pytest.mark.parametrize(("root", "used"), [(b"\x01" * 32, 80), (ROOT, 79), (ROOT, 81)])
def test_an_acceptance_is_of_one_result(world, root, used):
    made = world.request()
    world.confirm(made, BOB)
    signature = ENTRIES["submitAccepted"].sign(world, made)
    message = {"request": world.request_id(made), "root": root, "unitsUsed": used}
    with reverts("InvalidSignature", ALICE, digest(world.typed(ACCEPTANCE_TYPE, message))):
        world.market.submitAccepted(made, root, used, signature, sender=BOB)


def test_an_acceptance_is_of_one_deal(world):
    made, other = world.request(salt=1), world.request(salt=2)
    for each in (made, other):
        world.confirm(each, BOB)
    entry = ENTRIES["submitAccepted"]
    with reverts("InvalidSignature", ALICE, entry.digest(world, other)):
        entry.call(world, other, entry.sign(world, made))


# Replay


def settle(world, made):
    world.submit(made, BOB)
    world.market.acceptResult(made, ROOT, made.units, sender=ALICE)
    return State.SETTLED


def cancel(world, made):
    world.market.cancelRequest(made, sender=ALICE)
    return State.CANCELLED


def post_and_cancel(world, made):
    world.post(made)
    return cancel(world, made)


def release(world, made):
    world.confirm(made, BOB)
    world.market.release(made, sender=BOB)
    return State.RELEASED


def default(world, made):
    world.confirm(made, BOB)
    world.evm.advance(made.duration + 1)
    world.market.claimDefault(made, sender=BOB)
    return State.DEFAULTED


@pytest.mark.parametrize("end", [settle, cancel, post_and_cancel, release, default])
@pytest.mark.spec("5.1")
def test_a_signature_dies_with_its_request(world, end):
    made = world.request(confirmBy=2**40 - 1)
    signature = world.sign(made)
    state = end(world, made)
    for miner in (BOB, DAVE):
        with reverts("WrongState", world.request_id(made), state):
            world.market.confirmRequest(made, signature, sender=miner)


@pytest.mark.spec("5.5")
def test_a_signature_of_an_earlier_epoch(world):
    made = world.request()
    signature = world.sign(made)
    world.market.advanceEpoch(sender=ALICE)
    with reverts("EpochMismatch", 0, 1):
        world.market.confirmRequest(made, signature, sender=BOB)


def test_an_epoch_does_not_void_what_was_signed_for_a_deal(world):
    """Acceptance and release are of one deal, which the epoch doesn't touch."""
    for name in ("submitAccepted", "releaseByAgreement"):
        with world.evm.rollback():
            made = world.request()
            world.confirm(made, BOB)
            signature = ENTRIES[name].sign(world, made)
            world.market.advanceEpoch(sender=ALICE)
            ENTRIES[name].call(world, made, signature)


def test_nobody_signs_for_the_zero_address(world):
    """ecrecover answers zero to what is no signature."""
    made = world.request(requester=ZERO)
    for signature in (b"", bytes(65), bytes(64), world.sign(made)):
        with reverts("InvalidSignature", ZERO, world.request_id(made)):
            world.market.confirmRequest(made, signature, sender=BOB)


@pytest.mark.parametrize("number", range(1, 10))
def test_no_precompile_is_a_wallet(world, number):
    """Number 4 gives back what it is sent, selector first; ERC-1271 wants the selector alone."""
    made = world.request(requester="0x" + number.to_bytes(20, "big").hex())
    for signature in (b"", MAGIC, MAGIC + bytes(61), world.sign(made)):
        with reverts("InvalidSignature", made.requester, world.request_id(made)):
            world.market.confirmRequest(made, signature, sender=BOB)


# Contract wallets (ERC-1271)


@pytest.fixture
def wallet_request(world, entry):
    """A request of a wallet that is Alice's, brought to where the entry reads a signature."""
    made = world.request(requester=world.wallet(ALICE))
    entry.prepare(world, made)
    return made


@pytest.mark.spec("5.6", "12.5")
def test_a_wallet_takes_its_owners_signature(world, entry, wallet_request):
    entry.call(world, wallet_request, entry.sign(world, wallet_request))
    assert world.state(wallet_request) == entry.end


@pytest.mark.parametrize("signer", [BOB, CAROL, STRANGER], ids=["miner", "carol", "stranger"])
def test_a_wallet_refuses_others(world, entry, wallet_request, signer):
    wallet = wallet_request.requester
    with reverts("InvalidSignature", wallet, entry.digest(world, wallet_request)):
        entry.call(world, wallet_request, entry.sign(world, wallet_request, signer))


def test_a_wallet_refuses_what_its_owner_signed_for_itself(world):
    own = world.request()
    made = own._replace(requester=world.wallet(ALICE))
    world.fund(made.requester, world.lock_of(made))
    with reverts("InvalidSignature", made.requester, world.request_id(made)):
        world.market.confirmRequest(made, world.sign(own), sender=BOB)


@pytest.fixture
def puppet(world):
    """A wallet that answers what it is told, with money in the market."""
    made = world.evm.deploy("Puppet")
    for target, call in (
        (world.token, world.token.faucet.codec.call_data((10**21,))),
        (world.token, world.token.approve.codec.call_data((world.market.address, 10**21))),
        (world.market, world.market.deposit.codec.call_data((10**21,))),
    ):
        made.send(target.address, call)
    return made


@pytest.mark.parametrize("tail", [bytes(28), bytes(60)])
def test_a_wallet_decides_about_any_bytes(world, puppet, tail):
    puppet.instruct(MAGIC + tail, False)
    made = world.request(requester=puppet.address)
    world.market.confirmRequest(made, b"its own scheme" * 100, sender=BOB)
    assert world.state(made) == State.CONFIRMED


@pytest.mark.parametrize(
    ("answer", "failing"),
    [
        (b"", False),
        (bytes(32), False),
        (b"\xff" * 32, False),
        (bytes.fromhex("ffffffff") + bytes(28), False),
        (MAGIC, False),
        (MAGIC + bytes(27), False),
        (MAGIC + bytes(27) + b"\x01", False),
        (bytes(28) + MAGIC, False),
        ((1).to_bytes(32, "big"), False),
        (b"", True),
        (MAGIC + bytes(28), True),
    ],
    ids=[
        "nothing",
        "zero",
        "ones",
        "refusal",
        "4 bytes",
        "31 bytes",
        "dirty",
        "to the right",
        "true",
        "reverts",
        "reverts with the magic value",
    ],
)
@pytest.mark.spec("12.5")
def test_a_wallet_that_answers_something_else_refuses(world, puppet, answer, failing):
    puppet.instruct(answer, failing)
    made = world.request(requester=puppet.address)
    with reverts("InvalidSignature", puppet.address, world.request_id(made)):
        world.market.confirmRequest(made, b"any", sender=BOB)


def test_a_wallet_can_not_enter_the_market(world, puppet):
    """It is called without the right to write, so what it tries fails, and the call with it."""
    puppet.instruct(MAGIC + bytes(28), False)
    made = world.request(requester=puppet.address)
    cancel_request = world.market.cancelRequest.codec.call_data((made,))
    puppet.reenter(world.market.address, cancel_request)
    with reverts("InvalidSignature", puppet.address, world.request_id(made)):
        world.market.confirmRequest(made, b"", sender=BOB)
    assert world.state(made) == State.NONE


def test_a_wallet_that_changes_its_mind_changes_nothing_signed(world, puppet):
    """Once a deal is confirmed nobody asks again; a refused release leaves the deal as it is."""
    puppet.instruct(MAGIC + bytes(28), False)
    made = world.request(requester=puppet.address)
    world.market.confirmRequest(made, b"", sender=BOB)
    puppet.instruct(b"", True)
    world.market.submitResult(made, ROOT, 80, sender=BOB)
    world.evm.advance(86_401)
    world.market.settle(made, sender=BOB)
    assert world.state(made) == State.SETTLED


def test_a_miner_that_is_a_wallet_agrees_by_its_owners_signature(world):
    wallet = world.wallet(DAVE)
    world.register(wallet)
    made = world.request()
    world.confirm(made, wallet)
    world.market.releaseByAgreement(made, world.sign_release(made, DAVE), sender=ALICE)
    assert world.state(made) == State.ANNULLED
