"""Somebody who helps people, and sees the site as one of them."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests.forms import send, token

ASIDE = "gatehouse_aside"
SESSION = "gatehouse"
END = "/viewing/end/"
REASON = "request 4711"

TWO = ("password", "totp")


def page(user: User) -> str:
    """Return the address of the page on which seeing the site as somebody begins."""
    return f"/admin/people/{user.id}/view/"


def helper(
    site: GatehouseTester,
    name: str = "helper",
    *,
    admin: bool = False,
    permissions: tuple[str, ...] = ("people.view_as", "people.read"),
) -> User:
    """Make somebody who may see the site as others."""
    user = site.add_user(name, email=f"{name}@example.org", admin=admin)
    if not admin:
        with site.work() as work:
            roles.make(work, name=f"role-{name}", permissions=permissions)
            roles.grant(work, user=users.named(work.db, name), role=f"role-{name}")
    return user


def at_work(site: GatehouseTester, user: User) -> FlaskClient:
    """Return a browser in which somebody proved two factors."""
    client = site.client()
    site.sign_in(client, user, methods=TWO)
    return client


def look(client: FlaskClient, user: User, reason: str = REASON) -> TestResponse:
    """See the site as somebody."""
    return send(client, page(user), reason=reason)


def end(client: FlaskClient) -> TestResponse:
    """End it, by the button on a page."""
    return client.post(END, data={"csrf_token": token(client.get("/account/"))})


def looking(site: GatehouseTester, *, admin: bool = True) -> tuple[FlaskClient, User, User]:
    """Return a browser in which somebody sees the site as alice; who, and alice."""
    alice = site.add_user("alice", email="alice@example.org")
    viewer = helper(site, admin=admin)
    client = at_work(site, viewer)
    begun = look(client, alice)
    assert begun.status_code == 303, begun.text
    return client, viewer, alice
