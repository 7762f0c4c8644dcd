"""`suanli identity`: what each command prints, and what it says about bad input."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suanli.chain import Attested, IdentityRegistry, IdentitySubject, Sender, creation
from suanli.cli import cli
from suanli.client import identity
from suanli.protocol import ZERO_ADDRESS, Attestation, signed_from_json, verify
from tests.harness.identity import send_to
from tests.harness.local_chain import DEPLOYER, Controls
from tests.suanli.client.conftest import ALICE, BOB, CAROL, CHEAP, World
from tests.suanli.client.test_commands import Shell
from tests.suanli.client.test_terms import add_terms
from tests.suanli.client.test_wallets import Wallet

KEYS = {
    ALICE.address: "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    BOB.address: "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    DEPLOYER.address: "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
}
MINER = "miner 1 in its tenure 0"


@pytest.fixture
def registered(world: World) -> World:
    """Bob is miner 1; Alice attests identities."""
    world.miner(BOB).join()
    return world


class Identity(Shell):
    """Calls `suanli identity`, as Alice unless told otherwise."""

    def __call__(self, *arguments: Any, by: str = ALICE.address, text: str = "") -> Result:  # type: ignore[override]
        given = ["identity", *map(str, arguments)]
        env = self.where | {"SUANLI_PRIVATE_KEY": KEYS[by]}
        return CliRunner().invoke(cli, given, env=env, input=text)


@pytest.fixture
def say(registered: World) -> Identity:
    return Identity(registered)


def said(told: Result) -> dict[str, Any]:
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def refused(told: Result, code: int = 1) -> str:
    assert told.exit_code == code, told.output
    assert isinstance(told.exception, SystemExit), "no traceback"
    return told.stderr.strip().splitlines()[-1].removeprefix("Error: ")


def test_attested_shown_revoked(registered: World, say: Identity) -> None:
    registry = identity.registry_of(registered.market)
    attested = say("attest", "--miner", BOB.address, "--days", 30)
    signed = signed_from_json(Attestation, said(attested))
    assert verify(registered.market.domain, signed)
    assert signed.message.registry == registry.address
    assert (signed.message.miner, signed.message.tenure, signed.message.level) == (1, 0, 1)
    assert signed.message.valid_until - registered.node.head().time == 30 * 86_400
    assert f"{MINER} is attested by {ALICE.address}, level 1, until " in attested.stderr

    shown = say("submit", "-", by=BOB.address, text=attested.stdout).stdout.splitlines()
    assert shown[0] == f"{MINER}  verified: yes"
    assert shown[1].split() == ["attestor", "level", "issued", "until", "state"]
    assert shown[2].split()[:2] == [ALICE.address, "1"]
    assert shown[2].split()[-1] == "counts"

    again = say("submit", "-", by=BOB.address, text=attested.stdout)
    assert again.stderr == "it is on the chain already\n"
    assert again.stdout.splitlines() == shown

    assert said(say("show", "--miner", 1, "--json")) == {
        "registry": registry.address,
        "miner": 1,
        "tenure": 0,
        "requester": ZERO_ADDRESS,
        "verified": True,
        "said": [
            {
                "attestor": ALICE.address,
                "issued": signed.message.issued,
                "valid_until": signed.message.valid_until,
                "level": 1,
                "state": "counts",
            }
        ],
    }
    gone = say("revoke", "--miner", 1).stdout.splitlines()
    assert gone[0] == f"{MINER}  verified: no"
    assert gone[2].split()[-1] == "revoked"
    assert "has said or revoked something" in refused(say("submit", "-", text=attested.stdout))


def test_a_requester(registered: World, say: Identity) -> None:
    attested = say("attest", "--requester", CAROL.address, "--level", 7)
    file = registered.folder / "attestation.json"
    file.write_text(attested.stdout)
    about = said(say("submit", file, "--json"))
    assert (about["requester"], about["miner"], about["verified"]) == (CAROL.address, 0, True)
    assert about["said"][0]["level"] == 7
    # Newer though the chain's time stands still, and so it takes the place of what stood there.
    lower = said(say("attest", "--requester", CAROL.address))
    assert lower["message"]["issued"] > about["said"][0]["issued"]


def test_the_owner_revokes_an_attestor_s_word(registered: World, say: Identity) -> None:
    say("submit", "-", text=say("attest", "--miner", 1).stdout)
    no = refused(say("revoke", "--miner", 1, "--attestor", ALICE.address, by=BOB.address))
    assert no.startswith(f"{BOB.address} can't revoke what {ALICE.address} attested")
    told = say("revoke", "--miner", 1, "--attestor", ALICE.address, by=DEPLOYER.address)
    assert told.stdout.startswith(f"{MINER}  verified: no")


def test_who_attests(registered: World, say: Identity) -> None:
    registry = identity.registry_of(registered.market)
    shown = say("show").stdout.splitlines()
    assert [line.split()[-1] for line in shown[:3]] == [registry.address, DEPLOYER.address, "1"]
    assert shown[4].startswith(ALICE.address)
    (attestor,) = registry.attestors()
    assert said(say("show", "--json")) == {
        "registry": registry.address,
        "owner": DEPLOYER.address,
        "least_level": 1,
        "attestors": [{"account": ALICE.address, "since": attestor.since}],
    }


def another(world: World, attestors: list[str], market: str | None = None) -> IdentityRegistry:
    sender = Sender(world.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    arguments = (market or world.market.address, DEPLOYER.address, 3, attestors)
    address = sender.execute(creation(world.node, "IdentityRegistry", *arguments)).contract
    assert address is not None
    return IdentityRegistry(world.node, address)


def test_another_registry(registered: World, say: Identity) -> None:
    other = another(registered, [ALICE.address])
    attested = say("attest", "--miner", 1, "--registry", other.address)
    assert said(attested)["message"]["level"] == 3, "the least that counts"
    told = say("submit", "-", text=attested.stdout)
    assert told.stdout.startswith(f"{MINER}  verified: yes")
    mine = identity.registry_of(registered.market).address
    assert told.stderr.startswith(f"note: the newest terms ask another verifier, {mine}")
    assert say("show", "--miner", 1).stdout.startswith(f"{MINER}  verified: no")
    empty = another(registered, [])
    told = say("show", "--registry", empty.address)
    assert told.stdout.endswith("nobody attests: the owner makes attestors (addAttestor)\n")
    strange = another(registered, [], market=BOB.address)
    assert refused(say("show", "--registry", strange.address)) == (
        f"the identity registry {strange.address} is for the market {BOB.address}, not"
        f" {registered.market.address}"
    )


def test_terms_without_a_verifier(registered: World, say: Identity) -> None:
    add_terms(registered, identity_verifier=ZERO_ADDRESS)
    assert refused(say("show")).startswith("the newest terms name no identity verifier")


def test_a_contract_account_attests_by_its_owner_and_revokes_itself(
    registered: World, say: Identity
) -> None:
    wallet = Wallet(registered).address
    registry = another(registered, [wallet])
    where = ("--registry", registry.address, "--for", wallet)
    no = refused(say("attest", "--miner", 1, *where, by=BOB.address))
    assert no.startswith(f"the contract account {wallet} does not take a signature of")
    attested = say("attest", "--miner", 1, *where)
    assert said(attested)["signer"] == wallet
    told = say("submit", "-", text=attested.stdout)
    assert told.stdout.startswith(f"{MINER}  verified: yes")
    calls = said(say("revoke", "--miner", 1, *where, "--json"))["calls"]
    revoked = registry.revoke(wallet, IdentitySubject(1))
    assert [(call["to"], call["data"]) for call in calls] == [
        (registry.address, f"0x{revoked.data.hex()}")
    ]
    assert registry.is_verified(IdentitySubject(1)), "nothing was sent"


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("attest",), 2, "name a miner (--miner) or a requester (--requester), one of both"),
        (("attest", "--miner", 1, "--requester", BOB.address), 2, "one of both"),
        (("show", "--tenure", 1), 2, "one of both"),
        (("attest", "--miner", 9), 1, "there is no miner 9 in this market"),
        (("attest", "--miner", "Bob"), 1, "'Bob' is neither a miner's number nor its address"),
        (("attest", "--miner", "4294967296"), 1, "is neither a miner's number"),
        (("attest", "--miner", ALICE.address), 1, f"{ALICE.address} is no miner of this market"),
        (("attest", "--requester", "0x12"), 1, "'0x12' is no address of a requester"),
        (("attest", "--requester", ZERO_ADDRESS), 1, "is no address of a requester"),
        (("attest", "--requester", BOB.address, "--tenure", 1), 1, "a requester has no tenure"),
        (("attest", "--miner", 1, "--tenure", -1), 1, "a tenure is a whole number from 0"),
        (("attest", "--miner", 1, "--level", 0), 1, "the level is from 1, the registry's least"),
        (("attest", "--miner", 1, "--level", 256), 1, "the registry's least, to 255"),
        (("attest", "--miner", 1, "--days", 0), 2, "0 is not in the range"),
        (("attest", "--miner", 1, "--for", "x"), 2, "--for takes an address, not 'x'"),
        (("attest", "--miner", 1, "--registry", "x"), 1, "'x' can't be the identity registry: its"),
        (
            ("show", "--registry", BOB.address),
            1,
            "is no identity registry: name another with --reg",
        ),
        (("revoke", "--miner", 1, "--attestor", "x"), 2, "--attestor takes an address, not 'x'"),
        (
            ("revoke", "--miner", 1, "--attestor", BOB.address, "--for", BOB.address),
            2,
            "--attestor is for the registry's owner",
        ),
        (("submit", "nothing.json"), 1, "nothing.json can't be read: No such file or directory"),
    ],
)
def test_bad_input(say: Identity, arguments: tuple[Any, ...], code: int, why: str) -> None:
    assert why in refused(say(*arguments), code)


def test_who_is_no_attestor(registered: World, say: Identity) -> None:
    registry = identity.registry_of(registered.market).address
    for told in (
        say("attest", "--miner", 1, by=BOB.address),
        say("attest", "--miner", 1, "--for", CAROL.address, by=BOB.address),
    ):
        assert f"is no attestor of the registry {registry}" in refused(told)
    assert refused(say("revoke", "--miner", 1, by=BOB.address)).startswith(
        f"{BOB.address} is no attestor of this registry"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: "{", "- holds no signed attestation: no JSON"),
        (lambda text: text * 200, "- holds no signed attestation: too long"),
        (lambda text: text.replace('"miner": 1', '"miner": "1"'), "miner: must be a whole number"),
        (lambda text: text.replace('"miner": 1', '"miner": 2'), "for the market 0x"),
        (lambda text: text.replace("message", "massage"), "- holds no signed attestation: "),
    ],
)
def test_what_is_no_attestation(say: Identity, change: Any, why: str) -> None:
    told = say("submit", "-", text=change(say("attest", "--miner", 1).stdout))
    assert why in refused(told)


def test_signed_before_its_attestor_came_again(registered: World, say: Identity) -> None:
    registry = identity.registry_of(registered.market)
    attested = say("attest", "--miner", 1)
    contract = registry._contract
    send_to(registry, DEPLOYER, contract.call("removeAttestor", ALICE.address))
    assert "is no attestor of this registry" in refused(say("submit", "-", text=attested.stdout))
    Controls(registered.node).evm_increaseTime(1)
    send_to(registry, DEPLOYER, contract.call("addAttestor", ALICE.address))
    assert "before its attestor was made one" in refused(say("submit", "-", text=attested.stdout))


@pytest.mark.parametrize("lie", ["the time", "when it was said last"])
def test_a_node_that_is_ahead_gets_nothing_signed(
    registered: World, say: Identity, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    """Signed with a later time it would outlast a revocation. Local chains turn their clock."""
    monkeypatch.setattr(identity, "LOCAL_CHAINS", ())
    now = registered.market.node.head().time
    monkeypatch.setattr(identity, "time", SimpleNamespace(time=lambda: now))
    said(say("attest", "--miner", 1))
    if lie == "the time":
        monkeypatch.setattr(identity, "time", SimpleNamespace(time=lambda: now - 7_200))
    else:
        last = Attested(2**39, 2**39, 1)
        monkeypatch.setattr(IdentityRegistry, "attested", lambda *_: last)
    assert "the node says that it is" in refused(say("attest", "--miner", 1))


def test_the_commands_of_the_page_are_there() -> None:
    page = (Path(__file__).parents[3] / "docs" / "identity.md").read_text()
    for command in ("attest", "submit", "show", "revoke"):
        assert f"suanli identity {command}" in page
