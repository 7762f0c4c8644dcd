"""What `suanli job estimate` says of a job's cost: asked for without an account."""

from __future__ import annotations

import secrets
from tempfile import TemporaryDirectory
from typing import Any

from suanli.base.accounts import Account
from suanli.base.errors import SuanliError
from suanli.base.text import plain
from suanli.cli.flags import options_of
from suanli.cli.options import WHERE
from suanli.cli.printing import Row, cost_rows
from suanli.client import connect
from suanli.job import Estimate, Job


def costs(job: Job, tried: Estimate, flags: dict[str, Any]) -> tuple[list[Row], dict[str, Any]]:
    """Rows for people, and the same by name in base units. A market that can't be asked is no
    reason to keep the rest back."""
    where = {name: flags.pop(name) for name in WHERE}
    # Nobody's: nothing is sent or paid, and no passphrase is asked for.
    where |= {"account": Account.from_key(secrets.token_hex(32))}
    try:
        with TemporaryDirectory() as state, connect(**where | {"state": state}) as client:
            quote = client.quote(job, options_of(flags), tried)
            amounts = {"price": quote.price, "worst": quote.worst, "expected": quote.expected}
            return cost_rows(client, quote), amounts
    except SuanliError as error:
        return [("cost", f"unknown: {plain(str(error))}")], {"cost_unknown": str(error)}
