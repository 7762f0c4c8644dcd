"""What comes with Suanli for those who operate it: units, alert rules, a dashboard."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner

from suanli.base import metrics
from suanli.chain import connect
from suanli.cli import cli
from suanli.devnet.processes import free_port
from suanli.juror import metrics as juror
from suanli.miner import metrics as miner
from suanli.relay import HttpStore, RelayClient
from tests.harness.local_chain import anvil, deploy
from tests.suanli.base.test_metrics import JUROR, MINER, PAGE, PART

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


def relay_on(chain: str, folder: Path, ends: ExitStack) -> str:
    """Where a relay is measured that follows a market with its index, was asked something of each
    kind, and is nearly full."""
    market, port, measured = deploy(connect(chain)), free_port(0), free_port(0)
    command = [sys.executable, "-m", "suanli", "relay", "run", "--market", market.address]
    command += ["--chain-id", str(market.domain.chain_id), "--data", str(folder / "relay")]
    command += ["--port", str(port), "--max-bytes", "1000", "--metrics", f"127.0.0.1:{measured}"]
    with (folder / "relay.log").open("wb") as log:
        away = os.environ | {"SUANLI_RPC": chain}
        child = subprocess.Popen(command, stdout=log, stderr=log, env=away)
    ends.callback(child.wait, 30)
    ends.callback(child.terminate)
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while not is_well(url):
        assert time.monotonic() < until, (folder / "relay.log").read_text()
        time.sleep(0.2)
    with closing(RelayClient(url, market.domain)) as client:
        HttpStore(client).put(bytes(950))
        assert httpx.get(f"{url}/api/v1/classes").json()[0]["resource"] == 1
    return f"http://127.0.0.1:{measured}"


def is_well(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False  # it is starting


def test_the_dashboards_choices_are_whole() -> None:
    """As Grafana's published types want them."""
    for each in DASHBOARD["templating"]["list"]:
        assert {"text", "value"} <= each.get("current", {"text": "", "value": ""}).keys()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Has looked at a miner, a juror and a relay twice; its address."""
    program, folder = tool("prometheus"), tmp_path_factory.mktemp("prometheus")
    with ExitStack() as ends:
        trouble: dict[str, Any] = MINER | {"troubles": {"stake": "too little"}}
        urls = [
            ends.enter_context(metrics.serving(role, "127.0.0.1", 0, lambda s=status: s, figures))
            for role, status, figures in (
                ("miner", trouble, miner.figures),
                ("juror", JUROR, juror.figures),
            )
        ]
        urls.append(relay_on(ends.enter_context(anvil()), folder, ends))
        config = yaml.safe_load((OPS / "prometheus" / "prometheus.yml").read_text())
        config["global"]["scrape_interval"] = "1s"
        config["rule_files"] = [str(OPS / "prometheus" / "alerts.yml")]
        targets = [url.removeprefix("http://") for url in urls]
        config["scrape_configs"][0]["static_configs"] = [{"targets": targets}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        port = free_port(0)
        command = [program, f"--config.file={folder}/prometheus.yml"]
        command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log)
        ends.callback(child.wait, 30)
        ends.callback(child.terminate)
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while not (
            answers(url, "count_over_time(suanli_up[1m]) >= 2", len(urls))
            and answers(url, "suanli_relay_warning", 1)
        ):
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.2)
        yield url


def answers(url: str, query: str, least: int) -> bool:
    """Whether it finds so many series."""
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query}).json()
    except (httpx.TransportError, ValueError):
        return False  # it is starting
    return answer["status"] == "success" and len(answer["data"]["result"]) >= least


@pytest.mark.deep
@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_dashboard_finds_something(prometheus: str, query: str) -> None:
    assert answers(prometheus, query, 1)
