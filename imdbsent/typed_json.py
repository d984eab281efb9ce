"""Dataclasses from JSON with every field checked for its type, before anything relies on what a file says."""

from __future__ import annotations

import functools
import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_EXCERPT: Final = 60
"""Characters of a value that an error shows."""

_UNIONS: Final = (typing.Union, types.UnionType)


def from_json(value: Any, kind: Any, name: str) -> Any:
    """Convert a JSON value to an object of a type.

    Args:
        value: what `json.loads` returned.
        kind: a dataclass or an enumeration, or one of them or None; `tuple[X, ...]`; `dict[str, X]`; a plain type, or a
            union of them.
        name: the name of the value in error messages.

    Returns:
        The object.

    Raises:
        ValueError: the value is of another type, or lacks a field.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _typed_dataclass(value, kind, name)
    if origin in _UNIONS and (inner := _class_or_none(arguments)):
        return None if value is None else from_json(value, inner, name)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _member(value, kind, name)
    if origin is tuple and isinstance(value, list):
        return tuple(from_json(item, arguments[0], f"{name}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: from_json(item, arguments[1], f"{name}.{key}") for key, item in value.items()}
    if _is_one_of(value, arguments if origin in _UNIONS else (origin or kind,)):
        return _as_float(value, name) if kind is float else value
    raise ValueError(f"{name} is {type(value).__name__}, not {getattr(kind, '__name__', kind)}")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object, for `json.loads(object_pairs_hook=unique_keys)`.

    Two readers may take different values of a duplicate key: one would check what the other does not use.

    Raises:
        ValueError: a key appears twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"{twice[:LONGEST_EXCERPT]!r} appears twice in one object")
    return found


def _as_float(value: float, name: str) -> float:
    try:
        return float(value)
    except OverflowError as error:  # an integer of hundreds of digits
        raise ValueError(f"{name} is too large a number") from error


def _typed_dataclass(value: Any, kind: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {type(value).__name__}, not an object")
    hints = _type_hints(kind)
    missing = [field.name for field in fields(kind) if field.name not in value]
    if missing:
        raise ValueError(f"{name} lacks {', '.join(missing)}")
    return kind(**{f.name: from_json(value[f.name], hints[f.name], f"{name}.{f.name}") for f in fields(kind)})


@functools.cache
def _type_hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _member(value: Any, kind: type[Enum], name: str) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"{name} is {str(value)[:LONGEST_EXCERPT]!r}, not a value of {kind.__name__}") from error


def _class_or_none(kinds: tuple[Any, ...]) -> Any:
    """The dataclass or the enumeration of a union of one and None; None for any other union."""
    inner = [kind for kind in kinds if is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, Enum))]
    return inner[0] if inner and {*kinds} == {inner[0], types.NoneType} else None


def _is_one_of(value: Any, kinds: Iterable[Any]) -> bool:
    if isinstance(value, bool):  # true is no number in JSON, though it is in Python
        return bool in kinds
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in kinds)
