"""A process that goes on without its terminal."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from suanli.base.errors import SuanliError
from suanli.client import ClientError


def detached(act: Callable[[Callable[[], None]], None], log: Path) -> int:
    """Run `act` in a process of its own, which nothing that happens to this one or its terminal
    ends; returns its id once it calls what it is given. What it prints goes to the end of `log`.

    Forked, so that an unlocked key is handed on in memory alone: no database and no connection may
    be open.

    Raises:
        ClientError: it ended before it called.
    """
    here, there = os.pipe()
    child = os.fork()
    if child:
        os.close(there)
        with os.fdopen(here, "rb") as told:
            if not told.read(1):
                raise ClientError(f"process {child} ended at once: its log is {log}")
        return child
    code = 1
    try:
        os.setsid()
        _redirect(log)
        act(lambda: _tell(there))
        code = 0
    except (SuanliError, OSError) as error:
        click.echo(f"error: {error}")
    except Exception:
        traceback.print_exc()  # nobody else will see it
    finally:
        sys.stdout.flush()
        os._exit(code)


def _tell(there: int) -> None:
    os.write(there, b".")
    os.close(there)


def _redirect(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(nothing)
    os.close(written)
