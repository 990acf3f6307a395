"""Settings: declared once in the feature they belong to, read once, frozen for the process.

A group is a frozen dataclass whose fields are made with `setting`. The key of a field follows from
its place: field `idle_limit` of the group `sessions` is `GATEHOUSE_SESSIONS_IDLE_LIMIT`, both in
`app.config` and in the environment. The group named "" holds what belongs to no feature.
"""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, cast, get_type_hints

from flask_gatehouse.core import values
from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.profiles import NOTHING, Profile, asking
from flask_gatehouse.core.values import Rate, Secret, Size, duration, size_of, written

#: What is declared here, and what its values are made of.
__all__ = (
    "PREFIX",
    "PROFILE",
    "Declared",
    "InForce",
    "Rate",
    "Secret",
    "Settings",
    "Size",
    "declared",
    "duration",
    "key_of",
    "kind_of",
    "origin_of",
    "read",
    "setting",
    "size_of",
    "written",
)

PREFIX = "GATEHOUSE_"

#: The setting that is read before all others, because it changes their defaults.
PROFILE = PREFIX + "PROFILE"

_Group = TypeVar("_Group")


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
    kinds = _kinds(shape)
    for each in fields(shape):
        yield Declared(
            key=key_of(group, each.name),
            group=group,
            name=each.name,
            kind=kinds[each.name],
            default=_default(each),
            **each.metadata,
        )


def _kinds(shape: type[Any]) -> Mapping[str, Any]:
    """Return the types of the fields: worked out once a process, for that is slow."""
    if shape not in _KINDS:
        _KINDS[shape] = get_type_hints(shape)
    return _KINDS[shape]


_KINDS: dict[type[Any], Mapping[str, Any]] = {}


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
        value = values.parsed(each.kind, given)
    except (ValueError, TypeError, OverflowError) as error:
        shown = "a secret" if values.is_secret(each.kind) else repr(given)
        near = values.nearest(each.kind, given)
        hint = f"; the nearest is {near}" if near else ""
        msg = f"{each.key} is {shown}, but must be {kind_of(each)}{hint}."
        raise Misconfigured(msg) from error
    if each.floor is not None and value is not None and value < each.floor:  # type: ignore[operator]
        msg = f"{each.key} is {written(value)}, but must be at least {written(each.floor)}."
        raise Misconfigured(msg)
    if each.cap is not None and value is not None and value > each.cap:  # type: ignore[operator]
        msg = f"{each.key} is {written(value)}, but must be at most {written(each.cap)}."
        raise Misconfigured(msg)
    return value


def origin_of(row: InForce) -> str:
    """Return where a value came from, as lists say it."""
    if row.origin == "profile":
        return f"profile {row.asks}"
    return "the default" if row.origin == "default" else row.origin


def kind_of(each: Declared) -> str:
    """Return how a value of this setting is written."""
    return values.said(each.kind)
