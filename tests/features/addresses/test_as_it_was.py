"""What was proven a moment ago and is not so any more changes nothing: the lock comes first."""

from collections.abc import Callable

import pytest

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.addresses import service as addresses
from flask_gatehouse.features.names import service as names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.web.links import link_to
from tests.security.walk import snapshot

ADDRESS = "alice@example.org"

CHANGES: dict[str, Callable[[Work, User], object]] = {
    "add": lambda work, user: addresses.ask(
        work, user=user, address="new@example.org", link_of=link_to("/address/")
    ),
    "primary": lambda work, user: addresses.make_primary(
        work, user=user, address=ADDRESS, undo_link=link_to("/address/undo/")
    ),
    "remove": lambda work, user: addresses.remove(work, user=user, address=ADDRESS),
    "name": lambda work, user: names.change(work, user=user, name="alicia"),
}

MEANWHILE: dict[str, Callable[[Work, User], None]] = {
    "a new password": lambda work, user: users.end_everything(work, user_id=user.id),
    "a suspension": lambda work, user: users.suspend(work, user=users.by_id(work.db, user.id)),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("change", CHANGES)
def test_who_was_put_out_since_the_request_began_changes_nothing(
    site: GatehouseTester, change: str, meanwhile: str
) -> None:
    site.add_user("root", admin=True)
    alice = site.add_user("alice", email=ADDRESS)
    with site.work() as work:
        MEANWHILE[meanwhile](work, alice)
    before = snapshot(site, without=("gatehouse_throttle",))
    with (
        site.app.test_request_context("/"),
        pytest.raises(NotAsItWas),
        site.work() as work,
    ):
        CHANGES[change](work, alice)
    assert snapshot(site, without=("gatehouse_throttle",)) == before
