"""Cookies, headers and bodies of any kind prove nothing and break nothing."""

import re

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.properties.thorough import slow, thorough
from tests.security.walk import (
    FORM,
    INVITATION,
    REMEMBER,
    SESSION,
    UNLIMITED,
    bare,
    session_rows,
    snapshot,
)

#: What a server lets through in a header.
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)

#: A handle of any kind, also inside of something. Random letters begin like one now and then, as
#: those in the token of a form do.
HANDLE = re.compile(r"gh1[a-z]\.[0-9a-f]{8}\.")

COOKIES = st.sampled_from((SESSION, REMEMBER, FORM, INVITATION, "other", ""))


def test_no_cookie_header_makes_somebody(patient: GatehouseTester) -> None:
    patient.client(patient.add_user())
    page = forms.sign_in(patient.client())
    assert HANDLE.search("".join(page.headers.getlist("Set-Cookie"))), "this is how one looks"
    before = snapshot(patient, without=("gatehouse_throttle",))

    @thorough
    @given(st.lists(st.tuples(COOKIES, header_text), max_size=4), st.sampled_from(("; ", ";", ",")))
    def nobody(pairs: list[tuple[str, str]], between: str) -> None:
        header = between.join(f"{name}={value}" for name, value in pairs)
        for path in ("/account/", "/", "/login/", "/invitation/"):
            page = bare(patient).get(path, environ_overrides={"HTTP_COOKIE": header})
            assert page.status_code in {200, 302, 409}, path
            assert not HANDLE.search("".join(page.headers.getlist("Set-Cookie"))), path
            assert ">alice<" not in page.text

    nobody()
    assert snapshot(patient, without=("gatehouse_throttle",)) == before


@pytest.mark.parametrize("name", [SESSION, REMEMBER])
def test_a_handle_that_is_changed_anywhere_is_nobodys(patient: GatehouseTester, name: str) -> None:
    client = patient.client()
    patient.sign_in(client, patient.add_user(), remember=True)
    handle = forms.cookie(client, name)
    assert handle is not None

    @thorough
    @given(st.integers(0, len(handle)), st.integers(0, 3), header_text)
    def nobody(at: int, drop: int, instead: str) -> None:
        changed = handle[:at] + instead + handle[at + drop :]
        # What ends a value, or surrounds it, is no part of it.
        assume(changed.strip(' "').partition(";")[0].strip(' "') != handle)
        header = {"HTTP_COOKIE": f"{name}={changed}"}
        page = bare(patient).get("/account/", environ_overrides=header)
        assert page.status_code == 302, changed

    nobody()


FORWARDED = (
    *("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_FORWARDED_PREFIX"),
    *("X_FORWARDED_PORT", "FORWARDED", "X_REAL_IP", "X_ORIGINAL_URL", "X_HTTP_METHOD_OVERRIDE"),
)
forwarded_values = st.one_of(
    header_text,
    st.sampled_from(
        (
            "203.0.113.9",
            "::1",
            "[::1]:80",
            "unknown",
            "https",
            "evil.example",
            "/x",
            "//evil.example",
        )
    ),
    st.lists(st.ip_addresses().map(str), max_size=4).map(", ".join),
)
forwarded = st.dictionaries(st.sampled_from(FORWARDED), forwarded_values, max_size=4)


def answer(client: FlaskClient, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
    environ = {f"HTTP_{name}": value for name, value in headers.items()}
    page = client.get(path, environ_overrides=environ)
    assert "evil" not in page.text
    return page.status_code, page.location


def test_forwarded_headers_that_nobody_asked_for_change_nothing(patient: GatehouseTester) -> None:
    paths = ("/", "/login/", "/account/", "/nowhere/", "/account")
    usual = {path: answer(patient.client(), path, {}) for path in paths}

    @thorough
    @given(forwarded)
    def the_same(headers: dict[str, str]) -> None:
        for path in paths:
            assert answer(patient.client(), path, headers) == usual[path]

    the_same()


def test_behind_a_proxy_no_forwarded_header_breaks_or_leads_away(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_TRUSTED_PROXIES=1, **UNLIMITED))
    site.add_user()

    @slow
    @given(forwarded)
    def stays(headers: dict[str, str]) -> None:
        for path in ("/", "/login/", "/account/"):
            status, location = answer(site.client(), path, headers)
            assert status in {200, 302}
            assert location is None or location.startswith("/login/")
        client = site.client()
        token = forms.token(client.get("/login/"))
        page = client.post(
            "/login/",
            data={"csrf_token": token, "username": "alice", "password": "wrong"},
            environ_overrides={f"HTTP_{name}": value for name, value in headers.items()},
        )
        assert page.status_code in {400, 401, 429}

    stays()
    assert session_rows(site) == 0


bodies = st.one_of(
    st.binary(max_size=300),
    st.lists(st.binary(max_size=20), max_size=10).map(b"&".join),
    st.lists(
        st.sampled_from((b"--b", b"\r\n", b"--", b'name="', b'username"', b"x")), max_size=20
    ).map(b"".join),
)
TYPES = st.sampled_from(
    (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "application/json",
        "",
    )
)


def test_no_body_signs_anybody_in_or_breaks_the_page(patient: GatehouseTester) -> None:
    patient.add_user()
    client = patient.client()
    token = forms.token(client.get("/login/"))

    @thorough
    @given(bodies, TYPES, st.booleans())
    def only_wrong(body: bytes, kind: str, with_token: bool) -> None:  # noqa: FBT001 - as hypothesis hands it over
        headers = {"X-CSRF-Token": token} if with_token else {}
        for path in ("/login/", "/invitation/", "/logout/", "/confirm/"):
            page = client.post(path, data=body, content_type=kind, headers=headers)
            assert page.status_code < 500
            assert page.status_code >= 400 or page.location.startswith("/login/")

    only_wrong()
    assert session_rows(patient) == 0


def test_any_text_in_the_fields_of_a_sign_in_is_only_wrong(patient: GatehouseTester) -> None:
    patient.add_user()
    client = patient.client()
    token = forms.token(client.get("/login/"))
    text = st.text(max_size=100)

    @thorough
    @given(text, text, text, text)
    def only_wrong(username: str, password: str, remember: str, wanted: str) -> None:
        fields = {"username": username, "password": password, "remember": remember, "next": wanted}
        page = client.post("/login/", data={"csrf_token": token, **fields})
        assert page.status_code in {401, 429}
        assert "Invalid username or password." in page.text or page.status_code == 429

    only_wrong()
    assert session_rows(patient) == 0
