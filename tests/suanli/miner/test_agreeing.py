"""`suanli miner agree`: a deal ends for nothing, and its miner goes on."""

from __future__ import annotations

import json

from click.testing import CliRunner

from suanli.cli import cli
from suanli.miner.story import story_of
from suanli.protocol import Release, State, signed_from_json
from tests.harness.bench import Bench
from tests.harness.local_chain import BOB
from tests.harness.world import World, lodged, send, write_config
from tests.suanli.client.test_identity_commands import KEYS


def test_a_deal_ends_as_both_agree(registered: World, bench: Bench) -> None:
    made, id_ = lodged(registered)
    bench.until(lambda: registered.market.state_of(made) is State.CONFIRMED)
    config = write_config(registered, data=str(bench.folder))
    command = ["miner", "agree", id_.hex()[:12], "--config", str(config)]
    shown = CliRunner().invoke(cli, command, env={"SUANLI_PRIVATE_KEY": KEYS[BOB.address]})
    assert shown.exit_code == 0, shown.output
    agreed = signed_from_json(Release, json.loads(shown.stdout))
    assert (agreed.signer, agreed.message.request) == (BOB.address, id_)
    send(
        registered.market,
        registered.requester.account,
        registered.market.release_by_agreement(made, agreed.signature),
    )
    bench.until(lambda: story_of(bench.daemon.journal, id_)["stage"] == "ended")
    assert registered.market.state_of(made) is State.ANNULLED
    passed = CliRunner().invoke(cli, ["miner", "story", id_.hex()[:12], "--config", str(config)])
    assert "annulled" in passed.stdout
