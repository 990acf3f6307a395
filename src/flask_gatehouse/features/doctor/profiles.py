"""Examinations of what the chosen profile asks. With the profile "standard" there are none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.profiles import PROFILES, Profile
from flask_gatehouse.core.settings import InForce, Rate, Secret, key_of, written
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Works

#: What no setting of ours can mend yet: the profile, what it asks, and where that is written.
_MISSING: Final[tuple[tuple[Profile, str, str], ...]] = (
    ("asvs-l3", "a factor in hardware for everybody", "6.3.3"),
    ("asvs-l3", "tokens that are worth nothing without the key of their sender", "10.3.5"),
    ("asvs-l3", "secrets in a vault that is backed by hardware", "13.3.1"),
    ("asvs-l3", "cryptography in a module of its own", "13.3.3"),
    ("asvs-l3", "memory that is encrypted while in use", "11.7.1"),
)


def weaker(works: Works) -> Iterator[Finding]:
    """Whether something is configured weaker than the profile asks. That is allowed, and told."""
    for row in works.house.settings.in_force:
        asked = None if row.asks is None else row.declared.profiles[row.asks]
        if asked is not None and is_weaker(row, asked):
            key = row.declared.key
            yield Finding(
                "note",
                f"{key} is {written(row.value)}, weaker than {row.asks} asks: {written(asked)}.",
                f"The site does not keep the profile. {row.declared.meaning}",
                f"Remove {key}, or set {key}={written(asked)}",
            )


def is_weaker(row: InForce, asked: Any) -> bool:  # noqa: ANN401 - a value of any kind of setting
    """Whether the value in force protects less than the one that is asked."""
    value: Any = row.value
    if isinstance(asked, bool):
        return bool(value != asked)
    if isinstance(asked, Rate):
        return bool(value.times > asked.times or _each_second(value) > _each_second(asked))
    return bool(value < asked if row.declared.more_is_safer else value > asked)


def _each_second(rate: Rate) -> float:
    return rate.times / (rate.window / timedelta(seconds=1))


def proxies(works: Works) -> Iterator[Finding]:
    """Whether somebody said how many proxies stand in front, be it none. Source: ASVS 15.3.4."""
    key = key_of("", "trusted_proxies")
    (row,) = (each for each in works.house.settings.in_force if each.declared.key == key)
    if _strict(works) and row.origin == "default":
        yield Finding(
            "unsafe",
            f"Nobody said how many proxies stand in front ({_profile(works)} asks: 15.3.4).",
            "Whoever is counted, blocked and recorded is known by an address that may be wrong.",
            f"{key}=1, or 0 if there are none",
        )


def secrets(works: Works) -> Iterator[Finding]:
    """Whether secrets are in the environment. Source: ASVS 13.3.1."""
    rows = works.house.settings.in_force
    names = [row.declared.key for row in rows if row.origin == "environment" and _is_secret(row)]
    if _strict(works) and names:
        yield Finding(
            "note",
            f"Secrets are in the environment: {', '.join(names)} ({_profile(works)} asks: 13.3.1).",
            "Every child process inherits them, and reports of errors like to print them.",
            "Read them into app.config from a vault, or from a file that only the site can open",
        )


def _is_secret(row: InForce) -> bool:
    values = row.value if isinstance(row.value, tuple) else (row.value,)
    return any(isinstance(value, Secret) for value in values)


def missing(works: Works) -> Iterator[Finding]:
    """What the profile asks and Gatehouse does not have, or cannot see."""
    profile = _profile(works)
    if not _strict(works):
        return
    yield Finding(
        "note",
        f"Whether log and record are sent elsewhere cannot be seen from here ({profile} asks: "
        "16.4.3).",
        "Whoever takes over this machine can change what is kept on it.",
        "gatehouse audit export --follow, to a collector on another machine",
    )
    for asking, what, where in _MISSING:
        if PROFILES.index(profile) >= PROFILES.index(asking):
            yield Finding(
                "note",
                f"{asking} asks for {what} ({where}); not available yet.",
                f"The site does not reach {asking} by this profile alone.",
                "Nothing to change here: name it where the level is claimed",
            )


def _profile(works: Works) -> Profile:
    return works.house.settings[CoreSettings].profile


def _strict(works: Works) -> bool:
    return _profile(works) != PROFILES[0]
