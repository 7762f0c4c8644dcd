"""Which channels and tasks a miner of swarms takes. All raise LeaseError for others."""

from __future__ import annotations

from typing import Any

from suanli.engine import Task
from suanli.lease.channel import channel_from_json
from suanli.lease.errors import LeaseError
from suanli.lease.swarm.services import SwarmServices
from suanli.protocol import (
    LONGEST_CHANNEL,
    Channel,
    Quote,
    ResourceClass,
    SessionProof,
    signed_from_json,
    verify,
)

QUOTE_LASTS = 300
"""Seconds in which a channel can be opened with a quote."""


def require_taking(services: SwarmServices) -> None:
    """Something new."""
    if services.draining():
        raise LeaseError("the miner takes nothing new: ask another")


def runtime_of(services: SwarmServices, asked: dict[str, Any]) -> bytes:
    runtime = bytes.fromhex(str(asked["runtime"]))
    if runtime not in services.runtimes:
        raise LeaseError("this runtime is not here")
    return runtime


def quote_for(services: SwarmServices, asked: dict[str, Any]) -> Quote:
    require_taking(services)
    if asked["resource"] != services.resource:
        raise LeaseError("tasks of this class are not run here for vouchers")
    runtime_of(services, asked)
    seconds = int(asked["duration"])
    if not 0 < seconds <= LONGEST_CHANNEL:
        raise LeaseError(f"a channel lasts {LONGEST_CHANNEL} seconds at most, not {seconds}")
    return Quote(
        services.channels_at,
        str(asked["requester"]),
        str(asked["signer"]),
        services.miner,
        services.resource,
        0,
        seconds,
        int(asked["nonce"]),
        services.chain.now() + QUOTE_LASTS,
    )


def shown(services: SwarmServices, asked: dict[str, Any], nonce: bytes) -> tuple[bytes, Channel]:
    """The channel, with its id, whose signer has proved to be at this connection."""
    signed = signed_from_json(SessionProof, asked["proof"])
    proof, record = signed.message, channel_from_json(asked["record"])
    id_, quote = services.domain.digest(record.quote), record.quote
    known = proof.nonce == nonce and proof.miner == services.miner and proof.channel == id_
    if not known or proof.signer != quote.signer or not verify(services.domain, signed):
        raise LeaseError("the proof is not for this connection")
    ours = (quote.channels, quote.miner, quote.resource, quote.units)
    if ours != (services.channels_at, services.miner, services.resource, 0):
        raise LeaseError("the channel is not for tasks here")
    return id_, record


def require_allowed(task: Task, kind: ResourceClass) -> None:
    """One task may be run for nothing, if the requester stops signing: none without an end."""
    limits = task.limits
    written = limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes
    for what, asked, most in (
        ("units", limits.units, kind.max_task_units),
        ("bytes of memory", limits.memory, kind.max_task_memory),
        ("bytes of outputs", written, kind.max_task_bytes),
    ):
        if asked > most:
            raise LeaseError(f"a task has {most:,} {what} at most here, not {asked:,}")
