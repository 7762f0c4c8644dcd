"""Files that outlive a version of this program: whoever changes what is in them raises the number
of their form, so that another version tells what to do instead of reading something else."""

from __future__ import annotations

import hashlib
import re

import pytest

from suanli.chain import journal as transactions
from suanli.client import funds, ledger
from suanli.juror.journal import JurorJournal
from suanli.lease.host.journal import HostJournal
from suanli.lease.storage.keeper.journal import KeeperJournal
from suanli.lease.storage.owner import ledger as storage
from suanli.lease.swarm import purses, tills
from suanli.lease.user import ledger as lease
from suanli.miner import sealing
from suanli.miner.journal import Journal
from suanli.relay.server import database
from suanli.store.ipfs import pins

FILES = {
    "miner": (Journal.VERSION, Journal.SCHEMA),
    "juror": (JurorJournal.VERSION, JurorJournal.SCHEMA),
    "lease host": (HostJournal.VERSION, HostJournal.SCHEMA),
    "keeper": (KeeperJournal.VERSION, KeeperJournal.SCHEMA),
    **{
        name: (module.FORM.number, module._SCHEMA)
        for name, module in {
            "job": ledger,
            "funds": funds,
            "transactions": transactions,
            "lease": lease,
            "file": storage,
            "swarm, requester": purses,
            "swarm, miner": tills,
            "sealed deals": sealing,
            "relay": database,
            "pins": pins,
        }.items()
    },
}
KNOWN: dict[str, tuple[int, str]] = {
    "miner": (7, "279131bda50d"),
    "juror": (3, "de34fa2c9e0c"),
    "lease host": (1, "78fec51a814c"),
    "keeper": (1, "9836ac17d2c0"),
    "job": (1, "0fe8e4d8e04f"),
    "funds": (1, "b8e4bfa56d7c"),
    "transactions": (1, "d131378a51d2"),
    "lease": (1, "a4b4626c7e63"),
    "file": (1, "a4b4626c7e63"),
    "swarm, requester": (1, "346fb857e2ae"),
    "swarm, miner": (1, "a0fd2e927a76"),
    "sealed deals": (1, "e75a34a1f2e1"),
    "relay": (1, "5d050c5125b3"),
    "pins": (1, "e7780d991b59"),
}


@pytest.mark.parametrize("name", FILES)
def test_tables_change_with_their_number_only(name: str) -> None:
    number, schema = FILES[name]
    plain = re.sub(r"\s+", " ", schema).strip()
    assert (number, hashlib.sha256(plain.encode()).hexdigest()[:12]) == KNOWN[name]
