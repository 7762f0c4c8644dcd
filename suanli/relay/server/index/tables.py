"""The index's tables, the same in SQLite and PostgreSQL.

`at` is a place in the chain as one number: block and the log's place in it. What came on chain at
several moments names them by it, and `history` has the rest.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)

PLACES = 1 << 20
"""More than a block has logs."""
METADATA = MetaData()
JSON_TEXT = JSON(none_as_null=True)


class Whole(TypeDecorator[int]):
    """A whole number of any size, as text that sorts as the numbers do: how many digits, and
    these."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        digits = str(value)
        return f"{len(digits):02d}{digits}"

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value[2:])


def _table(name: str, *parts: Any) -> Table:
    return Table(name, METADATA, *parts)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _some(kind: Any, *names: str) -> list[Column[Any]]:
    """Columns that are never empty."""
    return [Column(name, kind, nullable=False) for name in names]


def _perhaps(kind: Any, *names: str) -> list[Column[Any]]:
    return [Column(name, kind) for name in names]


# What was read, as it came

META = _table("meta", _key("name", Text), Column("value", Text, nullable=False))
"""Where the cursor stands, of which market all this is, and by which version of these tables."""

BLOCKS = _table(
    "blocks", _key("number", BigInteger), *_some(LargeBinary, "hash"), *_some(BigInteger, "time")
)
"""Those with events."""

HISTORY = _table(
    "history",
    _key("at", BigInteger),
    *_some(Text, "contract", "name"),
    *_some(LargeBinary, "address", "transaction"),
    *_some(JSON_TEXT, "arguments"),
)
HISTORY_BY_NAME = Index("history_by_name", HISTORY.c.name, HISTORY.c.at)

ABOUT = _table("about", _key("kind", SmallInteger), _key("id", LargeBinary), _key("at", BigInteger))
"""What each event concerns."""
Index("about_at", ABOUT.c.at)

UNDO = _table(
    "undo",
    _key("block", BigInteger),
    _key("step", Integer),
    *_some(Text, "table_name"),
    *_some(JSON_TEXT, "key"),
    *_perhaps(JSON_TEXT, "row"),
)
"""Rows as they were before the batch that ends with a block; null: there was none."""

# What is made of it: each row is written by `changes.Changes` alone

COUNTS = _table("counts", _key("name", Text), *_some(BigInteger, "count"))

CONTRACTS = _table("contracts", _key("address", LargeBinary), *_some(Text, "role"))
"""Those that terms name, from then on."""

TERMS = _table(
    "terms", _key("terms", Integer), *_some(Boolean, "retired"), *_some(JSON_TEXT, "record")
)

CLASSES = _table(
    "classes",
    _key("resource", BigInteger),
    *_some(Text, "unit"),
    *_some(SmallInteger, "kind"),
    *_some(Boolean, "retired"),
    *_some(Whole, "floor", "stake_per_unit", "max_task_units"),
    *_some(Whole, "max_task_memory", "max_task_bytes"),
    *_some(BigInteger, "unit_seconds", "deals"),
    *_some(Whole, "registered", "published", "demanded"),
    *_perhaps(Whole, "last_price"),
)

RUNTIMES = _table(
    "runtimes",
    _key("resource", BigInteger),
    _key("runtime", Integer),
    *_some(LargeBinary, "runtime_id"),
    *_some(Boolean, "suspended"),
)

POINTS = _table(
    "points",
    _key("resource", BigInteger),
    _key("step", Integer),
    _key("start", BigInteger),
    *_some(BigInteger, "deals"),
    *_some(Whole, "units", "value", "registered", "published", "demanded"),
    *_perhaps(Whole, "open", "high", "low", "close"),
)
"""Minutes, hours and days of each class."""

MINERS = _table(
    "miners",
    _key("miner_id", BigInteger),
    *_some(LargeBinary, "miner", "payout"),
    *_perhaps(LargeBinary, "successor"),
    *_some(BigInteger, "tenure", "tenure_at", "registered_at", "unbonding_ends"),
    *_some(BigInteger, "last_payment_time"),
    *_some(Whole, "stake", "unbonding", "earned", "collected", "earned_by_channels"),
    *_some(Whole, "earned_by_storage", "rewards", "fees_paid", "slashed"),
    *_some(BigInteger, "live", "completed", "released", "defaulted", "overturned"),
)
Index("miners_by_account", MINERS.c.miner)
Index("miners_by_payout", MINERS.c.payout)

OFFERS = _table(
    "offers",
    _key("miner_id", BigInteger),
    _key("resource", BigInteger),
    *_some(Whole, "capacity", "published", "reserved", "free", "ask"),
    *_some(BigInteger, "valid_until"),
    *_some(Boolean, "verified_only"),
)
Index("offers_by_ask", OFFERS.c.resource, OFFERS.c.ask, OFFERS.c.miner_id)
Index("offers_by_free", OFFERS.c.resource, OFFERS.c.free, OFFERS.c.miner_id)

LOTS = _table(
    "lots",
    _key("operator", LargeBinary),
    _key("lot", LargeBinary),
    *_some(BigInteger, "miner_id", "resource"),
    *_some(Whole, "units"),
)
"""Taken and not freed."""

DEALS = _table(
    "deals",
    _key("id", LargeBinary),
    *_some(SmallInteger, "state", "trial"),
    *_some(LargeBinary, "requester"),
    *_some(BigInteger, "resource"),
    *_some(Whole, "units"),
    *_perhaps(JSON_TEXT, "request"),
    *_perhaps(BigInteger, "confirm_by", "posted_at"),
    *_perhaps(BigInteger, "miner_id", "deadline", "confirmed_at", "submitted_at", "ended_at"),
    *_perhaps(BigInteger, "ended_time"),
    *_perhaps(Whole, "price", "units_used", "units_due", "paid", "fee", "refunded"),
    *_perhaps(Whole, "compensation", "court_share", "pool_share"),
    *_perhaps(LargeBinary, "root"),
)
"""Requests that were posted, and deals."""
Index("deals_by_time", DEALS.c.confirmed_at)
Index("deals_of_requester", DEALS.c.requester, DEALS.c.confirmed_at)
Index("deals_of_miner", DEALS.c.miner_id, DEALS.c.confirmed_at)
Index("deals_of_class", DEALS.c.resource, DEALS.c.confirmed_at)
Index("deals_by_state", DEALS.c.state, DEALS.c.confirmed_at)
Index("posted_requests", DEALS.c.state, DEALS.c.posted_at)

REWARDS = _table(
    "rewards",
    _key("at", BigInteger),
    *_some(BigInteger, "miner_id", "time"),
    *_some(Whole, "amount"),
)

CASES = _table(
    "cases",
    _key("id", LargeBinary),
    *_some(LargeBinary, "court", "deal", "filer"),
    *_some(BigInteger, "miner_id", "number", "task", "seats", "round", "deadline", "filed_at"),
    *_some(Boolean, "withheld"),
    *_some(SmallInteger, "phase", "outcome"),
    *_some(Whole, "deposit"),
    *_perhaps(Whole, "refund", "reward"),
    *_perhaps(JSON_TEXT, "divided"),
    *_perhaps(BigInteger, "closed_at"),
)
Index("cases_by_end", CASES.c.closed_at, CASES.c.filed_at)
Index("cases_by_time", CASES.c.filed_at)
Index("cases_of_deal", CASES.c.deal, CASES.c.filed_at)
Index("cases_of_miner", CASES.c.miner_id, CASES.c.filed_at)
Index("cases_of_filer", CASES.c.filer, CASES.c.filed_at)

JURORS = _table(
    "jurors",
    _key("case_id", LargeBinary),
    _key("round", Integer),
    _key("index", Integer),
    *_some(LargeBinary, "juror"),
    *_some(BigInteger, "position"),
    *_perhaps(SmallInteger, "assessment"),
)

CHANNELS = _table(
    "channels",
    _key("id", LargeBinary),
    *_some(LargeBinary, "requester", "signer"),
    *_some(BigInteger, "miner_id", "resource", "ends", "opened_at"),
    *_some(Whole, "units", "price", "deposit", "reserve", "paid", "earned", "fee"),
    *_perhaps(Whole, "refunded"),
    *_perhaps(BigInteger, "closable_from", "closed_at"),
)
Index("channels_by_end", CHANNELS.c.closed_at, CHANNELS.c.opened_at)
Index("channels_by_time", CHANNELS.c.opened_at)
Index("channels_of_requester", CHANNELS.c.requester, CHANNELS.c.opened_at)
Index("channels_of_miner", CHANNELS.c.miner_id, CHANNELS.c.opened_at)

STORAGE_DEALS = _table(
    "storage_deals",
    _key("id", LargeBinary),
    *_some(LargeBinary, "requester", "root"),
    *_some(BigInteger, "miner_id", "resource", "period", "periods", "proved", "samples"),
    *_some(BigInteger, "opened_at"),
    *_some(Whole, "units", "size", "pay", "collateral", "earned"),
    *_perhaps(Whole, "refunded", "lost"),
    *_perhaps(BigInteger, "ended_at"),
)
Index("storage_by_end", STORAGE_DEALS.c.ended_at, STORAGE_DEALS.c.opened_at)
Index("storage_by_time", STORAGE_DEALS.c.opened_at)
Index("storage_of_requester", STORAGE_DEALS.c.requester, STORAGE_DEALS.c.opened_at)
Index("storage_of_miner", STORAGE_DEALS.c.miner_id, STORAGE_DEALS.c.opened_at)

PROPOSALS = _table(
    "proposals",
    _key("id", LargeBinary),
    *_some(LargeBinary, "proposer"),
    *_some(Text, "description"),
    *_some(JSON_TEXT, "calls"),
    *_some(BigInteger, "calls_in_all", "begins", "ends", "voters", "proposed_at"),
    *_some(Whole, "against", "in_favour", "abstained"),
    *_some(Boolean, "canceled"),
    *_perhaps(BigInteger, "executable_from", "executed_at"),
)
Index("proposals_by_time", PROPOSALS.c.proposed_at)

ACCOUNTS = _table(
    "accounts",
    _key("address", LargeBinary),
    *_some(Whole, "deposited", "withdrawn", "spent"),
    *_some(BigInteger, "deals"),
)

MADE: tuple[Table, ...] = (
    COUNTS, CONTRACTS, TERMS, CLASSES, RUNTIMES, POINTS, MINERS, OFFERS, LOTS, DEALS, REWARDS,
    CASES, JURORS, CHANNELS, STORAGE_DEALS, PROPOSALS, ACCOUNTS,
)  # fmt: skip
"""What `changes.Changes` writes, and takes back."""

# What is asked of the chain as it is now: not made again from its past

QUOTES = _table(
    "quotes",
    _key("resource", BigInteger),
    _key("step", Integer),
    _key("start", BigInteger),
    *_some(BigInteger, "block"),
    *_some(Whole, "price"),
)
"""The model's price as it was seen last in a minute, hour or day."""

SCORES = _table(
    "scores",
    _key("miner_id", BigInteger),
    *_some(Float, "merit", "blame", "score"),
)


def at_of(block: int, place: int) -> int:
    return block * PLACES + place


def block_of(at: int) -> int:
    return at // PLACES
