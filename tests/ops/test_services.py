"""The units, as the document installs them, in a Debian beside this machine, by its systemd."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import machine as machines
from tests.harness.machine import Machine
from tools import check_wheel

# One machine of each release for all of them, in this order.
pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("services")]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "monitoring.md"
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
NET = """\
import threading
from pathlib import Path
from suanli.devnet import Devnet
with Devnet(Path("/srv/net"), miners=0, jurors=1, ports=(8545, 8700)):
    Path("/srv/net/ready").touch()
    threading.Event().wait()
"""
RPC, RELAY = "http://127.0.0.1:8545", "http://127.0.0.1:8646"
PORTS = {"miner": 9464, "juror": 9465, "relay": 9466}
REQUESTER = {
    "SUANLI_CONFIG": "/srv/net/config.toml",
    "SUANLI_PASSPHRASE_FILE": "/srv/net/passphrase",
    "SUANLI_RELAY": RELAY,
}


def printed() -> list[str]:
    """The document's commands."""
    (block,) = re.findall(r"^## As services\n.*?```bash\n(.*?)```", PAGE.read_text(), re.M | re.S)
    return [line.partition("   #")[0].strip() for line in block.splitlines()]


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """With a devnet whose own relay is not the one that the miner uses, and the three units."""
    if reason := machines.why_not():
        pytest.skip(f"no machine with a systemd of its own: {reason}")
    with machines.unpacked(machines.debian(request.param)) as root:
        shutil.copy(check_wheel.built(), root / "root")
        shutil.copytree(ROOT / "ops", root / "root" / "ops")
        shutil.copytree(ROOT / "examples" / "queens", root / "root" / "queens")
        (root / "root" / "net.py").write_text(NET)
        pins = check_wheel.pins(root / "root")
        lines = printed()
        machines.install(
            root, f"cd; export PIP_CONSTRAINT=/root/{pins.name}; {'; '.join(lines[:2])}"
        )
        with machines.booted(root, {ANVIL: "/usr/local/bin/anvil"}) as machine:
            set_up(machine, lines[2:])
            yield machine


def set_up(machine: Machine, lines: list[str]) -> None:
    machine.run("systemd-run --unit net /opt/suanli/bin/python /root/net.py")
    machine.until((machine.root / "srv/net/ready").exists, "-u net")
    market = json.loads((machine.root / "srv/net/devnet.json").read_text())["market"]
    told = f"SUANLI_MARKET={market}\nSUANLI_RPC={RPC}\nCHAIN_ID=31337\n"
    first = next(at for at, line in enumerate(lines) if "account new" in line)
    machine.run("\n".join(lines[:first]), given="secret words\n")
    (machine.root / "etc/suanli/relay.env").write_text(told)
    machine.run(
        "cd; install -m 644 ops/systemd/suanli-relay.service /etc/systemd/system/\n"
        "systemctl daemon-reload && systemctl enable --now suanli-relay"
    )
    machine.until(lambda: answers(machine, f"{RELAY}/v1/info"), "-u suanli-relay")
    exported = next(line for line in lines if line.startswith("export "))
    fund = f"suanli account fund me --tokens 1000000 --rpc {RPC} --market {market}"
    script = "\n".join(["cd", exported, lines[first], fund, *lines[first + 1 :]])
    script = script.replace("--rpc URL", f"--rpc {RPC}").replace("--relay URL", f"--relay {RELAY}")
    script = script.replace("0x…", market)
    machine.run(script)
    machine.run(
        script.replace("miner", "juror").replace("me.json", "judge.json").replace(" me ", " judge ")
    )
    for role in PORTS:
        machine.until(lambda role=role: is_well(machine, role), f"-u suanli-{role}")


def answers(machine: Machine, url: str) -> str:
    """What is said there; empty if nobody does."""
    asked = f"import httpx; print(httpx.get({url!r}).text)"
    return machine.run("/opt/suanli/bin/python - 2>/dev/null || true", given=asked).strip()


def is_well(machine: Machine, role: str) -> bool:
    return answers(machine, f"http://127.0.0.1:{PORTS[role]}/health") == "well"


def is_under_way(machine: Machine) -> bool:
    """Whether the miner has a deal."""
    figures = answers(machine, f"http://127.0.0.1:{PORTS['miner']}/metrics")
    return "suanli_miner_units_owed 0.0" not in figures and "suanli_miner_units_owed" in figures


def begin_job(machine: Machine, file: str, out: str) -> None:
    script = f"suanli job run queens/{file} --budget 400000 --out {out}"
    set_env = " ".join(f"--setenv={name}={value}" for name, value in REQUESTER.items())
    machine.run(
        f"systemd-run --unit job-{out} --working-directory=/root {set_env}"
        f" --property=RemainAfterExit=yes /opt/suanli/bin/{script}"
    )


def wait_for_job(machine: Machine, out: str) -> None:
    unit = f"job-{out}"
    machine.until(
        lambda: machine.shown(unit, "SubState") in ("exited", "failed"), f"-u {unit}", 300
    )
    assert machine.shown(unit, "Result") == "success", machine.run(f"journalctl -u {unit}")


def same(machine: Machine, out: str, name: str) -> bool:
    found = machine.root / "root" / out / name
    return found.read_bytes() == (ROOT / "examples/queens/expected" / name).read_bytes()


def test_units_work_behind_all_their_walls(machine: Machine) -> None:
    begin_job(machine, "small.toml", "small")
    wait_for_job(machine, "small")
    assert same(machine, "small", "small.tsv")
    for unit in ("suanli-miner", "suanli-juror", "suanli-relay"):
        assert machine.shown(unit, "ActiveState") == "active"
        assert machine.shown(unit, "NRestarts") == "0"
    told = machine.run("journalctl --no-pager -u suanli-miner -u suanli-juror")
    assert "ready: 0x" in told
    assert "second wall" not in told  # bubblewrap works in there


def test_a_killed_daemon_is_started_again_and_goes_on(machine: Machine) -> None:
    begin_job(machine, "job.toml", "killed")
    machine.until(lambda: is_under_way(machine), "-u suanli-miner -u job-killed")
    for role in ("miner", "juror", "relay"):
        machine.run(f"systemctl kill --kill-whom=main --signal=KILL suanli-{role}")
    for role in ("miner", "juror", "relay"):
        unit = f"suanli-{role}"
        machine.until(lambda unit=unit: machine.shown(unit, "NRestarts") == "1", f"-u {unit}")
    for role in PORTS:
        machine.until(lambda role=role: is_well(machine, role), f"-u suanli-{role}")
    wait_for_job(machine, "killed")
    assert same(machine, "killed", "queens.tsv")


def test_stopped_it_ends_in_order_and_goes_on_when_started(machine: Machine) -> None:
    begin_job(machine, "job.toml", "stopped")
    machine.until(lambda: is_under_way(machine), "-u suanli-miner -u job-stopped")
    machine.run("systemctl stop suanli-miner")
    assert machine.shown("suanli-miner", "Result") == "success"
    assert machine.shown("suanli-miner", "ExecMainStatus") == "0"
    machine.run("systemctl start suanli-miner")
    wait_for_job(machine, "stopped")
    assert same(machine, "stopped", "queens.tsv")
    told = machine.run("journalctl --no-pager -u suanli-miner")
    assert "stopped" in told.rpartition("Stopping suanli-miner")[2]


ROOMS = """\
from pathlib import Path
from suanli.lease.sandbox.bounds import SandboxSettings
from suanli.lease.sandbox.checks import findings
from suanli.lease.sandbox.sandbox import Sandbox
settings = SandboxSettings(Path("/var/lib/rooms/miner"), Path("/srv/room"), (Path("/usr"),))
for finding in findings(Sandbox(settings)):
    print(finding.name, finding.right, finding.text)
"""


def in_place_of(machine: Machine, role: str, command: str, *more: str) -> list[str]:
    """What a program says in the place of a daemon; `more`: files for its unit's folder."""
    unit = (ROOT / "ops" / "systemd" / f"suanli-{role}.service").read_text()
    unit = re.sub(r"^ExecStart=.*$", f"ExecStart={command}", unit, flags=re.M)
    unit = unit.replace("[Service]", "[Service]\nType=oneshot\nStandardOutput=truncate:/run/probe")
    unit = unit.replace("Restart=on-failure\n", "")
    units = machine.root / "etc/systemd/system"
    (units / "probe.service").write_text(unit)
    shutil.rmtree(units / "probe.service.d", ignore_errors=True)
    (units / "probe.service.d").mkdir()
    for number, text in enumerate(more):
        (units / "probe.service.d" / f"{number}.conf").write_text(text)
    machine.run("systemctl daemon-reload; systemctl start probe")
    return machine.run("cat /run/probe").splitlines()


# Its folder is none of a daemon's that runs: systemd would give that to root.
ELSEWHERE = """\
[Service]
StateDirectory=
StateDirectory=rooms
WorkingDirectory=/var/lib/rooms
BindPaths={}:/sys/fs/cgroup
"""


def test_rooms_are_opened_with_what_the_unit_lets_them(machine: Machine) -> None:
    (machine.root / "opt/rooms.py").write_text(ROOMS)
    machine.run("mkdir /srv/room; cd /srv/room; ln -s usr/bin usr/lib usr/lib64 usr/sbin .")
    rooms = (ROOT / "ops/systemd/rooms.conf").read_text()
    with machine.like_a_real_one() as controllers:
        more = rooms, ELSEWHERE.format(controllers)
        said = in_place_of(machine, "miner", "/opt/suanli/bin/python /opt/rooms.py", *more)
    assert [line.split()[:2] for line in said] == [["sandbox", "True"], ["room", "True"]], said


PROBE = """\
for path in / /etc/suanli /opt/suanli /usr /home /root /srv /var/lib /proc/sys/kernel/hostname; do
    if [ -d $path ]; then path=$path/probe; fi
    if (echo > $path) 2>/dev/null; then echo "writes $path"; fi
done
for path in /root/net.py /srv/net/passphrase /etc/suanli/passphrase /proc/1/environ; do
    if cat $path >/dev/null 2>&1; then echo "reads $path"; fi
done
echo > /var/lib/suanli/probe && stat -c %a /var/lib/suanli /var/lib/suanli/probe
touch /tmp/probe && (chmod u+s /tmp/probe) 2>/dev/null && echo "sets user"
unshare --user true 2>/dev/null && echo "makes namespaces"
find /proc -maxdepth 1 -name '[0-9]*' ! -user suanli | sed 's/.*/sees a process/'
grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status | tr -d '\t'
"""


@pytest.mark.parametrize("role", ["miner", "juror", "relay"])
def test_a_unit_writes_in_its_folder_and_nowhere_else(machine: Machine, role: str) -> None:
    (machine.root / "opt/probe").write_text(PROBE)
    said = in_place_of(machine, role, "/bin/bash /opt/probe")
    makes = [] if role == "relay" else ["sets user", "makes namespaces"]
    rest = ["CapEff:0000000000000000", "NoNewPrivs:1", "Seccomp:2"]
    assert said == ["700", "600", *makes, *rest]


def test_its_log_may_be_json_and_its_file_is_its_own(machine: Machine) -> None:
    folder = machine.root / "etc/systemd/system/suanli-juror.service.d"
    folder.mkdir()
    (unit,) = re.findall(
        r"^ExecStart=(.*)$", (ROOT / "ops/systemd/suanli-juror.service").read_text(), re.M
    )
    more = f"{unit} --log-format json --log /var/lib/suanli/juror.log"
    (folder / "log.conf").write_text(f"[Service]\nExecStart=\nExecStart={more}\n")
    machine.run("systemctl daemon-reload; systemctl restart suanli-juror")
    machine.until(lambda: is_well(machine, "juror"), "-u suanli-juror")
    log = machine.root / "var/lib/suanli/juror.log"
    assert {json.loads(line)["level"] for line in log.read_text().splitlines()} == {"info"}
    assert log.stat().st_mode & 0o777 == 0o600


def test_drained_it_stays_ended(machine: Machine) -> None:
    before = machine.shown("suanli-miner", "NRestarts")
    drain = "suanli miner drain --config /etc/suanli/miner.toml"
    machine.run(f"cd /; runuser -u suanli -- {drain}", {"SUANLI_ACCOUNTS": "/etc/suanli/accounts"})
    machine.until(
        lambda: machine.shown("suanli-miner", "ActiveState") == "inactive", "-u suanli-miner"
    )
    assert machine.shown("suanli-miner", "Result") == "success"
    assert machine.shown("suanli-miner", "NRestarts") == before
