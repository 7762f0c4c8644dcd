"""Swarms: tiny tasks of a judged class, paid by voucher as they come, without deal and court."""

__all__ = ["config", "hiring", "link", "opening", "purses", "user"]
