"""Messages as JSON: one form for each, anything else is refused.

Fields are named as in the EIP-712 types. Numbers that may pass 2^53 (uint64 and wider) are decimal
text, since other languages would round them; addresses and bytes are 0x and lowercase digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from suanli.protocol.errors import InvalidMessage
from suanli.protocol.schema import Field, M, Of, fields_of

if TYPE_CHECKING:
    from pydantic import BaseModel

_EXACT_BITS = 53
"""Of the whole numbers that every reader of JSON keeps as they are."""


def to_json(message: tuple[Any, ...]) -> dict[str, Any]:
    """Raises InvalidMessage for a message that nobody would take."""
    fields = fields_of(type(message))
    shown = {f.name: _shown(f, value) for f, value in zip(fields, message, strict=True)}
    from_json(type(message), shown)
    return shown


def from_json(message: type[M], value: Any) -> M:
    """The message of this type that stands in JSON. Raises InvalidMessage."""
    return plain(message, validated(model_of(message), value))


def check(message: tuple[Any, ...]) -> None:
    """Raise InvalidMessage if a field does not fit its type, or could be in no valid message.

    What depends on the market's state, such as floors and windows, the market itself tells.
    """
    to_json(message)


def plain(message: type[M], read: BaseModel) -> M:
    """The named tuple of what its model has read."""
    make: Any = message  # a named tuple, of which a bound can't tell
    made: M = make(*(getattr(read, field.attribute) for field in fields_of(message)))
    return made


def validated(model: type[BaseModel], value: Any) -> Any:
    """An instance of a model. Raises InvalidMessage, which names the first field that is wrong."""
    from pydantic import ValidationError

    from suanli.base.validation import problems

    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = problems(error)[0]
        raise InvalidMessage(first.place or "message", first.text) from None


def _shown(field: Field, value: Any) -> Any:
    """As JSON has it; None, which it never has, for what is of another type."""
    kind = field.of.kind
    if kind in ("bytes", "bytes32"):
        return "0x" + value.hex() if isinstance(value, bytes) else None
    if kind == "bytes32[]":
        listed = isinstance(value, tuple) and all(isinstance(item, bytes) for item in value)
        return ["0x" + item.hex() for item in value] if listed else None
    if _is_text(kind):
        return str(int(value)) if _is_whole(value) else None
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(kind: str) -> bool:
    return kind.startswith("uint") and int(kind[4:]) > _EXACT_BITS


# Pydantic is imported when a message is first read, written or signed.


@cache
def model_of(message: type) -> type[BaseModel]:
    """What reads a message's JSON, and describes it."""
    from pydantic import ConfigDict, create_model

    members: dict[str, Any] = {f.attribute: form_of(f.of, f.name) for f in fields_of(message)}
    config = ConfigDict(frozen=True, extra="forbid", strict=True)
    return create_model(message.__name__, __config__=config, __doc__=message.__doc__, **members)


def form_of(of: Of, name: str | None = None) -> Any:
    """A field of a model."""
    from pydantic import AfterValidator, WithJsonSchema
    from pydantic import Field as Member

    schema, read = _FORMS.get(of.kind, _number)(of)
    kind = Annotated[Any, AfterValidator(read), WithJsonSchema(schema)]
    return kind, Member(alias=name, description=of.about)


Form = tuple[dict[str, Any], Callable[[Any], Any]]
"""The JSON schema of a field, and what makes its value, or raises ValueError."""


def _number(of: Of) -> Form:
    bits = int(of.kind.removeprefix("uint"))
    most = (1 << bits) - 1 if of.most is None else of.most
    told = f"2^{bits} - 1" if of.most is None else str(most)
    bounds = f"from {of.least} to {told}"

    def read_text(value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 80:
            read = int(value)
            if str(read) == value and of.least <= read <= most:
                return read
        raise ValueError(f"must be a whole number {bounds} in decimal text")

    def read(value: Any) -> int:
        if not _is_whole(value) or not of.least <= value <= most:
            raise ValueError(f"must be a whole number {bounds}")
        return int(value)

    if _is_text(of.kind):
        assert of.least <= 1, "the pattern would allow less"
        pattern = "^[1-9][0-9]*$" if of.least else "^(0|[1-9][0-9]*)$"
        return {"type": "string", "pattern": pattern, "maxLength": len(str(most))}, read_text
    return {"type": "integer", "minimum": of.least, "maximum": most}, read


def _bool(_: Of) -> Form:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value

    return {"type": "boolean"}, read


def _address(of: Of) -> Form:
    def read(value: Any) -> str:
        raw = _hex(value, 20, "is no address: 0x and 40 lowercase hexadecimal digits")
        _require_filled(raw, of)
        return str(value)

    return _fixed(20, of), read


def _digest(of: Of) -> Form:
    def read(value: Any) -> bytes:
        raw = _hex(value, 32, "must be 32 bytes: 0x and 64 lowercase hexadecimal digits")
        _require_filled(raw, of)
        return raw

    return _fixed(32, of), read


def _fixed(size: int, of: Of) -> dict[str, Any]:
    schema = {"type": "string", "pattern": f"^0x[0-9a-f]{{{2 * size}}}$"}
    return schema if of.zero else {**schema, "not": {"const": f"0x{bytes(size).hex()}"}}


def _digests(of: Of) -> Form:
    schema, read_one = _digest(of)
    least, most = of.least, of.most
    assert most is not None, "who sends it could fill the memory"

    def read(value: Any) -> tuple[bytes, ...]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ValueError(f"must be a list of {least} to {most}")
        found = tuple(map(read_one, value))
        if len(set(found)) < len(found):
            raise ValueError("must not hold one twice")
        return found

    bounds = {"minItems": least, "maxItems": most, "uniqueItems": True}
    return {"type": "array", "items": schema, **bounds}, read


def _bytes(of: Of) -> Form:
    least, most = of.least, of.most
    assert most is not None, "who sends it could fill the memory"
    number = f"{least}" if least == most else f"{least} to {most}"

    def read(value: Any) -> bytes:
        raw = _hex(value, None, "must be 0x and lowercase hexadecimal digits")
        if not least <= len(raw) <= most:
            raise ValueError(f"must have {number} bytes")
        return raw

    pattern = f"^0x([0-9a-f]{{2}}){{{least},{most}}}$"
    return {"type": "string", "pattern": pattern}, read


def _text(of: Of) -> Form:
    most = of.most
    assert most is not None, "who sends it could fill the memory"

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise ValueError("must be text in Unicode") from None
        if not of.least <= size <= most:
            raise ValueError(f"must have {of.least} to {most} bytes")
        return value

    # Characters, of which there are no more than bytes.
    return {"type": "string", "minLength": min(of.least, 1), "maxLength": most}, read


def _hex(value: Any, size: int | None, why: str) -> bytes:
    """Of bytes as they are written, without capitals or spaces."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            read = bytes.fromhex(value[2:])
        except ValueError:
            read = b""
        if "0x" + read.hex() == value and size in (None, len(read)):
            return read
    raise ValueError(why)


def _require_filled(raw: bytes, of: Of) -> None:
    if not of.zero and not any(raw):
        raise ValueError("must not be zero")


_FORMS: dict[str, Callable[[Of], Form]] = {
    "bool": _bool,
    "address": _address,
    "bytes32": _digest,
    "bytes32[]": _digests,
    "bytes": _bytes,
    "string": _text,
}
