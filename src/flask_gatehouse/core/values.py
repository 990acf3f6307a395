"""Values of settings: of which kinds they are, how each is written, and how it is read."""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin

#: How values are written that are neither numbers nor words.
_UNITS_OF_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS_OF_SIZE = {
    "": 1,
    "B": 1,
    "kB": 1000,
    "KiB": 1024,
    "MB": 10**6,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Size(int):
    """A number of bytes, written `64MiB`."""

    def __str__(self) -> str:
        """Write it in the largest unit that divides it."""
        for unit in ("GiB", "MiB", "KiB"):
            count, rest = divmod(int(self), _UNITS_OF_SIZE[unit])
            if count and not rest:
                return f"{count}{unit}"
        return str(int(self))


class Secret(str):
    """Text that is never printed: its representation is stars."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Hide the text."""
        return "'***'"


@dataclass(frozen=True)
class Rate:
    """So many times within a window, written `10/15m`."""

    times: int
    window: timedelta

    def __str__(self) -> str:
        """Write it as it is configured."""
        return f"{self.times}/{written(self.window)}"


def written(value: object) -> str:
    """Write a value as it would be configured; secrets as stars."""
    if isinstance(value, Secret):
        return "***" if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return _written_time(value)
    if isinstance(value, tuple):
        return ", ".join(map(written, value))
    return str(value)


def _written_time(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit in ("d", "h", "m"):
        count, rest = divmod(seconds, _UNITS_OF_TIME[unit])
        if count and not rest:
            return f"{count}{unit}"
    return f"{seconds}s"


def is_secret(kind: Any) -> bool:  # noqa: ANN401 - a type as typing describes it
    """Whether a value of this kind must not be shown."""
    return any(Secret in (member, *get_args(member)) for member in _members(kind))


def _members(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type as typing describes it
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def parsed(kind: Any, given: object) -> object:  # noqa: ANN401 - a type as typing describes it
    """Return the value of this kind that is meant. Raises: ValueError, TypeError, OverflowError."""
    members = _members(kind)
    if type(None) in members and (given is None or given in ("", "none")):
        return None
    (wanted,) = (member for member in members if member is not type(None))
    if get_origin(wanted) is tuple:
        return tuple(get_args(wanted)[0](part) for part in _parse_list(given))
    if get_origin(wanted) is Literal:
        return _parse_choice(get_args(wanted), given)
    return _PARSERS[wanted](given)


def _parse_choice(choices: tuple[object, ...], given: object) -> object:
    if given not in choices:
        raise ValueError(given)
    return given


def _parse_list(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split(",") if part.strip())
    if isinstance(given, (list, tuple)) and all(isinstance(part, str) for part in given):
        return tuple(given)
    raise TypeError(given)


def _parse_bool(given: object) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().casefold() in _TRUE | _FALSE:
        return given.strip().casefold() in _TRUE
    raise TypeError(given)


def _parse_int(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, str)):
        raise TypeError(given)
    return int(given)


def _parse_text(given: object) -> str:
    if not isinstance(given, str) or not given:
        raise TypeError(given)
    return given


def duration(given: object) -> timedelta:
    """Return the time that `30m`, `12h` or `7d` says. Raises: ValueError."""
    if isinstance(given, timedelta):
        return given
    match = re.fullmatch(r"(\d{1,9})\s*([smhd])", given) if isinstance(given, str) else None
    if match is None:
        raise ValueError(given)
    return timedelta(seconds=int(match[1]) * _UNITS_OF_TIME[match[2]])


def size_of(given: object) -> Size:
    """Return the bytes that a text such as `64MiB` means. Raises: ValueError."""
    if isinstance(given, int) and not isinstance(given, bool):
        return Size(given)
    match = re.fullmatch(r"(\d{1,12})\s*([A-Za-z]*)", given) if isinstance(given, str) else None
    if match is None or match[2] not in _UNITS_OF_SIZE:
        raise ValueError(given)
    return Size(int(match[1]) * _UNITS_OF_SIZE[match[2]])


def _parse_rate(given: object) -> Rate:
    if isinstance(given, Rate):
        return given
    match = re.fullmatch(r"(\d{1,9})/(\d*)([smhd])", given) if isinstance(given, str) else None
    if match is None or int(match[1]) < 1 or match[2].strip("0") == "" != match[2]:
        raise ValueError(given)
    return Rate(int(match[1]), timedelta(seconds=int(match[2] or 1) * _UNITS_OF_TIME[match[3]]))


_PARSERS: Mapping[type, Callable[[object], object]] = {
    bool: _parse_bool,
    int: _parse_int,
    str: _parse_text,
    Secret: lambda given: Secret(_parse_text(given)),
    timedelta: duration,
    Size: size_of,
    Rate: _parse_rate,
}

_NAMES: Mapping[type, str] = {
    bool: "yes or no",
    int: "a whole number",
    str: "text",
    Secret: "text",
    timedelta: "a time such as 30m, 12h or 7d",
    Size: "a size such as 64MiB",
    Rate: "a rate such as 10/15m",
}


def nearest(kind: Any, given: object) -> str | None:  # noqa: ANN401 - a type as typing describes it
    """Return the choice that was probably meant, if there are choices."""
    choices = [
        one for each in _members(kind) if get_origin(each) is Literal for one in get_args(each)
    ]
    near = get_close_matches(str(given), choices, n=1)
    return near[0] if near else None


def said(kind: Any) -> str:  # noqa: ANN401 - a type as typing describes it
    """Return how a value of this kind is written."""
    members = [member for member in _members(kind) if member is not type(None)]
    origin = get_origin(members[0])
    if origin is Literal:
        words = "one of " + ", ".join(map(str, get_args(members[0])))
    elif origin is tuple:
        words = "a list separated by commas"
    else:
        words = _NAMES[members[0]]
    return f"{words}, or none" if len(_members(kind)) > len(members) else words
