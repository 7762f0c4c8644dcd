"""The daemon's ways out: to the chain, the relay, the stores, the engine."""
