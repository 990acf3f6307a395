"""What the console shows of settings and health, and to whom."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite

SECRET = "a-marker-that-nobody-may-see-in-any-page"


def with_one_right(site: GatehouseTester, permission: str) -> FlaskClient:
    """Return the browser of somebody who may do this only."""
    user = site.add_user("keeper")
    with site.work() as work:
        roles.make(work, name="helpers", permissions=(permission,))
        roles.grant(work, user=user, role="helpers")
    return site.client(user)


def test_whoever_may_sees_what_is_in_force_and_where_it_comes_from(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SITE_NAME="The Club"))
    client = with_one_right(site, "settings.read")
    page = client.get("/admin/settings/").text
    assert "GATEHOUSE_SESSIONS_IDLE_LIMIT" in page
    changed = client.get("/admin/settings/?changed=1&q=site_name").text
    assert "The Club" in changed
    assert "app.config" in changed
    assert "GATEHOUSE_SESSIONS_IDLE_LIMIT" not in changed
    assert "No setting is called" in client.get("/admin/settings/?q=nothing+so").text
    assert client.get("/admin/health/").status_code == 403


def test_no_secret_is_shown(make_site: MakeSite, sqlite_url: str) -> None:
    config = {
        "GATEHOUSE_SECRET_KEY": SECRET,
        "GATEHOUSE_SECRET_KEY_FALLBACKS": (f"{SECRET}-of-before",),
        "GATEHOUSE_REDIS_URL": f"redis://:{SECRET}@127.0.0.1:6379/0",
        "GATEHOUSE_MAIL_URL": f"smtp://user:{SECRET}@127.0.0.1:2525",
    }
    site = GatehouseTester(make_site(sqlite_url, **config))
    client = site.client(site.add_user("chief", admin=True))
    page = client.get("/admin/settings/").text
    assert "GATEHOUSE_REDIS_URL" in page
    assert SECRET not in page
    # What a value is is not searched either: that would tell it letter by letter.
    assert "GATEHOUSE_REDIS_URL" not in client.get(f"/admin/settings/?q={SECRET}").text
    assert SECRET not in client.get("/admin/health/").text


def test_health_tells_what_runs_and_what_waits(site: GatehouseTester) -> None:
    client = with_one_right(site, "health.read")
    with site.work() as work:
        for number in range(3):
            work.db.add(
                Letter(
                    kind="test",
                    recipient="a@example.org",
                    subject="x",
                    text="x",
                    created_at=work.now,
                    next_try_at=work.now,
                    dead_at=work.now if number == 0 else None,
                )
            )
    page = client.get("/admin/health/").text
    assert re.search(r"Letters that wait</dt><dd>2<", page)
    assert re.search(r"Letters given up</dt><dd>1<", page)
    assert "the newest" in page
    assert re.search(r"SQLAlchemy</dt><dd>2\.", page)
    assert client.get("/admin/settings/").status_code == 403


def test_everything_is_looked_at_only_after_a_recent_proof(site: GatehouseTester) -> None:
    client = with_one_right(site, "health.read")
    token = forms.token(client.get("/admin/health/"))
    done = client.post("/admin/health/look/", data={"csrf_token": token})
    assert done.status_code == 200
    assert "Everything was looked at" in done.text
    site.clock.move(timedelta(minutes=16))
    late = client.post("/admin/health/look/", data={"csrf_token": token})
    assert "Everything was looked at" not in late.text
    assert late.location.startswith("/confirm/")


@pytest.mark.parametrize("path", ["/admin/settings/", "/admin/health/"])
def test_others_see_nothing(site: GatehouseTester, path: str) -> None:
    assert site.client(site.add_user("member")).get(path).status_code == 403
    assert site.client().get(path).status_code == 302
