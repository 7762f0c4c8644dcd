"""The package as users get it: built, the same from the source archive, installed alone, run.

    make check-wheel

Builds archive and wheel into .cache/dist, installs the wheel into an empty environment and runs a
job on a devnet there, in an empty folder: with nothing of this checkout but Anvil and the job.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / ".cache" / "dist"
BIN = Path(sys.executable).parent
JOB = ROOT / "examples" / "queens"


def run(*command: object, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(source: Path, target: str, out: Path) -> Path:
    run(BIN / "python", "-m", "hatchling", "build", "-t", target, "-d", out, cwd=source)
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def built() -> Path:
    """The wheel; the archive builds the same."""
    shutil.rmtree(DIST, ignore_errors=True)
    wheel, archive = build(ROOT, "wheel", DIST), build(ROOT, "sdist", DIST)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        again = contents(build(source, "wheel", Path(folder) / "again"))
    found = contents(wheel)
    differs = [name for name in found.keys() | again.keys() if found.get(name) != again.get(name)]
    if differs:
        sys.exit(f"{archive.name} builds another wheel: {', '.join(sorted(differs)[:5])}")
    print(
        f"{wheel.name}: {len(found)} files, {wheel.stat().st_size:,} bytes; {archive.name} the same"
    )
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """The `suanli` of an environment that has nothing else."""
    run(BIN / "uv", "venv", "-q", "--python", BIN / "python", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    run(BIN / "uv", "pip", "install", "-q", "--python", python, "-c", pins(folder), wheel)
    suanli = python.with_name("suanli")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = run(suanli, "--version", cwd=folder)
    if version not in told:
        sys.exit(f"suanli --version says {told!r}, not {version}")
    print(f"installed alone: {told.strip()}")
    return suanli


def pins(folder: Path) -> Path:
    """requirements.txt without its hashes: constraints have none."""
    lines = [
        line.rstrip("\\ ")
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith((" ", "#"))
    ]
    path = folder / "pins.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def run_a_job(suanli: Path, folder: Path) -> None:
    anvil = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin"
    path = f"{anvil}:/usr/local/bin:/usr/bin:/bin"
    env = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    shutil.copytree(JOB, folder / "queens")
    with (folder / "devnet.log").open("w+") as log:
        net = subprocess.Popen(
            [suanli, "devnet", "--folder", "net", "--miners", "1"], cwd=folder, env=env, stdout=log
        )
        try:
            until = time.monotonic() + 180
            while "Ready" not in (said := (folder / "devnet.log").read_text()):
                if net.poll() is not None or time.monotonic() > until:
                    sys.exit(f"the devnet is not ready: {said}")
                time.sleep(0.5)
            env["SUANLI_CONFIG"] = str(folder / "net" / "config.toml")
            env["SUANLI_PASSPHRASE_FILE"] = str(folder / "net" / "passphrase")
            job = ("job", "run", "queens/small.toml", "--budget", "50000", "--out", "out")
            run(suanli, *job, cwd=folder, env=env)
            page = next(line.split()[1] for line in said.splitlines() if line.startswith("page"))
            answer = httpx.get(page)
        finally:
            net.send_signal(signal.SIGTERM)
            net.wait(60)
    if answer.status_code != 200 or "<title>" not in answer.text:
        sys.exit(f"the page is not in the package: {answer.status_code}")
    expected = (JOB / "expected" / "small.tsv").read_bytes()
    if (folder / "out" / "small.tsv").read_bytes() != expected:
        sys.exit("the job's result is wrong")
    print("a devnet of the installed package ran a job and served the page")


def main() -> int:
    wheel = built()
    with tempfile.TemporaryDirectory() as folder:
        run_a_job(installed(wheel, Path(folder)), Path(folder))
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
