"""Wherever somebody asks to be sent, the browser stays on this site."""

from datetime import timedelta
from urllib.parse import quote, unquote

from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.web.redirects import safe_path
from tests import forms
from tests.properties.thorough import slow, thorough
from tests.security.walk import browser_goes_to

#: What addresses that left other sites were made of.
PIECES = (
    *("/", "//", "\\", "/\\", ":", "@", "?", "#", ".", "..", "/..", "/.", ";", "&", "=", "%"),
    *("%2f", "%2F", "%5c", "%5C", "%252f", "%255c", "%2e", "%252e", "%09", "%0a", "%0d", "%00"),
    *("\t", "\n", "\r", "\x00", "\x08", " ", "\u2009", "\u00a0", "\uff0f", "\uff3c", "\u3002"),
    *("http:", "https:", "javascript:", "data:", "http", "[", "]", "evil.example", "ours.example"),
    *("localhost", "account", "admin", "x", "999999999", "caf\u00e9", "%c3%a9"),
)

wishes = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map(lambda found: "/" + "".join(found)),
    st.text(max_size=30),
)

OURS = ("http", "localhost")


@thorough
@given(wishes)
def test_what_is_called_safe_stays_here_however_often_it_is_decoded(wish: str) -> None:
    found = safe_path(wish)
    if found is None:
        return
    assert found == wish
    for _ in range(3):
        assert browser_goes_to(found) == OURS
        found = unquote(found.partition("?")[0].partition("#")[0])


@thorough
@given(st.lists(st.text("abz09_~-\u00e4\u540d \uff0f", min_size=1), max_size=4))
def test_what_is_plainly_a_path_of_this_site_is_taken(segments: list[str]) -> None:
    path = "/" + "/".join(map(quote, segments))
    assert safe_path(path) == path
    assert safe_path(f"{path}?q=//x#y") == f"{path}?q=//x#y"


def test_after_a_sign_in_the_browser_is_on_this_site(patient: GatehouseTester) -> None:
    patient.add_user()

    @slow
    @given(wishes)
    def stays(wish: str) -> None:
        patient.clock.move(timedelta(seconds=1))
        client = patient.client()
        page = client.get("/login/", query_string={"next": wish})
        data = {"csrf_token": forms.token(page), "username": "alice", "next": wish}
        page = client.post("/login/", data={**data, "password": "seven quiet herons"})
        assert page.status_code == 303
        assert browser_goes_to(page.location) == OURS
        page = client.get("/login/", query_string={"next": wish})
        assert page.status_code == 303
        assert browser_goes_to(page.location) == OURS

    stays()
