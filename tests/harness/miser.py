"""`suanli`, but for a requester that signs the first voucher of a session and no other.

python -m tests.harness.miser lease run … -- program
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from suanli.cli import main
from suanli.lease.user.core import Pay
from suanli.lease.user.run import LeaseRun

_do = LeaseRun._do


def _once(run: LeaseRun, instruction: Any) -> None:
    if isinstance(instruction, Pay):
        run.payments = replace(run.payments, budget=instruction.amount)
    _do(run, instruction)


if __name__ == "__main__":
    LeaseRun._do = _once  # type: ignore[method-assign]
    main()
