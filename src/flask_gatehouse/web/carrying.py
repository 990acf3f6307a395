"""A simple form that was sent too late, carried past the page that asks for a proof.

The browser sends it on to that page (307), which hands it back in hidden fields, and once the
person has confirmed there is one button that sends it where it was meant to go. Nothing is kept on
the server, unless a second step is owed: then it waits in the row of what is half done. Nothing is
sent by itself, and only what passed for a form of this site is carried: the page at the end puts a
good token into it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import request

from flask_gatehouse.core.house import House
from flask_gatehouse.web import csrf
from flask_gatehouse.web.redirects import safe_path

#: In the query of the page that asks, and in its form: where the form was meant to go.
_TO: Final = "to"

#: In front of the names of its fields, so that none is taken for a field of the page that asks.
_PREFIX: Final = "carried."

#: A form with more fields or characters is not simple.
_MOST_FIELDS: Final = 50
_MOST_CHARACTERS: Final = 8192

#: What is in fields with such names does not belong into the source of another page.
_SECRET: Final = re.compile(
    r"pass(word|wd|phrase|code|key)|secret|token|credential|(^|[^a-z])(code|pin|otp|cvc|cvv)($|[^a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Carried:
    """A form on its way.

    Args:
        to: the path that it was sent to.
        fields: names, with what stands in front of them on the page that asks, and values.
    """

    to: str
    fields: tuple[tuple[str, str], ...]

    def written(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"to": self.to, "fields": [list(field) for field in self.fields]}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Carried":
        """Return what was written."""
        return cls(data["to"], tuple((name, value) for name, value in data["fields"]))

    @property
    def unpacked(self) -> tuple[tuple[str, str], ...]:
        """The fields under their own names."""
        return tuple((name.removeprefix(_PREFIX), value) for name, value in self.fields)


def may_be_carried(house: House, handle: str | None) -> bool:
    """Whether the form that is being sent is simple, holds no secret, and is one of this site."""
    if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
        return False
    fields = _own_fields()
    size = sum(len(name) + len(value) for name, value in fields)
    if len(fields) > _MOST_FIELDS or size > _MOST_CHARACTERS:
        return False
    if any(_SECRET.search(name) for name, _ in fields):
        return False
    try:
        csrf.refuse_foreign(house, handle)
    except csrf.ForeignForm:
        return False
    return True


def arriving() -> Carried | None:
    """Return the form that a browser was told to send on to the page that asks."""
    to = safe_path(request.args.get(_TO))
    if request.method != "POST" or to is None:
        return None
    return Carried(to, tuple((f"{_PREFIX}{name}", value) for name, value in _own_fields()))


def handed_on() -> Carried | None:
    """Return what the page that asks has in its hidden fields."""
    to = safe_path(request.form.get(_TO))
    if to is None:
        return None
    every = request.form.items(multi=True)
    return Carried(to, tuple(field for field in every if field[0].startswith(_PREFIX)))


def _own_fields() -> list[tuple[str, str]]:
    """Return the fields of the form, without the token, which a new one replaces."""
    return [field for field in request.form.items(multi=True) if field[0] != csrf.FIELD]
