"""People hear of what happens around their sign-in, and of nothing that tells them nothing."""

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import send, sign_in, token
from tests.security.walk import setup_link

WRONG = "nine loud kettles"
NEW_DEVICE = "A new sign-in to your account at Gatehouse"
AFTER_FAILURES = "Failed sign-ins to your account at Gatehouse"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site, with somebody who has an address."""
    app = make_site(database_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="20/15m")
    site = GatehouseTester(app)
    site.add_user("alice", email="alice@example.org")
    return site


def subjects(site: GatehouseTester) -> list[str]:
    return [str(mail["Subject"]) for mail in site.mails()]


def leave(client: FlaskClient) -> None:
    client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})


def test_the_first_sign_in_ever_is_no_news(site: GatehouseTester) -> None:
    sign_in(site.client())
    assert subjects(site) == []


def test_a_device_that_was_not_used_before_is_news_once(site: GatehouseTester) -> None:
    sign_in(site.client())
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    client.environ_base["HTTP_USER_AGENT"] = "Your account is locked, call 0900"
    for _ in range(3):
        assert sign_in(client).status_code == 303
        leave(client)
    assert subjects(site) == [NEW_DEVICE]
    (mail,) = site.mails()
    assert mail["To"] == "alice@example.org"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "2026-06-15 12:00 UTC" in text
        assert "198.51.100.7" in text
        assert "0900" not in text


def test_after_a_new_password_each_browser_is_news_once(site: GatehouseTester) -> None:
    """The new password may have been set to put out whoever has a browser that is known."""
    client = site.client()
    sign_in(client)
    with site.work() as work:
        users.end_everything(work, user_id=users.named(work.db, "alice").id)
    assert sign_in(client).status_code == 303
    assert len(subjects(site)) == 1
    leave(client)
    assert sign_in(client).status_code == 303
    assert len(subjects(site)) == 1


def test_a_sign_in_that_failed_is_no_news(site: GatehouseTester) -> None:
    sign_in(site.client())
    sign_in(site.client(), "alice", WRONG)
    assert subjects(site) == []


def test_a_host_that_signs_in_makes_devices_known_as_well(site: GatehouseTester) -> None:
    alice = site.add_user("bert", email="bert@example.org")
    first, second = site.client(alice), site.client(alice)
    assert subjects(site) == [NEW_DEVICE]
    leave(first)
    leave(second)
    sign_in(first, "bert")
    sign_in(second, "bert")
    assert subjects(site) == [NEW_DEVICE]


def test_ten_failures_before_a_success_are_news(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    leave(client)
    for failures in (9, 10):
        for _ in range(failures):
            sign_in(site.client(), "alice", WRONG)
        assert sign_in(client).status_code == 303
        leave(client)
    assert subjects(site) == [AFTER_FAILURES]
    (mail,) = site.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    assert "10 attempts in a row" in body.get_content()


def test_setting_up_is_no_news(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url))
    path = setup_link(site)
    page = send(site.client(), path, username="root", email="root@example.org", password=PASSWORD)
    assert page.status_code == 303
    assert subjects(site) == []


def test_a_letter_that_cannot_be_addressed_keeps_nobody_out(site: GatehouseTester) -> None:
    """A host may have written into the table what no form would have taken."""
    sign_in(site.client())
    with site.work() as work:
        users.named(work.db, "alice").email = "no address at all"
    assert sign_in(site.client()).status_code == 303
    assert subjects(site) == []
