"""What happened on the chain, in tables that answer at once, and the API over them."""

from suanli.relay.server.index.api import add_index, document

__all__ = ["add_index", "document"]
