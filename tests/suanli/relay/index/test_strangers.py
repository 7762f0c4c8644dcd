"""What strangers wrote on the chain: megabytes, no UTF-8, what moves a terminal."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from suanli.relay.server.index.tables import ABOUT, HISTORY, PROPOSALS
from tests.harness.logs import COURT, GOVERNOR, MARKET, Happenings, MadeUpChain
from tests.suanli.relay.index.conftest import Indexed, in_memory, indexed

VOTER = "0x" + "77" * 20


def read(chain: MadeUpChain) -> Indexed:
    found = indexed(chain, in_memory())
    found.read()
    return found


def history(found: Indexed, name: str) -> Any:
    with found.store.reading() as connection:
        query = select(HISTORY.c.arguments).where(HISTORY.c.name == name)
        return connection.execute(query).scalar_one()


def test_a_proposal_of_megabytes_is_cut() -> None:
    chain = MadeUpChain()
    Happenings(chain)
    data = [b"\x01" * 20_000] * 199
    calls = ([MARKET] * 200, [1] * 200, [""] * 200, [b"\x01" * 4_096, *data])
    text = "<img src=x onerror=alert(1)>\u202e" * 40_000
    chain.log(GOVERNOR, "ProposalCreated", 5, VOTER, *calls, 1, 2, text)
    found = read(chain)
    assert len(json.dumps(history(found, "ProposalCreated"))) < 64 << 10
    with found.store.reading() as connection:
        row = connection.execute(select(PROPOSALS)).one()
    assert row.description == text[:10_000]
    assert (len(row.calls), row.calls_in_all) == (64, 200)
    assert [call["cut"] for call in row.calls] == [False] + [True] * 63
    assert {len(call["data"]) for call in row.calls} == {2 + 2 * 4_096}


def test_text_that_is_no_text_hides_nothing() -> None:
    chain = MadeUpChain()
    Happenings(chain)
    nothing: list[Any] = []
    chain.log(GOVERNOR, "ProposalCreated", 5, VOTER, *([nothing] * 4), 1, 2, "a fee")
    chain.log(GOVERNOR, "VoteCast", VOTER, 5, 1, 9, "XXXX\x00")
    contract, transaction, topics, data = chain.blocks[-1].logs[-1]
    broken = data.replace(b"XXXX".hex(), "fffe80ff")
    chain.blocks[-1].logs[-1] = contract, transaction, topics, broken
    found = read(chain)
    assert history(found, "VoteCast")["reason"] == "\ufffd" * 5
    with found.store.reading() as connection:
        row = connection.execute(select(PROPOSALS)).one()
    assert (row.in_favour, row.voters) == (9, 1)


def test_what_no_contract_would_tell_stops_nothing(caplog: Any) -> None:
    chain = MadeUpChain()
    Happenings(chain)
    chain.log(GOVERNOR, "VoteCast", VOTER, 77, 1, 9, "of no proposal")
    chain.log(MARKET, "Deposited", VOTER, 5)
    found = read(chain)
    assert history(found, "Deposited")["amount"] == "5"
    assert "leaves out VoteCast" in caplog.text


def test_what_the_parties_of_a_case_get_is_an_amount_and_nobodys_number() -> None:
    chain = MadeUpChain()
    Happenings(chain)
    case, filer, amounts = b"\x0c" * 32, VOTER, (26 * 10**18, 2, 3 * 10**18, 1, 5)
    filed = (case, b"\x0d" * 32, filer, 1, 0, False, 3, 3, 10**18)
    chain.log(COURT, "ChallengeFiled", *filed)
    chain.log(COURT, "DepositsDivided", case, *amounts)
    found = read(chain)
    assert history(found, "DepositsDivided")["filer"] == str(amounts[0])
    with found.store.reading() as connection:
        at = connection.execute(
            select(HISTORY.c.at).where(HISTORY.c.name == "DepositsDivided")
        ).scalar_one()
        concerned = connection.execute(select(ABOUT.c.id).where(ABOUT.c.at == at)).scalars().all()
    assert concerned == [case]
