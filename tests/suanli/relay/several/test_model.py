"""Two relays as one against a plain model: whichever of them is away, and in whatever order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from suanli.protocol import Claim, Request, Signed
from suanli.relay import RelayRefusal, Relays, RelayUnreachable
from suanli.relay.client import Lodged, Page
from suanli.relay.several.merging import newest
from tests.suanli.relay.conftest import DOMAIN, MINER, OTHER, claim, request, signed_request
from tests.suanli.relay.several.conftest import LONG

SALTS, AGES = st.integers(0, 3), st.integers(0, 5)
MINERS = st.sampled_from([MINER, OTHER])
FIRST = 1_700_000_000
ROOT = bytes(32)


class FakeRelay:
    """Keeps what it is told as relays do. `fault`: away, refusing, mute, or none."""

    ahead = None

    def __init__(self, url: str) -> None:
        self.url, self.domain, self.fault = url, DOMAIN, ""
        self.lodged: list[Lodged] = []
        self.told: dict[tuple[str, bytes], Claim] = {}

    def close(self) -> None: ...

    def _answers(self) -> bool:
        """False: as if it had nothing."""
        if self.fault == "away":
            raise RelayUnreachable("away")
        if self.fault == "refusing":
            raise RelayRefusal(403, "not you")
        return self.fault != "mute"

    def post(self, signed: Signed[Any]) -> None:
        if not self._answers():
            return
        made = signed.message
        known = {lodged.id for lodged in self.lodged}
        if isinstance(made, Request):
            id_ = DOMAIN.request_id(made)
            if id_ not in known:
                self.lodged.append(Lodged(len(self.lodged) + 1, id_, signed))
            return
        if made.request not in known:
            raise RelayRefusal(404, "unknown")
        before = self.told.get((made.miner, made.request))
        if before is not None and made.issued <= before.issued and made != before:
            raise RelayRefusal(409, "older")
        self.told[made.miner, made.request] = made

    def claims(self, request_id: bytes) -> list[Claim]:
        found = self.told.values() if self._answers() else ()
        return [made for made in found if made.request == request_id]

    def requests(self, after: int, resource: int | None, miner: int | None) -> Page:
        found = [one for one in self.lodged if one.sequence > after] if self._answers() else []
        return Page(found, max([after, *(one.sequence for one in found)]), False)


class TwoRelays(RuleBasedStateMachine):
    """One at a time is away, and what it missed it is given before the other goes; or the first
    tells lies for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.fakes = [FakeRelay("one"), FakeRelay("other")]
        self.relays = self._connected()
        self.lies = False
        self.asked: set[bytes] = set()
        self.said: dict[tuple[str, bytes], Claim] = {}
        self.seen: set[bytes] = set()
        self.cursor: Any = 0

    def _connected(self) -> Relays:
        fakes: list[Any] = [*self.fakes]
        return Relays(fakes, clock=lambda: self.now, patience=LONG)

    def teardown(self) -> None:
        self.relays.close()

    @initialize(fault=st.sampled_from(["", "mute", "refusing"]), backwards=st.booleans())
    def begin(self, fault: str, backwards: bool) -> None:
        self.lies = bool(fault)
        self.fakes[backwards].fault = fault

    @rule(salt=SALTS)
    def lodge(self, salt: int) -> None:
        self.relays.post(signed_request(salt=salt))
        self.asked.add(DOMAIN.request_id(request(salt=salt)))

    @rule(salt=SALTS, miner=MINERS, age=AGES, units=st.integers(1, 2))
    def say(self, salt: int, miner: Any, age: int, units: int) -> None:
        made = claim(
            request(salt=salt), miner, miner=miner.address, issued=FIRST + age, units_used=units
        )
        key = miner.address, made.message.request
        before = self.said.get(key)
        known = made.message.request in self.asked
        older = before is not None and (
            made.message.issued <= before.issued and made.message != before
        )
        right = {404} if not known else {409} if older else set()
        refused = self._refused(made)
        if self.lies:  # then the one that lies may take it, or refuse it in other words
            assert (refused is None) or right
        else:
            assert refused in (right or {None})
        if known and not older:
            self.said[key] = made.message

    def _refused(self, made: Signed[Any]) -> int | None:
        try:
            self.relays.post(made)
        except RelayRefusal as error:
            return error.status
        return None

    @precondition(lambda self: not self.lies)
    @rule(which=st.booleans())
    def go_away(self, which: bool) -> None:
        self.settle()
        self.fakes[which].fault = "away"

    @precondition(lambda self: not self.lies)
    @rule()
    def settle(self) -> None:
        """Both are there for a while."""
        for fake in self.fakes:
            fake.fault = ""
        for _ in range(3):
            self.now += 1_000
            self.relays.requests(0)
            for member in self.relays._members:
                member.ask("a later turn of its thread", lambda relay: None).result()

    @rule()
    def read_on(self) -> None:
        page = self.relays.requests(self.cursor)
        self.cursor = page.after
        self.seen |= {lodged.id for lodged in page.requests}
        assert self.seen == self.asked

    @invariant()
    def nothing_is_hidden(self) -> None:
        assert {lodged.id for lodged in self.relays.requests(0).requests} == self.asked
        for id_ in self.asked:
            wanted = [made for made in self.said.values() if made.request == id_]
            assert self.relays.claims(id_) == newest([wanted])


TestTwoRelays = TwoRelays.TestCase
TestTwoRelays.settings = settings(max_examples=settings.default.max_examples // 5)


@given(
    st.lists(
        st.builds(
            lambda miner, age, units: Claim(miner.address, age, ROOT, ROOT, units, ROOT),
            MINERS,
            AGES,
            st.integers(1, 2),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_division_do_not_matter(said: list[Claim], random: Any) -> None:
    parts: list[list[Claim]] = [[], [], []]
    for made in random.sample(said, len(said)):
        for part in random.sample(parts, random.randint(1, 3)):
            part.append(made)
    assert newest(random.sample(parts, 3)) == newest([said])
    assert len({made.miner for made in newest([said])}) == len(newest([said]))
