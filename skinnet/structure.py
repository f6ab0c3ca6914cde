"""Nested dataclasses back from JSON: the way that `dataclasses.asdict` does not go.

metrics = structured(Metrics, json.loads(text))
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def structured(kind: type[T], content: Any) -> T:
    """Build a dataclass, with those inside it, its lists and its dictionaries.

    Raises:
        TypeError, KeyError, AttributeError: if the content does not fit.
    """
    return kind(**{name: _value(hint, content[name]) for name, hint in _hints(kind).items()})


def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _value(hint: Any, content: Any) -> Any:
    if isinstance(hint, types.UnionType):
        chosen = next(kind for kind in get_args(hint) if kind is not types.NoneType)
        return None if content is None else _value(chosen, content)
    if is_dataclass(hint):
        return structured(cast(type, hint), content)
    if get_origin(hint) is list:
        return [_value(get_args(hint)[0], each) for each in content]
    if get_origin(hint) is dict:
        return {name: _value(get_args(hint)[1], each) for name, each in content.items()}
    return content
