"""Who may enter what: said once, where a page is declared, and walked with every kind of person.

What each kind of person gets follows from `Route.access`, `Route.needs` and `Route.methods`. What
is written down here is only what a page says on top of that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.feature import Route
from flask_gatehouse.features.invitations import service as invitations
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.mfa.models import Factor, TrustedDevice
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users.models import User
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.web.access import MARK, NEEDS
from tests import forms
from tests.conftest import MakeSite
from tests.features.totp.apps import with_app
from tests.security.walk import (
    KINDS,
    OPENED,
    UNLIMITED,
    ask,
    people,
    remembering,
    rows,
    snapshot,
)
from tests.security.walk import Route as Address
from tests.security.walk import routes as addresses

LOGIN, CONFIRM, FORBIDDEN = "sent to sign in", "asked who they are", "forbidden"
SHOWN, ON, NONE, NO_METHOD = "shown", "sent on", "not there", "no such method"

#: What nobody but somebody else gets: the guard said no.
REFUSED: Final = frozenset({LOGIN, CONFIRM, FORBIDDEN})

EVERY: Final = "everything"
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Kind:
    """A kind of person, as the guards see them."""

    client: FlaskClient
    signed_in: bool = False
    fresh: bool = False
    #: A permission, or everything.
    may: str | None = None
    pending: bool = False


#: Kinds of people that come with a feature: its name to a function that makes one, if it is there.
OF_FEATURES: dict[str, Callable[[GatehouseTester], Kind]] = {}


#: Everything that features let somebody do in the console.
PERMISSIONS = tuple(name for feature in FEATURES for name in feature.permissions)

#: Those who have a walk of their own: the people, whoever is at the second step, whoever has one
#: permission, and those that come with a feature.
WALKERS = (*KINDS, "pending", *PERMISSIONS, "of features")


def kinds_of(tester: GatehouseTester, walker: str) -> Iterator[tuple[str, Kind]]:
    """Yield the kinds of person of one walk."""
    found = people(tester)
    signed_in = {
        "member": Kind(found["member"], signed_in=True, fresh=True),
        "remembered": Kind(found["remembered"], signed_in=True),
        "administrator": Kind(found["administrator"], signed_in=True, fresh=True, may=EVERY),
        "remembered administrator": Kind(
            found["remembered administrator"], signed_in=True, may=EVERY
        ),
    }
    if walker in found:
        yield walker, signed_in.get(walker) or Kind(found[walker])
    elif walker == "pending":
        tester.add_user("halfway")
        with_app(tester, "halfway")
        client = tester.client()
        assert forms.sign_in(client, "halfway").location == "/second-step/"
        yield "pending", Kind(client, pending=True)
    elif walker == "of features":
        here = {feature.name for feature in FEATURES}
        yield from ((name, make(tester)) for name, make in OF_FEATURES.items() if name in here)
    else:
        yield from with_permission(tester, walker)


def with_permission(tester: GatehouseTester, name: str) -> Iterator[tuple[str, Kind]]:
    """Yield somebody with one permission, fresh and remembered."""
    spelled = name.replace(".", "-").replace("_", "-")
    user = tester.add_user(f"only-{spelled}", password=None)
    with tester.work() as work:
        roles.make(work, name=f"only-{spelled}", permissions=(name,))
        roles.grant(work, user=user, role=f"only-{spelled}")
    yield f"only {name}", Kind(tester.client(user), signed_in=True, fresh=True, may=name)
    yield f"remembered, only {name}", Kind(remembering(tester, user), signed_in=True, may=name)


def declared() -> dict[str, Route]:
    """Return every page of ours by its endpoint."""
    return {
        f"gatehouse.{feature.name}.{route.endpoint}": route
        for feature in FEATURES
        for route in feature.routes
    }


def refusal(route: Route, kind: Kind) -> str | None:
    """Return how the guard of a page turns a kind of person away; None if it lets them in."""
    if route.access == "public":
        return None
    if route.access == "pending":
        return None if kind.pending else LOGIN
    if not kind.signed_in:
        return LOGIN
    if route.needs is not None and kind.may not in {EVERY, route.needs}:
        return FORBIDDEN
    # Nobody enters the console by being remembered.
    wants_proof = route.needs is not None or route.access in {"fresh", "enrolling"}
    if wants_proof and not kind.fresh:
        return CONFIRM
    # Nobody here has proven two: they are led to where one can be set up.
    return ON if route.two_factors else None


def outcome(page: TestResponse) -> str:
    """Say what an answer means for who may enter."""
    where = str(page.location or "").partition("?")[0]
    if page.status_code in {302, 303, 307, 308}:
        return {"/login/": LOGIN, "/confirm/": CONFIRM}.get(where, ON)
    known = {200: SHOWN, 403: FORBIDDEN, 404: NONE, 405: NO_METHOD, 409: NONE}
    return known.get(page.status_code, str(page.status))


#: An address, the page that is there, and how its guard turns somebody away, if it does.
Step = tuple[Address, Route, str | None]


@pytest.mark.parametrize("walker", WALKERS)
def test_asvs_8_2_1_every_address_lets_in_whom_its_declaration_says(
    patient: GatehouseTester, walker: str
) -> None:
    permissions = patient.app.extensions["gatehouse"].house.part(Permissions)
    assert {name for name, _ in permissions.items()} == set(PERMISSIONS)
    pages = declared()
    walked = [each for each in addresses(patient.app) if each.endpoint in pages]
    assert {each.endpoint for each in walked} == set(pages)
    for named, kind in kinds_of(patient, walker):
        steps = [
            (each, pages[each.endpoint], refusal(pages[each.endpoint], kind)) for each in walked
        ]
        if kind.may not in {None, EVERY}:
            # On all other pages they are like everybody who is signed in.
            steps = [step for step in steps if step[1].needs is not None]
        token = token_of(kind.client)
        before = snapshot(patient)
        assert list(turned_away(kind, steps, token)) == [], named
        assert snapshot(patient) == before, named
        assert list(let_in(kind, steps, token)) == [], named


def turned_away(kind: Kind, steps: list[Step], token: str) -> Iterator[tuple[str, str, str]]:
    """Yield each answer to somebody whom a guard should turn away that is another one."""
    for address, route, expected in steps:
        for method in ALL_METHODS if expected is not None else ():
            if is_of_another_page(kind, address, method):
                continue
            answer = outcome(send(kind.client, address.path, method, token))
            right = expected if method in methods_of(route) else NO_METHOD
            if answer != (SHOWN if method == "OPTIONS" else right):
                yield method, address.path, answer


def let_in(kind: Kind, steps: list[Step], token: str) -> Iterator[tuple[str, str, str]]:
    """Yield each answer to somebody whom a guard should let in that is another one."""
    for address, route, expected in steps:
        if expected is not None:
            continue
        shows = "GET" in route.methods
        for method in ("GET", "HEAD"):
            if is_of_another_page(kind, address, method):
                continue
            answer = outcome(send(kind.client, address.path, method, token))
            if answer != (on_top(address.endpoint, route, kind) if shows else NO_METHOD):
                yield method, address.path, answer
        if route.needs is not None and "POST" in route.methods:
            answer = outcome(send(kind.client, address.path, "POST", token))
            if answer in REFUSED and address.endpoint not in ASKS_MORE:
                yield "POST", address.path, answer


def is_of_another_page(kind: Kind, address: Address, method: str) -> bool:
    """Whether an address, asked so, is the one of a page with a parameter, which is walked too."""
    router = kind.client.application.url_map.bind("localhost")
    try:
        endpoint, _ = router.match(address.path, method=method)
    except HTTPException:
        return False
    return bool(endpoint != address.endpoint)


def methods_of(route: Route) -> set[str]:
    return {*route.methods, "HEAD"} if "GET" in route.methods else set(route.methods)


def token_of(client: FlaskClient) -> str:
    """Return a good token for the forms of whoever this is."""
    page = client.get("/account/", follow_redirects=True)
    return forms.token(page)


def send(client: FlaskClient, path: str, method: str, token: str) -> TestResponse:
    sends = method not in {"GET", "HEAD", "OPTIONS"}
    data = {"csrf_token": token, "name": "another name"} if sends else {}
    return ask(client, path, method, data=data)


#: What a page says to somebody whom its guard lets in, other than that it is shown.
ON_TOP: Final = {
    # Without a secret, or what else they are about, there is no such page.
    "gatehouse.mail.letter": NONE,
    "gatehouse.passwords.invitation": NONE,
    "gatehouse.setup.first_administrator": NONE,
    "gatehouse.recovery.new": NONE,
    "gatehouse.registration.by_link": NONE,
    "gatehouse.leaving.undo": NONE,
    "gatehouse.addresses.confirm": NONE,
    "gatehouse.addresses.undo": NONE,
    "gatehouse.passkeys.related": NONE,
    "gatehouse.doctor.reflect": NONE,
    "gatehouse.metrics.show": NONE,
    # Nobody comes back who has not just proven who they are.
    "gatehouse.passwords.come_back": LOGIN,
    # To the step that is owed.
    "gatehouse.mfa.ask": ON,
}

#: The same where it depends on who asks: nobody who is signed in, or somebody.
BY_STANDING: Final = {
    "gatehouse.passwords.login": (SHOWN, ON),
    "gatehouse.passkeys.sign_in": (SHOWN, ON),
    "gatehouse.login_by_mail.ask": (SHOWN, ON),
    "gatehouse.login_by_mail.sent": (SHOWN, ON),
    "gatehouse.login_by_mail.by_link": (NONE, ON),
    "gatehouse.invitations.accept": (NONE, SHOWN),
}

#: Members invite nobody, unless a setting opens that.
ONLY_IF_OPENED: Final = {"gatehouse.invitations.own"}

#: What is asked for on top of the permission when something is sent.
ASKS_MORE: Final = {"gatehouse.invitations.resend", "gatehouse.invitations.revoke"}


def on_top(endpoint: str, route: Route, kind: Kind) -> str:
    """Return what a page says to somebody whom its guard lets in."""
    if endpoint in BY_STANDING:
        return BY_STANDING[endpoint][kind.signed_in]
    if endpoint in ONLY_IF_OPENED and kind.may != EVERY:
        return FORBIDDEN
    if endpoint in ON_TOP:
        return ON_TOP[endpoint]
    if "<" not in route.rule:
        return SHOWN
    # What a link opens takes the secret out of the address first; nothing else has such an id.
    return ON if route.access == "public" else NONE


def test_asvs_8_2_1_what_belongs_to_somebody_else_is_not_there(
    make_site: MakeSite, database_url: str
) -> None:
    # Where members invite, so that what stops somebody is whose it is.
    opened = {**UNLIMITED, **OPENED, "GATEHOUSE_INVITATIONS_BY": "members"}
    tester = GatehouseTester(make_site(database_url, **opened))
    owner = tester.add_user("keeper", email="keeper@example.org")
    with_app(tester, "keeper")
    for _ in range(2):
        tester.sign_in(tester.client(), owner, methods=("password", "totp"))
    trusted(tester, owner)
    invited(tester)
    ids = {
        *(each.public_id for each in rows(tester, Session)),
        *(each.public_id for each in rows(tester, Factor)),
        *(each.public_id for each in rows(tester, TrustedDevice)),
        *(each.public_id for each in rows(tester, Invited)),
        str(owner.id),
    }
    assert len(ids) >= 6
    client = tester.client(tester.add_user("mallory"))
    token = token_of(client)
    before = snapshot(tester)
    own = {name: route for name, route in declared().items() if is_of_ones_own(route)}
    assert own
    for value in sorted(ids):
        for address in addresses(tester.app, value):
            for method in methods_of(own[address.endpoint]) if address.endpoint in own else ():
                answer = send(client, address.path, method, token)
                assert answer.status_code == 404, (method, address.path, answer.status)
    assert snapshot(tester) == before


def is_of_ones_own(route: Route) -> bool:
    """Whether a page is about one thing of whoever is signed in."""
    return route.access in {"signed in", "fresh", "enrolling"} and "<" in route.rule


def trusted(tester: GatehouseTester, user: User) -> None:
    """Let somebody have a browser that is let off the second step."""
    with tester.work() as work:
        work.db.add(
            TrustedDevice(
                user_id=user.id,
                public_id="a-trusted-browser",
                epoch=1,
                digest=b"d" * 32,
                created_at=work.now,
                last_used_at=work.now,
                expires_at=work.now + timedelta(days=1),
            )
        )


def invited(tester: GatehouseTester) -> None:
    """Have somebody else invite somebody."""
    chief = tester.add_user("chief", admin=True)
    with tester.work() as work:
        invitations.send(
            work,
            inviter=chief,
            address="newbie@example.org",
            admin=False,
            link_of=lambda secret: f"https://example.org/{secret}",
        )


def test_a_permission_for_each_page_of_the_console_is_declared() -> None:
    known = {name for feature in FEATURES for name in feature.permissions}
    asked = {route.needs for route in declared().values() if route.needs is not None}
    assert asked <= known


def test_asvs_8_3_1_the_guard_of_a_page_is_the_one_that_it_declares(
    patient: GatehouseTester,
) -> None:
    for endpoint, route in declared().items():
        view = patient.app.view_functions[endpoint]
        assert getattr(view, MARK) == route.access
        assert getattr(view, NEEDS, (None,)) == (route.needs,)
