"""What a Prometheus is told of a devnet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suanli.devnet import figures


def test_each_part_has_its_name_and_the_dashboards_job() -> None:
    made = json.loads(figures.configuration({"relay": "127.0.0.1:1", "miner-1": "127.0.0.1:2"}))
    assert made["scrape_configs"] == [
        {
            "job_name": "suanli",
            "static_configs": [
                {"targets": ["127.0.0.1:1"], "labels": {"instance": "relay"}},
                {"targets": ["127.0.0.1:2"], "labels": {"instance": "miner-1"}},
            ],
        }
    ]
    assert made["rule_files"] == [str(figures.RULES)]


def test_an_installed_package_has_no_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(figures, "RULES", tmp_path / "alerts.yml")
    assert json.loads(figures.configuration({}))["rule_files"] == []
