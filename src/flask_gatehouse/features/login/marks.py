"""Known devices: a browser in which somebody signed in carries a mark that says so.

A mark opens nothing. It gives attempts in this browser an allowance of their own, so that whatever
strangers do, the owner of an account is not kept waiting by them. Nothing is stored on the server:
a mark is authentic by its MAC, and good while the account is in the epoch in which it was made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.rules import counted_as

#: Purpose of the key under which marks are made.
PURPOSE: Final = "login.device"

#: Version and purpose in front of every mark.
_SIGN: Final = "gh1d"

#: Accounts that one browser is known for: a family, not a computer room.
_MOST: Final = 4

#: Characters of a cookie that is looked at.
_LONGEST: Final = 1024

_BETWEEN: Final = "~"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """That an account was signed in to in this browser."""

    #: Random; the same one for as long as the browser keeps its cookie.
    device: str
    user_id: UUID
    epoch: int
    #: Whole seconds since 1970.
    made: int

    @property
    def counted_as(self) -> str:
        """Return what attempts in this browser are counted under."""
        return f"{self.device} {self.user_id.hex}"


def read(house: House, value: str | None) -> list[Mark]:
    """Return the marks of a cookie that were made here and are not too old, newest first.

    What cannot be read is no mark: a browser without one is an ordinary one.
    """
    if not value or len(value) > _LONGEST:
        return []
    oldest = house.clock.now() - house.settings[LoginSettings].device_lifetime
    return [
        mark
        for mark in _authentic(house, value.split(_BETWEEN)[:_MOST])
        if datetime.fromtimestamp(mark.made, UTC) > oldest
    ]


def recognise(work: Work, *, value: str | None, name: str) -> Mark | None:
    """Return the mark of the account that is meant by a name, if the browser has a good one.

    The database is asked for accounts that the browser was signed in to and for no other, so the
    time this takes tells nothing about a name.

    Args:
        value: the cookie.
        name: as typed.
    """
    marks = read(work.house, value)
    if not marks:
        return None
    meant = counted_as(name)
    with work.reading() as db:
        accounts = users.counted_names(db, user_ids=[mark.user_id for mark in marks])
    for mark in marks:
        epoch, names = accounts.get(mark.user_id, (None, frozenset()))
        if meant in names and mark.epoch == epoch:
            return mark
    return None


def knows(house: House, value: str | None, *, user_id: UUID, epoch: int) -> bool:
    """Whether an account was signed in to in this browser, in the epoch it is in.

    What raised the epoch, such as a new password, may have been done to put a stranger out: the
    stranger's browser is a new one from then on.
    """
    return any(mark.user_id == user_id and mark.epoch == epoch for mark in read(house, value))


def renewed(house: House, value: str | None, *, user_id: UUID, epoch: int) -> str:
    """Return the cookie of a browser in which this account was signed in to just now."""
    before = read(house, value)
    device = next((mark.device for mark in before if mark.user_id == user_id), None)
    newest = Mark(
        device=device or tokens.new_public_id(),
        user_id=user_id,
        epoch=epoch,
        made=int(house.clock.now().timestamp()),
    )
    others = [mark for mark in before if mark.user_id != user_id]
    return _BETWEEN.join(_written(house, mark) for mark in [newest, *others][:_MOST])


def _written(house: House, mark: Mark) -> str:
    key = house.keys.newest(PURPOSE)
    said = f"{mark.device}.{mark.user_id.hex}.{mark.epoch}.{mark.made}"
    return f"{_SIGN}.{key.id}.{said}.{tokens.digest(said, key.value).hex()}"


def _authentic(house: House, texts: list[str]) -> Iterator[Mark]:
    for text in texts:
        sign, _, rest = text.partition(".")
        key_id, _, rest = rest.partition(".")
        said, _, mac = rest.rpartition(".")
        key = house.keys.named(PURPOSE, key_id)
        if sign != _SIGN or key is None:
            continue
        if tokens.same(tokens.digest(said, key.value).hex(), mac):
            device, user_id, epoch, made = said.split(".")
            yield Mark(device=device, user_id=UUID(user_id), epoch=int(epoch), made=int(made))
