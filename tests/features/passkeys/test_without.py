"""Where the library or the host is missing: nothing is offered, and what is there is asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passkeys import ceremony, examinations
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator
from tests import forms
from tests.conftest import MakeSite
from tests.features.passkeys.test_pages import HERE, options, send
from tests.keepers import ORIGIN, UNLIMITED, enrol

STEP = "/second-step/passkey/"


@pytest.fixture
def take_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Take the library away, and look for it anew as a process does that starts then."""

    def now() -> None:
        monkeypatch.setattr(ceremony, "find_spec", lambda _: None)
        ceremony.is_installed.cache_clear()

    yield now
    ceremony.is_installed.cache_clear()


@pytest.fixture
def without(take_away: Callable[[], None], tester: GatehouseTester) -> Authenticator:
    """Alice's, on a site from which the library was taken away since."""
    keeper = Authenticator()
    enrol(tester, keeper)
    take_away()
    return keeper


def test_without_the_library_none_is_offered_and_what_is_there_is_asked_for(
    tester: GatehouseTester, without: Authenticator
) -> None:
    stranger = tester.client()
    assert "passkey" not in stranger.get("/login/").text
    assert stranger.get(HERE).status_code == 404
    client = tester.client()
    assert forms.sign_in(client).location == "/second-step/"
    answer = without.get(options(client, STEP), origin=ORIGIN)
    assert send(client, answer, STEP).status_code == 400
    assert client.get("/account/").status_code == 302


def test_the_doctor_says_so(tester: GatehouseTester, without: Authenticator) -> None:
    del without
    works = tester.app.extensions["gatehouse"].works
    (found,) = examinations.usable(works)
    assert found.severity == "unsafe"
    assert "flask-gatehouse[passkeys]" in found.mend


def test_the_doctor_is_content_with_what_works(tester: GatehouseTester) -> None:
    works = tester.app.extensions["gatehouse"].works
    assert list(examinations.usable(works)) == []
    enrol(tester, Authenticator())
    assert list(examinations.usable(works)) == []


def test_the_doctor_knows_where_no_browser_uses_one(
    make_site: MakeSite, tester: GatehouseTester, tmp_path: Path
) -> None:
    enrol(tester, Authenticator())
    url = f"sqlite:///{tmp_path / 'gatehouse.db'}"
    moved = make_site(url, GATEHOUSE_PUBLIC_URL="http://intranet.example", **UNLIMITED)
    (found,) = examinations.usable(moved.extensions["gatehouse"].works)
    assert "intranet.example" in found.what
    client = moved.test_client()
    page = client.get("/login/", base_url="http://intranet.example")
    data = {"csrf_token": forms.token(page), "username": "alice", "password": PASSWORD}
    client.post("/login/", data=data, base_url="http://intranet.example")
    step = client.get(STEP, base_url="http://intranet.example")
    assert step.status_code == 200
    assert "Passkeys do not work at this address." in step.text
    assert "/second-step/recovery-code/" in step.text
    data = {"csrf_token": forms.token(step), "credential": "{}"}
    assert client.post(STEP, data=data, base_url="http://intranet.example").status_code == 409


def test_switched_on_by_name_the_start_stops_without_the_library(
    take_away: Callable[[], None], make_site: MakeSite, sqlite_url: str
) -> None:
    take_away()
    make_site(sqlite_url)
    # As text, which is not what stands there by default.
    with pytest.raises(Misconfigured, match=r"flask-gatehouse\[passkeys\]"):
        make_site(sqlite_url, GATEHOUSE_PASSKEYS_ENABLED="yes")


def test_nothing_is_remembered_where_that_is_forbidden(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SESSIONS_REMEMBER="no", **UNLIMITED))
    site.add_user("alice")
    keeper, client = Authenticator(), site.client()
    enrol(site, keeper)
    answer = keeper.get(options(client), origin=ORIGIN)
    assert send(client, answer, remember="y").status_code == 303
    assert forms.cookie(client, "gatehouse_remember") is None
