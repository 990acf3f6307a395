"""Examinations of the application: where it is reached, its key, its cookies, its files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import current_app

from flask_gatehouse.cli.application import program
from flask_gatehouse.core.findings import Finding, open_to_others
from flask_gatehouse.core.site import CoreSettings, is_this_machine
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.audit import reading, rules

#: Where the site keeps the key that it makes itself.
_KEPT_KEY: Final = "secret_key"


def is_local(url: str) -> bool:
    """Whether a public URL is for this machine only."""
    return is_this_machine(urlsplit(url).hostname)


def public_url(works: Works) -> Iterator[Finding]:
    """Whether people come by https."""
    core = works.house.settings[CoreSettings]
    url = core.public_url
    if urlsplit(url).scheme == "https":
        return
    yield Finding(
        "note" if is_local(url) and core.profile == "standard" else "unsafe",
        f"The public URL is {url}, without https.",
        "Passwords and cookies travel readable, and cookies carry neither Secure nor __Host-.",
        "GATEHOUSE_PUBLIC_URL=https://your.host",
    )


def debug(works: Works) -> Iterator[Finding]:
    """Whether errors open a debugger."""
    del works
    if current_app.debug:
        yield Finding(
            "unsafe",
            "The application runs in debug mode.",
            "Whoever provokes an error can run code in the debugger.",
            "FLASK_DEBUG=0",
        )


def secret_key(works: Works) -> Iterator[Finding]:
    """Where the key is kept. A short one or one from documentation has stopped the start."""
    core = works.house.settings[CoreSettings]
    path = works.house.home / _KEPT_KEY
    kept = core.secret_key or str(current_app.config.get("SECRET_KEY"))
    if is_local(core.public_url) or not path.exists() or path.read_text().strip() != kept:
        return
    if works.engine.dialect.name == "sqlite":
        yield Finding(
            "note",
            f"The secret key is kept in {path}, beside the database.",
            "Whoever gets a copy of the folder, or a backup of it, has both.",
            "GATEHOUSE_SECRET_KEY from where your machine keeps its secrets; then remove the file",
        )


def former_keys(works: Works) -> Iterator[Finding]:
    """Whether former keys are still believed, and whether the record still needs them."""
    former = len(works.house.settings[CoreSettings].secret_key_fallbacks)
    if not former:
        return
    mend = "Remove GATEHOUSE_SECRET_KEY_FALLBACKS 30 days after the change; at once if one leaked"
    if _record_names_former(works):
        mend = (
            "Keep GATEHOUSE_SECRET_KEY_FALLBACKS until the rows of the record that a former key "
            f"made are pruned: {program()} audit prune. Remove it at once if one leaked"
        )
    yield Finding(
        "note",
        f"{former} former secret key(s) are still believed.",
        "What they made is accepted, also in the hands of whoever has copied one.",
        mend,
    )


def _record_names_former(works: Works) -> bool:
    former = {key.id for key in works.house.keys.keys(rules.PURPOSE)[1:]}
    with works.reading() as db:
        return not former.isdisjoint(reading.oldest_keys(db, rules.LANES))


def cookies(works: Works) -> Iterator[Finding]:
    """Whether Flask's own cookie is as well kept as ours: the secret behind forms is in it."""
    url = works.house.settings[CoreSettings].public_url
    config = current_app.config
    if urlsplit(url).scheme == "https" and not config["SESSION_COOKIE_SECURE"]:
        yield _weak("Secure", "a request without https tells it", "SESSION_COOKIE_SECURE=True")
    if not config["SESSION_COOKIE_HTTPONLY"]:
        yield _weak("HttpOnly", "a script in a page can read it", "SESSION_COOKIE_HTTPONLY=True")
    if config["SESSION_COOKIE_SAMESITE"] not in {"Lax", "Strict"}:
        yield _weak(
            "SameSite", "other sites make browsers send it", 'SESSION_COOKIE_SAMESITE="Lax"'
        )
    if config["SESSION_COOKIE_DOMAIN"]:
        yield _weak(
            "its own host", "every host below the domain gets it", "SESSION_COOKIE_DOMAIN=None"
        )


def _weak(what: str, how: str, mend: str) -> Finding:
    return Finding(
        "unsafe",
        f"The cookie of Flask's session goes without {what}.",
        f"It holds the secret behind forms, and {how}.",
        mend,
    )


def files(works: Works) -> Iterator[Finding]:
    """Whether others on this machine can read what is kept in files."""
    home = works.house.home
    paths = [home, home / _KEPT_KEY, *home.glob("gatehouse.db*")]
    database = works.engine.url.database
    if works.engine.dialect.name == "sqlite" and database:
        elsewhere = Path(database)
        paths += [elsewhere, *elsewhere.parent.glob(f"{elsewhere.name}-*")]
    unique = {os.path.realpath(path): path for path in paths}
    yield from open_to_others(
        unique.values(), why="It holds the accounts, or the key to all sessions."
    )
