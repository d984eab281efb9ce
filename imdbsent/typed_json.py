"""Dataclasses from JSON, every field of its type: what a file says is checked before anything relies on it."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNIONS: Final = (typing.Union, types.UnionType)


def from_json(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as an object of a type.

    Args:
        value: what `json.loads` gave.
        kind: a dataclass, or a dataclass or None; `tuple[X, ...]`; `dict[str, X]`; a plain type, or a union of them.
        where: name of the value in the message of an error.

    Returns:
        The object.

    Raises:
        ValueError: the value is of another type, or lacks a field.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _typed_dataclass(value, kind, where)
    if origin in _UNIONS and (inner := _dataclass_or_none(arguments)):
        return None if value is None else _typed_dataclass(value, inner, where)
    if origin is tuple and isinstance(value, list):
        return tuple(from_json(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: from_json(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if _is_one_of(value, arguments if origin in _UNIONS else (origin or kind,)):
        return _as_float(value, where) if kind is float else value
    raise ValueError(f"{where} is {type(value).__name__}, not {getattr(kind, '__name__', kind)}")


def _as_float(value: float, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise ValueError(f"{where} is too large a number") from error


def _typed_dataclass(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {type(value).__name__}, not an object")
    hints = typing.get_type_hints(kind)
    missing = [field.name for field in fields(kind) if field.name not in value]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return kind(**{f.name: from_json(value[f.name], hints[f.name], f"{where}.{f.name}") for f in fields(kind)})


def _dataclass_or_none(kinds: tuple[Any, ...]) -> Any:
    """The dataclass of a union of one and None; None for any other union."""
    inner = [kind for kind in kinds if is_dataclass(kind)]
    return inner[0] if inner and {*kinds} == {inner[0], types.NoneType} else None


def _is_one_of(value: Any, kinds: Iterable[Any]) -> bool:
    if isinstance(value, bool):  # JSON's true is no number, though Python's is
        return bool in kinds
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in kinds)
