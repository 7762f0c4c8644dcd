"""How a Prometheus looks at a devnet's relays and daemons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FIRST_PORT = 9464
"""Of the first that is started; the next one has the next."""
EVERY = "5s"
"""A devnet's jobs take seconds."""
RULES = Path(__file__).parents[2] / "ops" / "prometheus" / "alerts.yml"
"""In a checkout."""


def configuration(places: Mapping[str, str]) -> str:
    """For `prometheus --config.file`: JSON is YAML, too. `places`: host and port, by name."""
    targets = [{"targets": [place], "labels": {"instance": name}} for name, place in places.items()]
    made = {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(RULES)] if RULES.exists() else [],
        "scrape_configs": [{"job_name": "suanli", "static_configs": targets}],
    }
    return json.dumps(made, indent=1) + "\n"
