"""Where a requester's jobs are."""

from __future__ import annotations

from pathlib import Path

from suanli.base.config import setting, user_state


def state_folder(given: str | Path | None = None) -> Path:
    """Where jobs are: `given`, SUANLI_STATE, the configuration file's `state`, or one place a
    user, so that they are seen from every folder."""
    named = setting("state", str(given) if given else None)
    return Path(named).expanduser() if named else user_state()
