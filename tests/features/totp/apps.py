"""People with an authenticator app, by the steps that the pages take."""

from datetime import timedelta

import pyotp

from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa.service import Added
from flask_gatehouse.features.totp import rules, service
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester

#: The sign-in in which set-ups are made here.
HERE = "a-sign-in"


def whose(site: GatehouseTester, name: str) -> User:
    """Return the account, as a page has it before it opens any work."""
    with site.work() as work:
        return users.named(work.db, name)


def begin(
    site: GatehouseTester, name: str = "alice", *, called: str = "Phone", bound_to: str = HERE
) -> service.SetUp:
    """Begin a set-up of an app for somebody."""
    user = whose(site, name)
    with site.work() as work:
        return service.begin(work, user=user, bound_to=bound_to, name=called)


def finish(
    site: GatehouseTester,
    setup: service.SetUp,
    name: str = "alice",
    *,
    code: str | None = None,
    bound_to: str = HERE,
) -> Added:
    """Finish it by the code that the app shows now, or by another one."""
    user = whose(site, name)
    with site.work() as work:
        service.count(work, user=user)
    with site.work() as work:
        return service.confirm(
            work,
            user=user,
            bound_to=bound_to,
            public_id=setup.public_id,
            code=code or shown(site, setup.seed),
        )


def with_app(site: GatehouseTester, name: str = "alice", *, called: str = "Phone") -> bytes:
    """Give somebody an app, and let a minute pass, so that its next code is new."""
    setup = begin(site, name, called=called)
    finish(site, setup, name)
    site.clock.move(timedelta(minutes=1))
    return setup.seed


def shown(site: GatehouseTester, seed: bytes, *, seconds: int = 0) -> str:
    """Return what the app shows so many seconds from now: by somebody else's implementation."""
    app = pyotp.TOTP(rules.shown_seed(seed).replace(" ", ""))
    return app.at(site.clock.now() + timedelta(seconds=seconds))


def prove(site: GatehouseTester, code: str, name: str = "alice") -> str:
    """Prove somebody by a code."""
    with site.work() as work:
        return service.prove(work, user_id=users.named(work.db, name).id, code=code)


def accepted(site: GatehouseTester, code: str, name: str = "alice") -> bool:
    """Return whether a code is taken."""
    try:
        return prove(site, code, name) == "totp"
    except WrongFactor:
        return False
