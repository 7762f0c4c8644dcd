"""What each event changes in the tables, as the contracts change their storage."""

from suanli.relay.server.index.apply.book import Constants, TableBook
from suanli.relay.server.index.apply.events import apply

__all__ = ["Constants", "TableBook", "apply"]
