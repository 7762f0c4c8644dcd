"""What comes with Suanli for those who operate it: units, alert rules, a dashboard."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from suanli.cli import cli
from tests.suanli.base.test_metrics import PAGE, PART

OPS = Path(__file__).resolve().parents[2] / "ops"
UNITS = sorted(OPS.glob("systemd/*.service"))
HERE = "/opt/suanli/bin/suanli"
DASHBOARD = json.loads((OPS / "grafana" / "suanli.json").read_text())
QUERIES = [
    target["expr"].replace("$instance", ".*")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
ALERTS = yaml.safe_load((OPS / "prometheus" / "alerts.yml").read_text())


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus, systemd)")
    return found


def says(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    suanli = Path(sys.executable).with_name("suanli")
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(HERE, str(suanli)))
    given = list(map(str, tmp_path.iterdir()))
    more = tmp_path / "suanli-miner.service.d" / "rooms.conf"
    more.parent.mkdir()
    more.write_text((OPS / "systemd" / more.name).read_text())
    told = says(tool("systemd-analyze"), "verify", *given)
    assert [line for line in told.splitlines() if "suanli" in line] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_start_commands_that_are_there(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M)
    program, *arguments = shlex.split(line)
    given = [argument for argument in arguments if argument.startswith("--")]
    shown = CliRunner().invoke(cli, [*arguments[:2], "--help"])
    assert program == HERE
    assert shown.exit_code == 0
    assert all(option in shown.stdout for option in given)
    assert "--rpc" not in given  # whoever may list processes reads arguments


def test_the_compose_file_asks_where_its_daemons_tell_and_its_files_are_their_users() -> None:
    text = (OPS / "compose.yaml").read_text()
    for name in ("relay", "miner"):
        service = yaml.safe_load(text)["services"][name]
        (port,) = re.findall(r"0\.0\.0\.0:(\d+)(?!.*0\.0\.0\.0)", " ".join(service["command"]))
        assert f"//127.0.0.1:{port}/health" in service["healthcheck"]["test"][-1]
    (user,) = re.findall(r"useradd .*--uid (\d+)", (OPS / "Containerfile").read_text())
    head = text.partition("services:")[0]
    assert f"chown -R {user} passphrase postgres-password accounts miner.toml" in head


def test_alerts_fire_when_they_should_and_not_else() -> None:
    folder = OPS / "prometheus"
    says(tool("promtool"), "check", "config", str(folder / "prometheus.yml"))
    says(tool("promtool"), "test", "rules", str(folder / "alerts.test.yml"))


def test_each_alert_has_a_test() -> None:
    tested = (OPS / "prometheus" / "alerts.test.yml").read_text()
    for rule in ALERTS["groups"][0]["rules"]:
        assert re.search(rf"alertname: {rule['alert']}\n        exp_alerts:\n", tested), rule


def test_alerts_and_dashboard_use_documented_names() -> None:
    asked = [rule["expr"] for rule in ALERTS["groups"][0]["rules"]] + QUERIES
    named = {PART.sub("", name) for query in asked for name in re.findall(r"suanli_\w+", query)}
    assert named <= set(re.findall(r"`(suanli_\w+)`", PAGE.read_text()))


def test_the_dashboards_choices_are_whole() -> None:
    """As Grafana's published types want them."""
    for each in DASHBOARD["templating"]["list"]:
        assert {"text", "value"} <= each.get("current", {"text": "", "value": ""}).keys()
