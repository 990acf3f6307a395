"""Views that are ended from two sides at once, on every kind of database."""

from functools import partial

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.testing import GatehouseTester
from tests.features.viewing.stories import ASIDE, END, SESSION, at_work, helper, look
from tests.flows.test_races import at_once
from tests.forms import cookie, token
from tests.security.walk import FORM, count, events, rows, who, with_cookies

#: Rounds in which two are let go together.
ROUNDS = 8


class Round:
    """Somebody who sees the site as alice, in two tabs of one browser."""

    def __init__(self, site: GatehouseTester, viewer: User, alice: User) -> None:
        """Begin to look."""
        client = at_work(site, viewer)
        assert look(client, alice).status_code == 303
        self.form = {"csrf_token": token(client.get("/account/"))}
        held = {name: cookie(client, name) for name in (SESSION, ASIDE, FORM)}
        self.one, self.other = with_cookies(site, **held), with_cookies(site, **held)

    def post(self, client: FlaskClient, path: str) -> int:
        """Send the form of a button."""
        return client.post(path, data=self.form).status_code


def test_ending_and_logging_out_at_once_leave_no_half_of_a_view(site: GatehouseTester) -> None:
    alice, viewer = site.add_user("alice"), helper(site, admin=True)
    for _ in range(ROUNDS):
        look_on = Round(site, viewer, alice)
        answers = at_once(
            [
                partial(look_on.post, look_on.one, END),
                partial(look_on.post, look_on.other, "/logout/"),
            ]
        )
        assert answers == [303, 303]
        left = rows(site, Session)
        assert all(row.actor_id is None for row in left)
        # Whoever was first: then nothing is left, or what came back under the new handle.
        assert who(look_on.one) == ("helper" if left else "nobody")
        assert who(look_on.other) == "nobody"
        with site.work() as work:
            for row in left:
                work.db.delete(work.db.merge(row))
    assert len(events(site, "viewing.ended")) + count(site, Viewing) == ROUNDS


@pytest.mark.parametrize("path", [END, "/logout/"])
@pytest.mark.parametrize("whose", ["alice", "keeper"])
def test_ending_and_erasing_at_once_leave_no_half_of_a_view(
    site: GatehouseTester, whose: str, path: str
) -> None:
    site.add_user("chief", admin=True)
    for n in range(ROUNDS):
        # The name of who is gone is nobody's for a while.
        alice, viewer = site.add_user(f"alice{n}"), helper(site, f"keeper{n}", admin=True)
        look_on = Round(site, viewer, alice)
        gone = {"alice": alice, "keeper": viewer}[whose]
        answers = at_once(
            [partial(look_on.post, look_on.one, path), partial(_erase, site, gone.id)]
        )
        assert answers == [303, 0]
        assert all(row.actor_id is None for row in rows(site, Session))
        if whose == "keeper":
            assert who(look_on.one) == "nobody"
            assert count(site, Session) == 0
        for user in (alice, viewer):
            if user is not gone:
                _erase(site, user.id)
        assert (count(site, Viewing), count(site, Session)) == (0, 0)
    assert len(events(site, "viewing.ended")) == ROUNDS


def _erase(site: GatehouseTester, user_id: object) -> int:
    with site.app.app_context(), site.work() as work:
        people.erase(work, user_id=user_id, typed=None, by=None)  # type: ignore[arg-type]
    return 0
