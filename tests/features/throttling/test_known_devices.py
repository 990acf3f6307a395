"""Whatever strangers try, the owner of an account gets in where they signed in before."""

import threading
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.features.throttling.conftest import MakeCounting
from tests.forms import cookie, sign_in, token

WRONG = "nine loud kettles"
HERE = "192.0.2.1"
DEVICE = "gatehouse_device"


def at(site: GatehouseTester, address: str = HERE, device: str | None = None) -> FlaskClient:
    """Return a browser at an address, with the cookie of a device if one is given."""
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = address
    if device is not None:
        client.set_cookie(DEVICE, device)
    return client


def statuses(site: GatehouseTester, name: str, addresses: Sequence[str]) -> Tally[int]:
    return Tally(sign_in(at(site, each), name, WRONG).status_code for each in addresses)


def known_device(site: GatehouseTester, name: str = "alice", address: str = HERE) -> str:
    """Sign in once and return the cookie by which the browser is known from then on."""
    client = at(site, address)
    assert sign_in(client, name).status_code == 303
    value = cookie(client, DEVICE)
    assert value is not None
    return value


def everywhere(count: int) -> list[str]:
    return [f"198.51.100.{n}" for n in range(count)]


def test_two_hundred_guesses_at_once_from_everywhere_are_counted_one_by_one(
    make_counting: MakeCounting,
) -> None:
    site = make_counting()
    site.add_user("alice")
    device = known_device(site)
    pool = site.app.extensions["gatehouse"].house.part(Hashes).pool
    before = pool.hashes_done
    form = {"username": "alice", "password": WRONG}
    clients = [at(site, address) for address in everywhere(200)]
    tokens = [token(client.get("/login/")) for client in clients]
    gate = threading.Barrier(200)

    def guess(n: int) -> int:
        gate.wait(timeout=60)
        return clients[n].post("/login/", data={"csrf_token": tokens[n], **form}).status_code

    with ThreadPoolExecutor(200) as threads:
        answers = Tally(threads.map(guess, range(200)))

    assert answers == {401: 30, 429: 170}
    assert pool.hashes_done - before == 30
    assert sign_in(at(site, device=device)).status_code == 303


def test_a_name_is_limited_over_all_networks_and_its_owner_gets_in_from_a_known_browser(
    make_counting: MakeCounting,
) -> None:
    site = make_counting()
    site.add_user("alice", email="alice@example.org")
    device = known_device(site)
    assert statuses(site, "alice", everywhere(40)) == {401: 30, 429: 10}
    assert sign_in(at(site, "203.0.113.5")).status_code == 429
    assert sign_in(at(site, "203.0.113.5", device)).status_code == 303
    assert sign_in(at(site, "203.0.113.5", device), "alice@example.org").status_code == 303


def test_the_owner_gets_in_beside_an_attacker_in_the_same_network(
    make_counting: MakeCounting,
) -> None:
    site = make_counting(GATEHOUSE_THROTTLING_NETWORK="12/10m")
    site.add_user("alice")
    device = known_device(site)
    statuses(site, "alice", [HERE] * 12)
    assert sign_in(at(site)).status_code == 429
    assert sign_in(at(site, device=device)).status_code == 303


def test_a_known_browser_has_a_limit_of_its_own(make_counting: MakeCounting) -> None:
    site = make_counting()
    site.add_user("alice")
    device = known_device(site)
    tried = [sign_in(at(site, f"203.0.113.{n}", device), "alice", WRONG) for n in range(11)]
    assert [page.status_code for page in tried] == [401] * 10 + [429]
    assert "browser in which you signed in before" not in tried[-1].text
    assert sign_in(at(site, device=device)).status_code == 429
    # The thief of a cookie keeps nobody out either.
    assert sign_in(at(site)).status_code == 303


def test_success_in_a_known_browser_begins_anew_there_and_nowhere_else(
    make_counting: MakeCounting,
) -> None:
    site = make_counting()
    site.add_user("alice")
    device = known_device(site)
    statuses(site, "alice", everywhere(30))
    for _ in range(2):
        for _ in range(9):
            assert sign_in(at(site, device=device), "alice", WRONG).status_code == 401
        assert sign_in(at(site, device=device)).status_code == 303
    assert sign_in(at(site, "203.0.113.9")).status_code == 429


def test_signing_in_uses_up_nothing_of_what_may_fail(make_counting: MakeCounting) -> None:
    """Also for somebody whose browser keeps no cookies."""
    site = make_counting(GATEHOUSE_THROTTLING_ACCOUNT="3/1h")
    site.add_user("alice")
    assert [sign_in(at(site)).status_code for _ in range(6)] == [303] * 6
    assert statuses(site, "alice", everywhere(4)) == {401: 3, 429: 1}


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site, on which a name in browsers that are not known may fail twice."""
    site = GatehouseTester(make_site(database_url, GATEHOUSE_THROTTLING_ACCOUNT="2/1h"))
    site.add_user("alice", email="alice@example.org")
    site.add_user("mallory")
    return site


def is_known(site: GatehouseTester, device: str, name: str = "alice") -> bool:
    """Whether the cookie spares somebody the limit that strangers have used up."""
    statuses(site, name, everywhere(3))
    answer = sign_in(at(site, "203.0.113.7", device), name).status_code
    assert answer in {303, 429}
    return answer == 303


def test_the_cookie_of_another_account_is_worth_nothing(site: GatehouseTester) -> None:
    assert not is_known(site, known_device(site, "mallory"))


def flipped(text: str, at: int) -> str:
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "a letter of the MAC": lambda mine, _: flipped(mine, -1),
    "a letter of the key": lambda mine, _: flipped(mine, 6),
    "the account": lambda mine, id_: ".".join([*mine.split(".")[:3], id_, *mine.split(".")[4:]]),
    "the epoch": lambda mine, _: mine.replace(".2.", ".3."),
    "cut off": lambda mine, _: mine[:-8],
    "another purpose": lambda mine, _: mine.replace("gh1d", "gh1s"),
    "nothing": lambda _, __: "",
    "no mark": lambda _, __: "~~....~" * 20,
    "too long": lambda mine, _: "x~" * 600 + mine,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_cookie_is_worth_nothing_and_breaks_nothing(
    site: GatehouseTester, forgery: str
) -> None:
    with site.work() as work:
        alice = users.named(work.db, "alice").id.hex
    assert not is_known(site, FORGERIES[forgery](known_device(site, "mallory"), alice))
    if forgery != "the account":
        site.clock.move(timedelta(hours=2))
        assert not is_known(site, FORGERIES[forgery](known_device(site), alice))


def test_a_new_password_makes_every_device_unknown(site: GatehouseTester) -> None:
    device = known_device(site)
    with site.work() as work:
        users.end_everything(work, user_id=users.named(work.db, "alice").id)
    assert not is_known(site, device)


def test_after_half_a_year_a_device_is_forgotten(site: GatehouseTester) -> None:
    device = known_device(site)
    site.clock.move(timedelta(days=180) - timedelta(hours=2))
    assert is_known(site, device)
    site.clock.move(timedelta(hours=2))
    assert not is_known(site, device)


def test_a_family_shares_a_browser_and_each_is_known_in_it(site: GatehouseTester) -> None:
    client = at(site)
    for name in ("alice", "mallory"):
        assert sign_in(client, name).status_code == 303
        client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
    device = str(cookie(client, DEVICE))
    assert is_known(site, device, "alice")
    assert is_known(site, device, "mallory")


def set_cookie(page: TestResponse, name: str) -> str:
    (line,) = [each for each in page.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
    return line


def test_the_cookie_is_for_the_server_only(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PUBLIC_URL="https://ours.example"))
    site.add_user("alice")
    base = {"base_url": "https://ours.example"}
    client = site.client()
    data = {"username": "alice", "password": PASSWORD}
    page = client.post(
        "/login/", data={**data, "csrf_token": token(client.get("/login/", **base))}, **base
    )
    line = set_cookie(page, "__Host-gatehouse-device")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"):
        assert part in line
    assert "Domain" not in line
    assert "alice" not in line


def test_a_refused_sign_in_makes_nothing_known(site: GatehouseTester) -> None:
    page = sign_in(at(site), "alice", WRONG)
    assert DEVICE not in str(page.headers)
