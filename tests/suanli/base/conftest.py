"""Accounts without this machine's own settings, and cheap to encrypt."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.base.accounts import Keystore


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("PRIVATE_KEY", "PASSPHRASE", "PASSPHRASE_FILE", "ACCOUNTS", "ACCOUNT", "CONFIG"):
        monkeypatch.delenv(f"SUANLI_{name}", raising=False)
    for name in ("RPC", "MARKET"):
        monkeypatch.delenv(f"SUANLI_{name}", raising=False)
    monkeypatch.setattr("suanli.base.accounts.SCRYPT_N", 2)


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "accounts")
