"""Dataclasses from JSON, every field of its type: what a file says is checked before anything relies on it."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def from_json(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as an object of a type.

    Args:
        value: what `json.loads` gave.
        kind: a dataclass, `tuple[X, ...]`, `dict[str, X]`, a plain type, or a union of plain types.
        where: name of the value in the message of an error.

    Returns:
        The object.

    Raises:
        ValueError: the value is of another type, or lacks a field.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _typed_dataclass(value, kind, where)
    if origin is tuple and isinstance(value, list):
        return tuple(from_json(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: from_json(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if _is_one_of(value, arguments if origin in (typing.Union, types.UnionType) else (origin or kind,)):
        return float(value) if kind is float else value
    raise ValueError(f"{where} is {type(value).__name__}, not {getattr(kind, '__name__', kind)}")


def _typed_dataclass(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {type(value).__name__}, not an object")
    hints = typing.get_type_hints(kind)
    missing = [field.name for field in fields(kind) if field.name not in value]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return kind(**{f.name: from_json(value[f.name], hints[f.name], f"{where}.{f.name}") for f in fields(kind)})


def _is_one_of(value: Any, kinds: Iterable[Any]) -> bool:
    if isinstance(value, bool):  # JSON's true is no number, though Python's is
        return bool in kinds
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in kinds)
