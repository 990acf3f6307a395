"""Give an account another user name, and tell its owner."""

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.names import limits
from flask_gatehouse.features.names.errors import NamesStay
from flask_gatehouse.features.names.settings import NameSettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users import names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User


def change(work: Work, *, user: User, name: str) -> None:
    """Change one's own user name; sessions stay, and the former name is free at once.

    Args:
        user: as the session found it.
        name: as typed.

    Raises:
        NamesStay: this site does not allow it.
        Throttled: too many names were asked for by this account.
        NameRefused, NameTaken: nothing changes.
        NotAsItWas: the account was changed meanwhile.
    """
    settings = work.settings(NameSettings)
    if not settings.change:
        raise NamesStay
    names.refuse_reserved(work, username=name)
    throttling.count(work, attempts=[(limits.PERSON.under(settings), user.id.hex)])
    _rename(work, users.held(work, user=user), name)


def rename(work: Work, *, user: User, name: str) -> None:
    """Change a user name at the wish of whoever runs the site: nothing is counted.

    Raises:
        NameRefused, NameTaken: nothing changes.
    """
    _rename(work, users.held(work, user=user, in_any_state=True), name)


def _rename(work: Work, account: User, name: str) -> None:
    if users.rename(work, user=account, username=name):
        notices.notify(work, user=account, letter="name_changed")
