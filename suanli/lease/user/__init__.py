"""The requester's side: a lease is opened, paid step by step, and ended."""
