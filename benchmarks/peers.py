"""Gas a task, of every flow by which tasks are paid, beside other markets'.

    python -m benchmarks.peers   print the table, draw docs/peers.svg

Suanli's figures are those of gas-snapshot.json, others' those of peers-gas.json, which says how
they were measured; a published one that was not measured is marked.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.gas import SNAPSHOT

PEERS = Path(__file__).with_name("peers-gas.json")
PICTURE = Path(__file__).parents[1] / "docs" / "peers.svg"
TASKS = (1, 10, 100, 1_000, 10_000)
OURS = "Suanli"
IEXEC = {
    "classic, 1 worker": "classic, one worker",
    "classic, 3 workers": "classic, three workers",
    "contributeAndFinalize": "contributeAndFinalize",
    "boost": "Boost",
}
"""As peers-gas.json names what it measured, and as it is told."""


class Flow(NamedTuple):
    """A deal's gas: `first` with one task, `further` for each task beyond it."""

    market: str
    name: str
    first: int
    further: int | None
    """None: a deal is one task, so that n tasks are n deals."""

    def each(self, tasks: int) -> float:
        """Gas a task, where `tasks` are known at once."""
        if self.further is None:
            return self.first
        return (self.first + (tasks - 1) * self.further) / tasks


def flows() -> list[Flow]:
    return [*_ours(), *_others()]


def _ours() -> Iterator[Flow]:
    gas: dict[str, int] = json.loads(SNAPSHOT.read_text())["flows"]
    further = gas["further-task"]
    yield Flow(OURS, "signed, cooperative", gas["signed-cooperative"], further)
    yield Flow(OURS, "posted, through the window", gas["posted-optimistic"], further)
    yield Flow(OURS, "ten deals together, each", gas["together-10-each"], further)
    opened = gas["channel-open-judged"] + gas["channel-closeByMiner-judged"]
    yield Flow(OURS, "channel, opened and closed", opened, 0)
    judged = gas["posted-optimistic"] - gas["settle"] + gas["challenge-to-verdict"]
    yield Flow(OURS, "posted, challenged, judged by three", judged, further)


def _others() -> Iterator[Flow]:
    peers = {peer["name"].split(" (")[0]: peer for peer in json.loads(PEERS.read_text())["peers"]}
    iexec, lilypad = peers["iExec PoCo"], peers["Lilypad"]
    # Those of the default optimizer are the lower ones; not all flows were measured with it.
    yield from _iexec(iexec["flows"] | iexec["flows_default_optimizer"])
    boundless: dict[str, int] = peers["Boundless"]["flows"]
    yield Flow(
        "Boundless",
        "lock with signature, fulfil",
        boundless["lock with signature + fulfil, one job"],
        None,
    )
    batched = boundless["lockRequest"] + boundless["fulfil batch of 32, on-chain assessor, each"]
    yield Flow("Boundless", "lock, fulfilled in batches of 32", batched, None)
    yield Flow(
        "Lilypad", "four transactions", lilypad["flows_default_optimizer"]["one job (4 tx)"], None
    )
    golem: dict[str, Any] = peers["Golem"]["flows"]
    yield Flow("Golem", "one payment, no escrow (published)", golem["ERC-20 payment, gas limit"], 0)


def _iexec(gas: dict[str, int]) -> Iterator[Flow]:
    for name, told in IEXEC.items():
        first = next(gas[key] for key in gas if key.startswith(f"{name}, 1-task deal"))
        yield Flow("iExec", told, first, gas[f"{name}, each further task"])


def provenance() -> str:
    """What was measured of others, when and how, as Markdown."""
    said = json.loads(PEERS.read_text())
    lines = ["| market | version | compiled by | remark |", "|---|---|---|---|"]
    for peer in said["peers"]:
        name, _, remark = peer["name"].partition(" (")
        cells = (
            name,
            peer.get("version", ""),
            peer.get("compiler", ""),
            peer.get("note", remark.rstrip(")")),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([f"Measured {said['measured']}: {said['method']}.", "", *lines])


def table(found: Sequence[Flow]) -> str:
    """As Markdown."""
    head = " | ".join(f"{tasks:,}" for tasks in TASKS)
    lines = [f"| market | flow | {head} |", "|---|---|" + "--:|" * len(TASKS)]
    for flow in found:
        figures = " | ".join(short(flow.each(tasks)) for tasks in TASKS)
        lines.append(f"| {flow.market} | {flow.name} | {figures} |")
    return "\n".join(lines)


def short(gas: float) -> str:
    """Three digits that count."""
    if gas >= 1_000:
        digits = 10 ** max(math.floor(math.log10(gas)) - 2, 0)
        return f"{round(gas / digits) * digits:,}"
    return f"{gas:.3g}"


def draw(found: Sequence[Flow], target: Path) -> None:
    """Gas a task against tasks a deal, both by powers of ten; the same bytes each time, and as the
    table rounds it, so that a drift of the snapshot does not change them."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": OURS, "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5.2), layout="constrained")
    axes.set_prop_cycle(color=[*mpl.colormaps["tab10"].colors, "black", "navy", "#e0a000"])
    marks = iter("osD^v")
    for flow in found:
        ours = flow.market == OURS
        axes.plot(
            TASKS,
            [float(short(flow.each(tasks)).replace(",", "")) for tasks in TASKS],
            label=f"{flow.market}: {flow.name}",
            linewidth=2.2 if ours else 1.2,
            linestyle="-" if ours else "--",
            marker=next(marks) if ours else ".",
        )
    axes.set(xscale="log", yscale="log", xlabel="tasks of one deal", ylabel="gas a task")
    axes.grid(visible=True, color="#ddd")
    measured = json.loads(PEERS.read_text())["measured"]
    title = f"Dashed: other markets, measured\n{measured}; versions in docs/gas.md"
    legend = figure.legend(loc="outside right upper", frameon=False)
    legend.set_title(title, prop={"size": 8})
    legend.set_alignment("left")
    figure.savefig(target, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def main() -> int:
    found = flows()
    print(table(found), provenance(), sep="\n\n")
    draw(found, PICTURE)
    print(f"\nDrawn: {PICTURE.relative_to(PICTURE.parents[1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
