"""Who may enter what: written down here, and walked over the map of pages."""

import threading
from typing import Any, get_args

import pytest

from flask_gatehouse.feature import Access
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import Administration, User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.web.access import MARK
from tests import forms
from tests.security.walk import (
    ask,
    count,
    engine_of,
    people,
    routes,
    rows,
    setup_link,
    snapshot,
    who,
)

LOGIN, SHOWN, ON = "sent to the login page", "shown", "sent on"
FORBIDDEN, NONE, ONLY_FORMS = "forbidden", "not there", "only for forms"

ANYONE = (
    "anonymous",
    "member",
    "suspended",
    "administrator",
    "remembered",
    "remembered administrator",
)

#: What each kind of person gets by GET; anonymous and suspended are the same person to the site.
MATRIX: dict[str, dict[str, str]] = {
    "static": dict.fromkeys(ANYONE, NONE),
    "gatehouse.static": dict.fromkeys(ANYONE, SHOWN),
    "site.home": dict.fromkeys(ANYONE, SHOWN),
    "site.health": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.login.logout": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.passwords.login": {
        **dict.fromkeys(ANYONE, ON),
        "anonymous": SHOWN,
        "suspended": SHOWN,
    },
    "gatehouse.passwords.open_invitation": dict.fromkeys(ANYONE, ON),
    "gatehouse.passwords.invitation": dict.fromkeys(ANYONE, NONE),
    "gatehouse.setup.first_administrator": dict.fromkeys(ANYONE, NONE),
    "gatehouse.account.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.passwords.confirm": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.mfa.ask": dict.fromkeys(ANYONE, LOGIN),
    "gatehouse.mfa.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.mfa.set_up": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "remembered": ON,
        "remembered administrator": ON,
    },
    "gatehouse.mfa.keep": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.mfa.rename": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.mfa.remove": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.activity.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.addresses.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.addresses.add": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.addresses.resend": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.addresses.enter_code": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.addresses.make_primary": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.addresses.remove": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.addresses.open_link": dict.fromkeys(ANYONE, ON),
    "gatehouse.addresses.confirm": dict.fromkeys(ANYONE, NONE),
    "gatehouse.addresses.open_undo": dict.fromkeys(ANYONE, ON),
    "gatehouse.addresses.undo": dict.fromkeys(ANYONE, NONE),
    "gatehouse.names.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.names.change": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.devices.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    # In a debugger and in tests on the own machine; elsewhere there is no such page.
    "gatehouse.mail.letters": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.mail.letter": dict.fromkeys(ANYONE, NONE),
    "gatehouse.totp.add": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "remembered": ON,
        "remembered administrator": ON,
    },
    "gatehouse.passkeys.sign_in": {
        **dict.fromkeys(ANYONE, ON),
        "anonymous": SHOWN,
        "suspended": SHOWN,
    },
    "gatehouse.passkeys.sign_in_options": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.ask": dict.fromkeys(ANYONE, LOGIN),
    "gatehouse.passkeys.ask_options": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.confirm": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.passkeys.confirm_options": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.add": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "remembered": ON,
        "remembered administrator": ON,
    },
    "gatehouse.passkeys.add_options": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.offered": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.decline": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.sign_up_options": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.passkeys.related": dict.fromkeys(ANYONE, NONE),
    "gatehouse.passkeys.endpoints": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.totp.ask": dict.fromkeys(ANYONE, LOGIN),
    "gatehouse.recovery_codes.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.recovery_codes.renew": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.recovery_codes.ask": dict.fromkeys(ANYONE, LOGIN),
    # Where it is allowed. Elsewhere there are no such pages: tests/features/login_by_mail.
    "gatehouse.login_by_mail.ask": {
        **dict.fromkeys(ANYONE, ON),
        "anonymous": SHOWN,
        "suspended": SHOWN,
    },
    "gatehouse.login_by_mail.sent": {
        **dict.fromkeys(ANYONE, ON),
        "anonymous": SHOWN,
        "suspended": SHOWN,
    },
    "gatehouse.login_by_mail.by_link": {
        **dict.fromkeys(ANYONE, ON),
        "anonymous": NONE,
        "suspended": NONE,
    },
    "gatehouse.login_by_mail.open_link": dict.fromkeys(ANYONE, ON),
    "gatehouse.recovery.ask": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.recovery.sent": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.recovery.new": dict.fromkeys(ANYONE, NONE),
    "gatehouse.recovery.open_link": dict.fromkeys(ANYONE, ON),
    # By invitation only: the page says so. In other modes, test_reg.py.
    "gatehouse.registration.register": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.registration.verify": dict.fromkeys(ANYONE, SHOWN),
    "gatehouse.registration.again": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.registration.by_link": dict.fromkeys(ANYONE, NONE),
    "gatehouse.registration.open_link": dict.fromkeys(ANYONE, ON),
    "gatehouse.passwords.change": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.passwords.come_back": dict.fromkeys(ANYONE, LOGIN),
    "gatehouse.leaving.data": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.leaving.download": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.leaving.leave": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.leaving.delete": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.leaving.deactivate": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.leaving.open_undo": dict.fromkeys(ANYONE, ON),
    "gatehouse.leaving.undo": dict.fromkeys(ANYONE, NONE),
    "gatehouse.doctor.reflect": dict.fromkeys(ANYONE, NONE),
    "gatehouse.devices.end": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.devices.end_trust": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.devices.end_others": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.devices.name": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.admin.index": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.invitations.own": {
        **dict.fromkeys(ANYONE, FORBIDDEN),
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
        "anonymous": LOGIN,
        "suspended": LOGIN,
    },
    "gatehouse.invitations.resend_own": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.invitations.revoke_own": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.invitations.open_link": dict.fromkeys(ANYONE, ON),
    "gatehouse.invitations.accept": {
        **dict.fromkeys(ANYONE, SHOWN),
        "anonymous": NONE,
        "suspended": NONE,
    },
    "gatehouse.invitations.resend": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.invitations.revoke": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.invitations.index": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
    },
    "gatehouse.admin.reset_factors": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.admin.keep_factors": dict.fromkeys(ANYONE, ONLY_FORMS),
    "gatehouse.admin.factors": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        # Whoever is only remembered is asked who they are first.
        "remembered administrator": ON,
    },
    "gatehouse.record.index": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
    },
    "gatehouse.record.chain": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
    },
    "gatehouse.statistics.index": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
    },
    # No such event.
    "gatehouse.record.one": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": NONE,
        "remembered administrator": NONE,
    },
    # Asked for by GET, it is an event that is not there.
    "gatehouse.record.export": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": NONE,
        "remembered administrator": NONE,
    },
    "gatehouse.admin.people": {
        "anonymous": LOGIN,
        "suspended": LOGIN,
        "member": FORBIDDEN,
        "remembered": FORBIDDEN,
        "administrator": SHOWN,
        "remembered administrator": SHOWN,
    },
}


def outcome(page: Any) -> str:
    if page.status_code in {302, 303, 308}:
        return LOGIN if page.location.partition("?")[0] == "/login/" else ON
    known = {200: SHOWN, 403: FORBIDDEN, 404: NONE, 405: ONLY_FORMS, 409: NONE}
    return known.get(page.status_code, str(page.status))


def test_adm_01_everybody_gets_what_is_written_down(patient: GatehouseTester) -> None:
    found: dict[str, dict[str, str]] = {}
    for kind, client in people(patient).items():
        for route in routes(patient.app):
            for method in ("GET", "HEAD"):
                answer = outcome(ask(client, route.path, method))
                found.setdefault(route.endpoint, {}).setdefault(kind, answer)
                assert found[route.endpoint][kind] == answer, (route.path, kind, method)
    assert found == MATRIX


def test_adm_01_every_view_of_ours_says_who_may_enter(patient: GatehouseTester) -> None:
    for endpoint, view in patient.app.view_functions.items():
        if endpoint.endswith("static"):
            continue
        assert getattr(view, MARK, None) in get_args(Access)


@pytest.mark.parametrize("kind", ["anonymous", "member", "suspended", "remembered"])
def test_adm_01_what_is_for_administrators_is_shown_to_nobody_else(
    patient: GatehouseTester, kind: str
) -> None:
    client = people(patient)[kind]
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE"):
        for path in ("/admin/people/", "/admin/people/?q=chief", "/admin/people/?page=1"):
            page = client.open(path, method=method, headers={"Accept": "application/json"})
            assert "chief" not in page.text.replace("q=chief", "").replace("q%3Dchief", "")
    page = client.get("/admin/")
    assert "Administrators" not in page.text
    assert "/admin/people/" not in page.text


def command(tester: GatehouseTester, *args: str, typed: str = "") -> tuple[int, str]:
    done = tester.app.test_cli_runner().invoke(args=["gatehouse", "users", *args], input=typed)
    return done.exit_code, done.output


@pytest.mark.parametrize("act", ["suspend", "demote"])
def test_adm_04_the_last_administrator_stays(site: GatehouseTester, act: str) -> None:
    site.add_user("chief", admin=True)
    site.add_user("other", admin=True)
    assert command(site, "suspend", "other")[0] == 0
    before = snapshot(site)
    status, said = command(site, act, "chief")
    assert status == 1
    assert "last active administrator" in said
    assert snapshot(site) == before
    assert command(site, "restore", "other")[0] == 0
    assert command(site, act, "chief")[0] == 0


@pytest.mark.parametrize("act", [users.suspend, users.unmake_administrator])
def test_adm_04_two_administrators_cannot_remove_each_other_at_once(
    site: GatehouseTester, act: Any
) -> None:
    names = ["chief1", "chief2", "chief3", "chief4"]
    for name in names:
        site.add_user(name, admin=True)
    start = threading.Barrier(len(names))

    def remove(name: str) -> None:
        start.wait()
        try:
            with site.work() as work:
                act(work, user=users.named(work.db, name))
        except Exception:  # noqa: BLE001, S110 - refused, or told to try again; the rows are what counts
            pass

    together(remove, names)
    left = [user for user in rows(site, User) if user.is_admin and user.active]
    assert left, "nobody administers the site any more"


def together(act: Any, values: list[Any]) -> None:
    threads = [threading.Thread(target=act, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_adm_04_the_set_up_page_never_opens_again(site: GatehouseTester) -> None:
    path = setup_link(site)
    assert site.client().get(path).status_code == 200
    fields = {"username": "chief", "email": "", "password": PASSWORD}
    assert forms.send(site.client(), path, **fields).status_code == 303
    assert site.client().get(path).status_code == 404

    # Not even when nobody is left.
    with engine_of(site.app).begin() as connection:
        for table in ("session", "identifier", "password", "user"):
            connection.exec_driver_sql(f"DELETE FROM gatehouse_{table}")  # noqa: S608 - our own names
    assert count(site, User) == 0
    assert site.client().get(path).status_code == 404
    client = site.client()
    token = forms.token(client.get("/login/"))
    page = client.post(path, data={**fields, "csrf_token": token})
    assert page.status_code == 404
    with site.work() as work:
        assert users.open_setup(work) is None
    assert "Nobody has an account" not in site.client().get("/").text
    # The command line is the way back.
    assert command(site, "create", "chief", "--admin", "--password-stdin", typed=PASSWORD)[0] == 0


def test_adm_04_an_account_made_by_command_closes_the_page(site: GatehouseTester) -> None:
    path = setup_link(site)
    assert command(site, "create", "member", "--password-stdin", typed=PASSWORD)[0] == 0
    assert site.client().get(path).status_code == 404


def test_adm_05_of_many_at_once_one_makes_the_first_administrator(site: GatehouseTester) -> None:
    path = setup_link(site)
    ready = []
    for number in range(12):
        client = site.client()
        ready.append((client, forms.token(client.get(path)), f"chief{number:02}"))
    start = threading.Barrier(len(ready))
    statuses: list[int] = []

    def send(one: tuple[Any, str, str]) -> None:
        client, token, name = one
        start.wait()
        data = {"csrf_token": token, "username": name, "password": PASSWORD}
        statuses.append(client.post(path, data=data).status_code)

    together(send, ready)
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 404, 503}
    assert len([user for user in rows(site, User) if user.is_admin]) == 1
    assert count(site, User) == 1


def test_adm_05_without_the_link_there_is_no_such_page(site: GatehouseTester) -> None:
    good = setup_link(site).split("/")[2]
    newest = setup_link(site).split("/")[2]
    before = snapshot(site)
    client = site.client()
    token = forms.token(client.get("/login/"))
    fields = {"csrf_token": token, "username": "mallory", "email": "", "password": PASSWORD}
    for value in (good, newest[:-1], newest.swapcase(), "A" * 43, "x", "None", "null", "%00", " "):
        assert client.get(f"/setup/{value}/").status_code == 404, value
        assert client.post(f"/setup/{value}/", data=fields).status_code == 404, value
    assert snapshot(site) == before
    (state,) = rows(site, Administration)
    assert state.setup_digest is not None
    assert newest not in repr(snapshot(site))
    assert client.post(f"/setup/{newest}/", data=fields).status_code == 303


def test_adm_05_before_the_link_is_made_nothing_is_open(site: GatehouseTester) -> None:
    client = site.client()
    token = forms.token(client.get("/login/"))
    for value in ("", "x", "A" * 43, "None"):
        data = {"csrf_token": token, "username": "mallory", "password": PASSWORD}
        page = client.post(f"/setup/{value}/", data=data)
        assert page.status_code in {404, 405}
    assert count(site, User) == 0


#: What other products took from a request in place of the proof.
CLAIMS = {
    "user_id": "",
    "username": "chief",
    "user": "chief",
    "account": "chief",
    "as": "chief",
    "is_admin": "1",
    "admin": "true",
    "role": "administrator",
    "_user_id": "",
    "tenant": "1",
    "api_username": "chief",
    "impersonate": "chief",
}


def test_adm_11_nothing_that_is_sent_changes_who_somebody_is(patient: GatehouseTester) -> None:
    kinds = people(patient)
    with patient.work() as work:
        chief = str(users.named(work.db, "chief").id)
    claims = {name: value or chief for name, value in CLAIMS.items()}
    headers = {f"X-{name.replace('_', '-')}": value for name, value in claims.items()}
    for kind in ("anonymous", "member", "suspended", "remembered"):
        client = kinds[kind]
        for name, value in claims.items():
            client.set_cookie(name, value)
        for route in routes(patient.app):
            plain = outcome(ask(client, route.path))
            page = ask(client, route.path, query_string=claims, headers=headers)
            assert outcome(page) == plain, (kind, route.path)
        seen = client.get("/account/", query_string=claims, headers=headers)
        assert ">chief<" not in seen.text
        assert who(client) == ("nobody" if kind in {"anonymous", "suspended"} else "member")


SPELLINGS = (
    "/ADMIN/people/",
    "/Admin/People/",
    "//admin/people/",
    "/admin//people/",
    "/admin/./people/",
    "/admin/../admin/people/",
    "/x/../admin/people/",
    "/admin/people",
    "/admin/people//",
    "/admin/people/.",
    "/admin/people/..;/",
    "/admin;/people/",
    "/admin/people/;x=y",
    "/admin/people/%20",
    "/admin/people/\0",
    "/admin/people.json",
    "/admin/people/.html",
    "/admin\\people\\",
    "/admin/people/#",
    "/static/../admin/people/",
    "/gatehouse/static/../../admin/people/",
    "/login/../admin/people/",
    "/./admin/people/",
    "/admin/people\t",
    "/\uff41dmin/people/",
)


def test_adm_13_no_spelling_of_a_path_is_a_way_around(patient: GatehouseTester) -> None:
    kinds = people(patient)
    for path in SPELLINGS:
        raw = path.encode().decode("latin-1")
        for kind in ("anonymous", "member", "remembered"):
            client = kinds[kind]
            page = ask(client, "/", environ_overrides={"PATH_INFO": raw})
            for _ in range(3):
                if not page.location:
                    break
                page = ask(client, page.location)
            assert "chief" not in page.text, (kind, path)
            assert page.status_code in {403, 404} or page.request.path == "/login/", (kind, path)


RIGHTS = {
    "is_admin": "1",
    "admin": "1",
    "role": "administrator",
    "active": "1",
    "email": "other@example.org",
    "email_verified": "1",
    "mfa_enabled": "1",
    "impersonated_by": "1",
    "user_id": "1",
    "epoch": "99",
    "encoded": "$argon2id$",
    "deactivated_at": "",
}


def test_adm_02_no_page_of_ones_own_takes_along_rights(site: GatehouseTester) -> None:
    site.add_user("root", admin=True)
    site.add_user("alice", email="alice@example.org")
    client = site.client()
    forms.sign_in(client, "alice")
    for page, to, wanted in (
        ("/account/name/", "/account/name/change/", {"username": "alicia"}),
        ("/account/addresses/", "/account/addresses/add/", {"email": "new@example.org"}),
        (
            "/account/password/",
            "/account/password/",
            {"current": PASSWORD, "new": "eleven calm badgers"},
        ),
    ):
        sent = {"csrf_token": forms.token(client.get(page)), **RIGHTS, **wanted}
        done = client.post(f"{to}?is_admin=1", data=sent)
        assert done.status_code == 303, (to, done.status_code)
    with site.work() as work, work.reading() as db:
        alice = users.named(db, "alicia")
        assert (alice.is_admin, alice.active, alice.email) == (False, True, "alice@example.org")
        assert alice.epoch < int(RIGHTS["epoch"])
        assert users.find(db, "other@example.org") is None
    assert client.get("/admin/people/").status_code == 403
