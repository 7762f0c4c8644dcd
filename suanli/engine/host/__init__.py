"""The daemon's side of the engine: worker processes, their walls, compiled modules."""
