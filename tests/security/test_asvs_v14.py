"""OWASP ASVS 5.0, V14.3: what browsers keep."""

from collections.abc import Sequence

from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.security.walk import (
    REMEMBER,
    SESSION,
    Visit,
    ask,
    people,
    routes,
    set_cookies,
    who,
)


def test_asvs_14_3_1_signing_out_clears_what_the_browser_holds(site: GatehouseTester) -> None:
    site.add_user()
    client = site.client()
    forms.sign_in(client, remember="y")
    page = forms.send(client, "/logout/")
    assert page.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert {SESSION, REMEMBER} <= set(set_cookies(page))
    assert forms.cookie(client, SESSION) is None
    assert forms.cookie(client, REMEMBER) is None
    assert client.get("/account/").status_code == 302


def test_asvs_14_3_1_also_by_a_link_and_for_somebody_unknown(site: GatehouseTester) -> None:
    link = {"Sec-Fetch-Site": "same-origin"}
    for client in (site.client(site.add_user()), site.client()):
        page = client.get("/logout/", headers=link)
        assert page.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert who(client) == "nobody"


def test_asvs_14_3_2_nothing_of_anybody_is_kept_by_a_cache(patient: GatehouseTester) -> None:
    for kind, client in people(patient).items():
        for route in routes(patient.app):
            for method in ("GET", "HEAD", "POST", "DELETE"):
                page = ask(client, route.path, method)
                if not route.endpoint.endswith("static"):
                    assert page.headers["Cache-Control"] == "no-store", (kind, route.path, method)


def test_asvs_14_3_3_nothing_is_stored_by_a_script(
    patient: GatehouseTester, every_page: Sequence[Visit]
) -> None:
    """There are two scripts, each in a file, and the policy lets no other run."""
    for name in ("passkeys.js", "live.js"):
        script = ask(patient.client(), f"/gatehouse/static/{name}").text
        assert "addEventListener" in script
        for kept in ("Storage", "indexedDB", "document.cookie", "caches"):
            assert kept not in script
    for _, _, page in every_page:
        assert "Storage" not in page.text
        assert "indexedDB" not in page.text
        policy = page.headers["Content-Security-Policy"]
        if "passkeys.js" in page.text or "live.js" in page.text:
            assert "script-src 'self';" in policy
        else:
            assert "script-src" not in policy
