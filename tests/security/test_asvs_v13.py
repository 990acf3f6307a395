"""OWASP ASVS 5.0, V13.4: what a site tells of itself, and to whom."""

from werkzeug.test import TestResponse

from flask_gatehouse.features.statistics import counting
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import OPENED

TOKEN = "token-of-the-program-that-watches-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

NAME, ADDRESS = "marigold", "m.golding@mail.example.org"
TYPED = ("wanderer", "wanderer@elsewhere.example", "a password typed as a name")
SEEN_AT = ("203.0.113.77", "198.51.100.8", "2001:db8:77::1")
BROWSER = "Marker/7 (of a browser)"


def _ask(site: GatehouseTester, **headers: str) -> TestResponse:
    return site.client().get("/metrics", headers=headers)


def test_asvs_13_4_5_nobody_reads_the_numbers_unless_it_is_meant(
    make_site: MakeSite, sqlite_url: str
) -> None:
    """Without a setting there is no page, and with one a right is no way in, nor a session."""
    closed = GatehouseTester(make_site(sqlite_url))
    assert _ask(closed, **BEARER).status_code == 404
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_METRICS_TOKEN=TOKEN))
    chief = site.client(site.add_user("chief", admin=True))
    for page in (chief.get("/metrics"), _ask(site), _ask(site, Authorization="Bearer of-another")):
        assert page.status_code == 404
        assert "gatehouse_" not in page.text
    assert "gatehouse_database_up 1" in _ask(site, **BEARER).text


def test_asvs_13_4_5_the_numbers_are_at_the_public_host_only(
    make_site: MakeSite, sqlite_url: str
) -> None:
    url = "https://site.example.org"
    config = {"GATEHOUSE_PUBLIC_URL": url, "GATEHOUSE_METRICS_TOKEN": TOKEN}
    client = make_site(sqlite_url, **config).test_client()
    for host, status in ((url, 200), ("https://10.0.0.11:9464", 400), ("https://localhost", 400)):
        assert client.get("/metrics", headers=BEARER, base_url=host).status_code == status


def test_asvs_13_4_5_nobody_is_named_in_the_numbers(make_site: MakeSite, database_url: str) -> None:
    """Not who signed in, nor who was refused, from where, with what, or which account it was."""
    site = GatehouseTester(
        make_site(
            database_url,
            **OPENED,
            GATEHOUSE_METRICS_TOKEN=TOKEN,
            GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m",
        )
    )
    user = site.add_user(NAME, email=ADDRESS)
    chief = site.client(site.add_user("chief", admin=True))
    for seen_at in SEEN_AT:
        client = site.client()
        client.environ_base.update(REMOTE_ADDR=seen_at, HTTP_USER_AGENT=BROWSER)
        for typed in (*TYPED, NAME, NAME, NAME):
            forms.sign_in(client, typed, "not the password")
        forms.send(client, "/recover/", email=ADDRESS)
        forms.sign_in(client, ADDRESS, PASSWORD)
        client.get("/account/")
        client.get(f"/admin/people/?q={NAME}")
        client.get(f"/{NAME}/{ADDRESS}")
    chief.get(f"/admin/people/{user.id}/")
    chief.get(f"/admin/people/?q={ADDRESS}")
    while counting.step(site.app.extensions["gatehouse"].works):
        pass
    text = _ask(site, **BEARER).text
    told = dict(line.rsplit(" ", 1) for line in text.splitlines())
    assert int(told["gatehouse_sign_ins_total"]) == len(SEEN_AT) + 1
    assert int(told['gatehouse_sign_in_refusals_total{step="first"}']) > 0
    assert int(told['gatehouse_limits_reached_total{limit="name and network"}']) > 0
    personal = [NAME, ADDRESS, "m.golding", "chief", *TYPED, *SEEN_AT, PASSWORD, TOKEN, "Marker"]
    personal += [str(user.id), user.id.hex]
    assert [each for each in personal if each.lower() in text.lower()] == []
