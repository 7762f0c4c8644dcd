"""The worker's side of the engine: the only code that shares a process with guests."""
