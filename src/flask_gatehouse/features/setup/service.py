"""Make the first administrator."""

from flask_gatehouse.core import tokens
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import SetupClosed


def check_link(work: Work, *, secret: str) -> None:
    """Return if the link is good at the moment. Raises: SetupClosed."""
    if not tokens.well_formed(secret):
        raise SetupClosed
    with work.reading() as db:
        if not users.is_setup_link(work, db, secret):
            raise SetupClosed


def make_first_administrator(
    work: Work, *, secret: str, username: str, email: str | None, password: str
) -> Attempt:
    """Spend the link on an account that administers the site, and prove its owner.

    Raises:
        SetupClosed: not the link handed out last, or somebody was first.
        NameRefused, AddressRefused, PasswordRefused: the link stays good.
    """
    check_link(work, secret=secret)
    rules.canonical_name(username)
    if email:
        rules.canonical_address(email)
    sealed = passwords.seal(work, password=password, about=(username, email))
    users.spend_setup_link(work, secret=secret)
    user = users.create(work, username=username, email=email, admin=True)
    passwords.keep(work, user=user, sealed=sealed)
    return Attempt(user_id=user.id, methods=("password",))
