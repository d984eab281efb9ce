"""Dataclass fields that know their command-line option, so that no second list of options is kept by hand.

The plan of a file that can be resumed and the check of what an engine can do are derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any


class EngineName(str, Enum):
    """Where predictions are made: in this process and its workers, or on a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


def option(
    name: str, *, decides_bytes: bool = False, engine: EngineName | None = None, separator: str = ", "
) -> dict[str, Any]:
    """The metadata of a dataclass field that a command-line option sets.

    Args:
        name: the option, for example "--threshold".
        decides_bytes: whether the same records give other bytes if it changes.
        engine: the only engine that has the option; None if both do.
        separator: joins its values, if there are several.
    """
    return {"option": name, "decides_bytes": decides_bytes, "engine": engine, "separator": separator}


def deciding_options(*objects: Any) -> dict[str, str]:
    """The options that decide the bytes of an output, with their values as text; "" for one that is not given.

    Args:
        objects: dataclasses with fields that have the metadata of `option`.
    """
    return {
        one.metadata["option"]: _as_text(getattr(item, one.name), one.metadata["separator"])
        for item in objects
        for one in fields(item)
        if one.metadata.get("decides_bytes")
    }


def options_of_other_engine(chosen: EngineName, *objects: Any) -> list[str]:
    """The options that are given although the chosen engine does not have them."""
    return [
        one.metadata["option"]
        for item in objects
        for one in fields(item)
        if one.metadata.get("engine") not in (None, chosen) and getattr(item, one.name) != one.default
    ]


def _as_text(value: Any, separator: str) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return separator.join(f"{name} {one}" for name, one in sorted(value.items()))
    if isinstance(value, (tuple, list)):
        return separator.join(map(str, value))
    return str(value)
