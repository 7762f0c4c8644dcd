"""Sell computing power: a daemon that takes requests, runs them and is paid.

`core` decides and does no I/O; `shell` carries out what it decides. docs/mining.md is for those
who run it.
"""
