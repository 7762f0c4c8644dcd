"""What a miner does for a channel: it serves while it is paid ahead, and stops when it is not."""

from __future__ import annotations

from dataclasses import replace

from suanli.lease.host.core import records as r
from suanli.lease.host.core.records import HostedChannel, HostStage, RoomState

TELL_EVERY = 500
"""Milliseconds between two words of how long was served; as often it is written down."""
_ENDED = (HostStage.CLOSING, HostStage.CLOSED)
Stepped = tuple[HostedChannel, list[r.HostInstruction]]


def step(channel: HostedChannel, seen: r.HostObservation) -> Stepped:
    """The channel after it, to be written down before the instructions are carried out."""
    channel = _counted(channel, seen.now)
    match seen:
        case r.VoucherCame():
            found = _voucher(channel, seen)
        case r.Attached():
            found = _go_on(channel, seen.now)
        case r.RoomMade():
            found = _made(channel, seen)
        case r.RoomLost():
            found = _lost(channel, seen)
        case r.ClockTicked():
            found = _ticked(channel, seen)
        case r.EndWanted():
            found = _end(channel)
        case r.ChannelMoved():
            found = _moved(channel, seen)
        case r.Restarted():
            found = _restarted(channel)
    validate(found[0])
    return found


def due(channel: HostedChannel) -> int | None:
    """At which moment of its clock what is paid will be used up; None: it is not being used."""
    return None if channel.since is None else channel.since + channel.ahead


def validate(channel: HostedChannel) -> None:
    """Raise HostFault if it could not come about by right steps."""
    wrong = [
        text
        for holds, text in (
            (channel.amount > 0 or channel.served == 0, "served without a voucher"),
            (channel.amount <= channel.deposit, "a voucher above the deposit"),
            (bool(channel.amount) == bool(channel.signature), "an amount without its signature"),
            (
                channel.since is None
                or (channel.stage is HostStage.SERVING and channel.room is RoomState.READY),
                "time runs where nothing is served",
            ),
            (channel.stage is not HostStage.SERVING or channel.amount > 0, "served unpaid"),
        )
        if not holds
    ]
    if wrong:
        raise r.HostFault(f"internal error: channel 0x{channel.id.hex()[:8]}: {', '.join(wrong)}")


def _counted(channel: HostedChannel, now: int) -> HostedChannel:
    """Time that passed while the room ran counts. What was not paid of it is owed before it goes
    on, or whoever pays in slivers has the moments until each stop for nothing."""
    if channel.since is None or now <= channel.since:
        return channel
    return replace(channel, served=channel.served + now - channel.since, since=now)


def _stage(channel: HostedChannel, stage: HostStage) -> HostedChannel:
    if stage is channel.stage:
        return channel
    if stage not in r.MOVES[channel.stage]:
        raise r.HostFault(f"internal error: a channel may not go from {channel.stage} to {stage}")
    runs = channel.since if stage is HostStage.SERVING else None
    return replace(channel, stage=stage, since=runs)


def _tell(channel: HostedChannel) -> r.TellServed:
    room = 0 if channel.room is RoomState.NONE else channel.rooms
    return r.TellServed(channel.served, channel.amount, room)


def _voucher(channel: HostedChannel, seen: r.VoucherCame) -> Stepped:
    if channel.stage in _ENDED:
        return channel, [r.TellRefused("the channel is closed, or its time is over")]
    if seen.amount > channel.deposit:
        why = f"a voucher of {seen.amount} base units, of {channel.deposit} that were put in"
        return channel, [r.TellRefused(why)]
    if seen.amount > channel.amount:  # an older one comes late, or again
        channel = _covered(channel, channel.deposit, (seen.amount, seen.signature))
    return _go_on(channel, seen.now)


def _covered(
    channel: HostedChannel, deposit: int, voucher: tuple[int, bytes] | None = None
) -> HostedChannel:
    """With this deposit, and perhaps another voucher: the best one that each deposit it had covers
    is kept, since the chain takes none above it."""
    vouchers = {*channel.others, (channel.amount, channel.signature)}
    if voucher is not None:
        vouchers.add(voucher)
    deposits = {*channel.deposits, channel.deposit, deposit}
    best = {
        most: max((one for one in vouchers if one[0] <= most), default=(0, b""))
        for most in deposits
    }
    amount, signature = best[deposit]
    others = {*best.values()} - {(amount, signature), (0, b"")}
    return replace(
        channel,
        deposit=deposit,
        deposits=tuple(sorted(deposits - {deposit})),
        amount=amount,
        signature=signature,
        others=tuple(sorted(others)),
    )


def _go_on(channel: HostedChannel, now: int) -> Stepped:
    """Serve if it is paid, and say where it stands."""
    if channel.stage in _ENDED:
        return channel, [r.TellRefused("the channel is closed, or its time is over")]
    told = replace(channel, told_at=now)
    if channel.ahead <= 0 or channel.stage is HostStage.SERVING:
        return told, [_tell(told)]
    served = _stage(told, HostStage.SERVING)
    match channel.room:
        case RoomState.NONE:
            made = replace(served, room=RoomState.MAKING, rooms=channel.rooms + 1)
            return made, [r.OpenRoom(made.rooms), _tell(made)]
        case RoomState.READY:
            return replace(served, since=now), [r.ThawRoom(), _tell(served)]
    return served, [_tell(served)]


def _made(channel: HostedChannel, seen: r.RoomMade) -> Stepped:
    if seen.number != channel.rooms:
        return channel, []
    if channel.stage in _ENDED:
        return replace(channel, room=RoomState.NONE), [r.EndRoom()]
    ready = replace(channel, room=RoomState.READY)
    if channel.stage is not HostStage.SERVING:
        return ready, [r.FreezeRoom()]
    running = replace(ready, since=seen.now, told_at=seen.now)
    return running, [_tell(running)]


def _lost(channel: HostedChannel, seen: r.RoomLost) -> Stepped:
    if seen.number != channel.rooms or channel.room is RoomState.NONE:
        return channel, []
    gone = replace(channel, room=RoomState.NONE, since=None)
    if channel.stage is HostStage.SERVING:
        gone = _stage(gone, HostStage.FROZEN)
    return gone, [r.TellRefused(f"the room is gone: {seen.why}")]


def _ticked(channel: HostedChannel, seen: r.ClockTicked) -> Stepped:
    if channel.stage not in _ENDED and seen.chain > channel.ends:
        return _end(channel)
    if channel.since is not None and channel.ahead <= 0:
        still = replace(_stage(channel, HostStage.FROZEN), told_at=seen.now)
        return still, [r.FreezeRoom(), _tell(still)]
    if channel.stage in _ENDED or seen.now < channel.told_at + TELL_EVERY:
        return channel, []
    told = replace(channel, told_at=seen.now)
    return told, [_tell(told)]


def _end(channel: HostedChannel) -> Stepped:
    if channel.stage in _ENDED:
        return channel, []
    made = channel.room is RoomState.READY
    room = RoomState.NONE if made else channel.room
    ended = replace(_stage(channel, HostStage.CLOSING), room=room)
    close = r.CloseChannel(ended.amount, ended.signature)
    return ended, [r.EndRoom(), close] if made else [close]


def _moved(channel: HostedChannel, seen: r.ChannelMoved) -> Stepped:
    known = replace(_covered(channel, seen.deposit), ends=seen.ends, rate=seen.rate or channel.rate)
    if seen.closed:
        known, done = _end(known)
        done = [one for one in done if not isinstance(one, r.CloseChannel)]
        return _stage(known, HostStage.CLOSED), done
    if channel.stage is HostStage.CLOSED and seen.opened:
        return _stage(known, HostStage.FROZEN if known.amount else HostStage.OPEN), []
    if channel.stage is HostStage.CLOSED:  # its closing was undone
        return _stage(known, HostStage.CLOSING), [r.CloseChannel(known.amount, known.signature)]
    return _end(known) if seen.over else (known, [])


def _restarted(channel: HostedChannel) -> Stepped:
    fresh = replace(channel, room=RoomState.NONE, since=None, told_at=0)
    if channel.stage is HostStage.SERVING:
        fresh = _stage(fresh, HostStage.FROZEN)
    if channel.stage is HostStage.CLOSING:
        return fresh, [r.CloseChannel(channel.amount, channel.signature)]
    return fresh, []
