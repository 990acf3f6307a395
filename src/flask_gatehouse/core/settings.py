"""Settings: declared once in the feature they belong to, read once, frozen for the process.

A group is a frozen dataclass whose fields are made with `setting`. The key of a field follows from
its place: field `idle_limit` of the group `sessions` is `GATEHOUSE_SESSIONS_IDLE_LIMIT`, both in
`app.config` and in the environment. The group named "" holds what belongs to no feature.
"""

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.profiles import NOTHING, Profile, asking

PREFIX = "GATEHOUSE_"

#: The setting that is read before all others, because it changes their defaults.
PROFILE = PREFIX + "PROFILE"

_Group = TypeVar("_Group")

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


def setting(
    default: Any,  # noqa: ANN401 - the field's own annotation says the type
    meaning: str,
    *,
    source: str = "",
    floor: object = None,
    cap: object = None,
    profiles: Mapping[str, Any] = NOTHING,
    more_is_safer: bool = False,
) -> Any:  # noqa: ANN401 - stands where a value of any type is declared
    """Declare one setting.

    Args:
        default: value in force when nobody says otherwise.
        meaning: one sentence for the reference, with the unit where the type does not tell it.
        source: the standard or the measurement behind the default.
        floor: smallest value that is accepted.
        cap: largest value that is accepted.
        profiles: what stricter profiles make the default; each takes over from the one before.
        more_is_safer: which way a value is weaker than what a profile asks.
    """
    about = {"meaning": meaning, "source": source, "floor": floor, "cap": cap}
    about |= {"profiles": profiles, "more_is_safer": more_is_safer}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Declared:
    """One setting as the reference shows it."""

    key: str
    group: str
    name: str
    kind: Any
    default: object
    meaning: str
    source: str
    floor: object
    cap: object
    profiles: Mapping[str, Any]
    more_is_safer: bool


@dataclass(frozen=True)
class InForce:
    """One setting with the value in force and where it came from.

    `asks` is the profile that has a word about it, and `origin` is "profile" if that was taken.
    """

    declared: Declared
    value: object
    origin: Literal["default", "profile", "app.config", "environment"]
    asks: Profile | None


def declared(group: str, shape: type[Any]) -> Iterator[Declared]:
    """Yield the settings of one group in the order in which they are written down."""
    kinds = get_type_hints(shape)
    for each in fields(shape):
        yield Declared(
            key=key_of(group, each.name),
            group=group,
            name=each.name,
            kind=kinds[each.name],
            default=_default(each),
            **each.metadata,
        )


def key_of(group: str, name: str) -> str:
    """Return the key of a field: `GATEHOUSE_SESSIONS_IDLE_LIMIT`."""
    return PREFIX + "_".join(part for part in (group, name) if part).upper()


class Settings:
    """Every group in force. Frozen: nothing changes it after the start."""

    def __init__(self, groups: Mapping[type[Any], Any], in_force: tuple[InForce, ...]) -> None:
        """Keep what `read` found."""
        self._groups = types.MappingProxyType(dict(groups))
        self.in_force = in_force

    def __getitem__(self, shape: type[_Group]) -> _Group:
        """Return the group of this shape."""
        return self._groups[shape]  # type: ignore[no-any-return]


def read(
    shapes: Mapping[str, type[Any]],
    *,
    config: Mapping[str, object],
    environment: Mapping[str, str],
    also_known: frozenset[str] = frozenset(),
) -> Settings:
    """Read every group: `config` first, then the environment, the profile, and the default.

    Args:
        shapes: group name to dataclass.
        config: typed values or text, such as `app.config`.
        environment: text.
        also_known: keys with our prefix that belong to somebody else, such as the site.
    Raises:
        Misconfigured: an unknown key, a wrong type, a value past its floor or cap.
    """
    known = {each.key: each for group, shape in shapes.items() for each in declared(group, shape)}
    _refuse_unknown(known.keys() | also_known, config, environment)
    profile: Profile = "standard"
    if PROFILE in known:
        profile = cast("Profile", _in_force(known[PROFILE], config, environment, profile).value)
    in_force = {key: _in_force(each, config, environment, profile) for key, each in known.items()}
    groups = {
        shape: shape(**{each.name: in_force[each.key].value for each in declared(group, shape)})
        for group, shape in shapes.items()
    }
    return Settings(groups, tuple(in_force.values()))


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


def _default(each: "Field[Any]") -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def _refuse_unknown(
    known: set[str], config: Mapping[str, object], environment: Mapping[str, str]
) -> None:
    for place, names in (("app.config", config), ("the environment", environment)):
        for name in names:
            # In `app.config` nobody else writes names with our prefix.
            foreign = names is environment and _FOREIGN.match(name)
            if name.startswith(PREFIX) and name not in known and not foreign:
                near = get_close_matches(name, known, n=1, cutoff=0.0)
                hint = f"; the nearest real one is {near[0]}" if near else ""
                msg = f"{name} in {place} is not a setting{hint}."
                raise Misconfigured(msg)


#: Names with our prefix that others make: the project's own tests, and Kubernetes, which tells
#: every process of a service called "gatehouse". No setting begins so.
_FOREIGN = re.compile(PREFIX + r"(TEST_|SERVICE_(HOST|PORT)(_|$)|PORT(_|$))")


def _in_force(
    each: Declared,
    config: Mapping[str, object],
    environment: Mapping[str, str],
    profile: Profile,
) -> InForce:
    asks = asking(profile, each.profiles)
    if each.key in config:
        return InForce(each, _checked(each, config[each.key]), "app.config", asks)
    if each.key in environment:
        return InForce(each, _checked(each, environment[each.key]), "environment", asks)
    if asks is not None:
        return InForce(each, each.profiles[asks], "profile", asks)
    return InForce(each, each.default, "default", asks)


def _checked(each: Declared, given: object) -> object:
    if type(given) is type(each.default) and given == each.default:
        return given
    try:
        value = _parsed(each.kind, given)
    except (ValueError, TypeError, OverflowError) as error:
        shown = "a secret" if _is_secret(each.kind) else repr(given)
        msg = f"{each.key} is {shown}, but must be {kind_of(each)}{_nearest(each, given)}."
        raise Misconfigured(msg) from error
    if each.floor is not None and value is not None and value < each.floor:  # type: ignore[operator]
        msg = f"{each.key} is {written(value)}, but must be at least {written(each.floor)}."
        raise Misconfigured(msg)
    if each.cap is not None and value is not None and value > each.cap:  # type: ignore[operator]
        msg = f"{each.key} is {written(value)}, but must be at most {written(each.cap)}."
        raise Misconfigured(msg)
    return value


def _nearest(each: Declared, given: object) -> str:
    """Return the choice that was probably meant, if there are choices."""
    choices = [
        one for kind in _members(each.kind) if get_origin(kind) is Literal for one in get_args(kind)
    ]
    near = get_close_matches(str(given), choices, n=1)
    return f"; the nearest is {near[0]}" if near else ""


def _is_secret(kind: Any) -> bool:  # noqa: ANN401 - a type as typing describes it
    return any(Secret in (member, *get_args(member)) for member in _members(kind))


def _members(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type as typing describes it
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _parsed(kind: Any, given: object) -> object:  # noqa: ANN401 - a type as typing describes it
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


def kind_of(each: Declared) -> str:
    """Return how a value of this setting is written."""
    members = [member for member in _members(each.kind) if member is not type(None)]
    origin = get_origin(members[0])
    if origin is Literal:
        said = "one of " + ", ".join(map(str, get_args(members[0])))
    elif origin is tuple:
        said = "a list separated by commas"
    else:
        said = _NAMES[members[0]]
    return f"{said}, or none" if len(_members(each.kind)) > len(members) else said
