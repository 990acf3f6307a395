"""Authenticator apps: set up by a code, and each code good once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.base import new_id
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.throttling.service import Throttled
from flask_gatehouse.features.totp import drawing, examinations, service
from flask_gatehouse.features.totp.errors import NotOffered, SetUpOver, WrongCode
from flask_gatehouse.features.totp.models import Totp, TotpSetUp
from flask_gatehouse.features.totp.purging import purge
from flask_gatehouse.features.totp.resealing import Resealing
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.totp import apps
from tests.features.totp.apps import accepted, begin, finish, prove, shown, with_app

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_TOTP_PER_PERSON="1000/1h"))
    site.add_user("alice", email="alice@example.org")
    return site


@pytest.fixture
def file_site(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(sqlite_url))
    site.add_user("alice")
    return site


def rows(site: GatehouseTester, model: Any) -> list[Any]:
    with site.work() as work:
        return list(work.db.scalars(select(model)))


def works_of(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"].works


def test_an_app_is_added_by_a_code_and_proves_its_owner(site: GatehouseTester) -> None:
    added = finish(site, setup := begin(site, called="Phone"))
    assert (added.factor.method, added.factor.name, added.first) == ("totp", "Phone", True)
    assert rows(site, TotpSetUp) == []
    site.clock.move(timedelta(minutes=1))
    assert prove(site, shown(site, setup.seed)) == "totp"
    (factor,) = [row for row in rows(site, Factor) if row.method == "totp"]
    assert factor.last_used_at == site.clock.now()


def test_asvs_6_5_1_a_code_is_good_once_in_whatever_spelling(site: GatehouseTester) -> None:
    seed = with_app(site)
    code = shown(site, seed)
    assert accepted(site, f"{code[:3]} {code[3:]}")
    for again in (code, f" {code} ", f"{code[:3]}-{code[3:]}", "-".join(code)):
        assert not accepted(site, again)
    site.clock.move(timedelta(seconds=30))
    assert not accepted(site, code)
    assert accepted(site, shown(site, seed))


def test_asvs_6_5_1_the_code_that_confirmed_the_app_is_used_up(site: GatehouseTester) -> None:
    setup = begin(site)
    code = shown(site, setup.seed)
    finish(site, setup, code=code)
    assert not accepted(site, code)


def test_a_code_of_before_one_that_was_taken_is_void(site: GatehouseTester) -> None:
    seed = with_app(site)
    former = shown(site, seed, seconds=-30)
    assert accepted(site, shown(site, seed))
    assert not accepted(site, former)


def test_asvs_6_5_5_codes_live_for_a_minute_at_most(file_site: GatehouseTester) -> None:
    seed = with_app(file_site)
    assert not accepted(file_site, shown(file_site, seed, seconds=-60))
    assert not accepted(file_site, shown(file_site, seed, seconds=30))
    assert accepted(file_site, shown(file_site, seed, seconds=-30))
    assert accepted(file_site, shown(file_site, seed))


def test_asvs_6_5_5_the_strict_profile_takes_no_former_code(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PROFILE="asvs-l2"))
    site.add_user("alice")
    seed = with_app(site)
    assert not accepted(site, shown(site, seed, seconds=-30))
    assert accepted(site, shown(site, seed))


def test_asvs_6_5_1_of_sixteen_at_once_one_is_let_through(site: GatehouseTester) -> None:
    seed = with_app(site)
    code = shown(site, seed)
    spellings = [code, f" {code}", f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}"]
    gate = Barrier(16)

    def go(n: int) -> bool:
        gate.wait(timeout=60)
        return accepted(site, spellings[n % 4])

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(go, range(16))) == {True: 1, False: 15}


def test_of_eight_that_finish_one_set_up_one_adds_an_app(site: GatehouseTester) -> None:
    setup = begin(site)
    code = shown(site, setup.seed)
    gate = Barrier(8)

    def go(_: int) -> bool:
        gate.wait(timeout=60)
        try:
            finish(site, setup, code=code)
        except SetUpOver:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(go, range(8))) == {True: 1, False: 7}
    assert len(rows(site, Totp)) == 1


def test_each_of_several_apps_is_good(site: GatehouseTester) -> None:
    phone, tablet = with_app(site, called="Phone"), with_app(site, called="Tablet")
    assert accepted(site, shown(site, tablet))
    assert accepted(site, shown(site, phone))
    assert not accepted(site, shown(site, phone))
    used = {row.name: row.last_used_at for row in rows(site, Factor) if row.method == "totp"}
    assert set(used.values()) == {site.clock.now()}
    assert used.keys() == {"Phone", "Tablet"}


def test_mfa_08_an_app_of_somebody_else_proves_nothing(site: GatehouseTester) -> None:
    site.add_user("mallory")
    seed = with_app(site, "mallory")
    with_app(site)
    assert not accepted(site, shown(site, seed))
    assert accepted(site, shown(site, seed), "mallory")


def test_mfa_05_set_ups_that_are_left_change_nothing(site: GatehouseTester) -> None:
    seed = with_app(site)
    one, other = begin(site), begin(site, bound_to="another-sign-in")
    assert len({seed, one.seed, other.seed}) == 3
    for unfinished in (one, other):
        assert not accepted(site, shown(site, unfinished.seed))
    assert accepted(site, shown(site, seed))
    assert len(rows(site, Totp)) == 1


def test_mfa_12_a_set_up_stays_one_whatever_else_is_proven(site: GatehouseTester) -> None:
    seed, setup = with_app(site), begin(site)
    assert accepted(site, shown(site, seed))
    assert [row.public_id for row in rows(site, TotpSetUp)] == [setup.public_id]
    assert not accepted(site, shown(site, setup.seed))


def test_a_set_up_begun_anew_voids_the_one_before_in_the_same_sign_in(
    site: GatehouseTester,
) -> None:
    first, second = begin(site), begin(site)
    with pytest.raises(SetUpOver):
        finish(site, first)
    assert finish(site, second).factor.method == "totp"


def test_a_set_up_is_finished_only_where_it_was_begun(site: GatehouseTester) -> None:
    site.add_user("mallory")
    setup = begin(site)
    with pytest.raises(SetUpOver):
        finish(site, setup, bound_to="another-sign-in")
    with pytest.raises(SetUpOver):
        finish(site, setup, "mallory")
    assert finish(site, setup).first


def test_a_wrong_code_leaves_the_set_up_to_be_tried_again(site: GatehouseTester) -> None:
    setup = begin(site)
    for wrong in ("", "null", shown(site, setup.seed, seconds=90), "١٢٣٤٥٦"):
        with pytest.raises(WrongCode):
            finish(site, setup, code=wrong or " ")
    with site.work() as work:
        user = users.named(work.db, "alice")
        again = service.look(work, user=user, bound_to=apps.HERE, public_id=setup.public_id)
    assert again == setup
    assert str(setup.seed) not in repr(setup)
    assert finish(site, setup).first


def test_a_set_up_is_over_after_ten_minutes_and_is_cleared_away(site: GatehouseTester) -> None:
    setup = begin(site)
    site.clock.move(TEN_MINUTES)
    with pytest.raises(SetUpOver):
        finish(site, setup)
    assert not purge(works_of(site).house).do(works_of(site))
    assert rows(site, TotpSetUp) == []


def test_set_ups_and_tries_of_one_account_are_counted(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_TOTP_PER_PERSON="5/1h"))
    site.add_user("alice")
    setup = begin(site)
    for _ in range(4):
        with pytest.raises(WrongCode):
            finish(site, setup, code="12345")
    with pytest.raises(Throttled):
        finish(site, setup)


def test_mfa_10_seeds_lie_sealed_and_open_nowhere_else(site: GatehouseTester) -> None:
    site.add_user("mallory")
    hers, his = with_app(site), with_app(site, "mallory")
    kept = {row.factor_id: row.seed for row in rows(site, Totp)}
    for seed in (hers, his):
        assert not any(seed.hex() in each or str(seed) in each for each in kept.values())
    one, other = kept
    with site.work() as work:
        for factor_id, seed in ((one, kept[other]), (other, kept[one])):
            swap = update(Totp).where(Totp.factor_id == factor_id).values(seed=seed)
            work.db.execute(swap)
    for seed in (hers, his):
        for name in ("alice", "mallory"):
            assert not accepted(site, shown(site, seed), name)


def test_mfa_10_a_factor_given_to_somebody_else_proves_nothing(site: GatehouseTester) -> None:
    site.add_user("mallory")
    seed = with_app(site, "mallory")
    with site.work() as work:
        alice = users.named(work.db, "alice").id
        work.db.execute(update(Factor).where(Factor.method == "totp").values(user_id=alice))
    assert not accepted(site, shown(site, seed))


def test_what_cannot_be_opened_refuses_and_leaves_other_apps_good(site: GatehouseTester) -> None:
    broken, good = with_app(site, called="Phone"), with_app(site, called="Tablet")
    with site.work() as work:
        phone = select(Factor.id).where(Factor.name == "Phone")
        spoil = update(Totp).where(Totp.factor_id.in_(phone)).values(seed="1.00000000.AAAA")
        work.db.execute(spoil.execution_options(synchronize_session=False))
    assert not accepted(site, shown(site, broken))
    assert accepted(site, shown(site, good))


def test_taking_a_factor_away_takes_its_seed(site: GatehouseTester) -> None:
    seed = with_app(site)
    with site.work() as work:
        for factor in mfa.of(work.db, user_id=users.named(work.db, "alice").id):
            work.db.delete(factor)
    assert rows(site, Totp) == []
    with pytest.raises(WrongFactor):
        prove(site, shown(site, seed))


# A change of keys


def moved(make_site: MakeSite, url: str, *, secret: str, former: str) -> GatehouseTester:
    """Return the site on the same database, with another secret key."""
    return GatehouseTester(
        make_site(url, GATEHOUSE_SECRET_KEY=secret, GATEHOUSE_SECRET_KEY_FALLBACKS=former)
    )


def told(site: GatehouseTester) -> list[str]:
    return [finding.what for finding in examinations.keys(works_of(site))]


OLD, NEW = "kQ3vZp0XyT7wLr9NdS2bFh6mJc8uGa4e", "w8BtYx1HnR5zKq7VfC3gPj9sMd2eUa6L"


def test_after_a_change_of_keys_seeds_are_sealed_anew(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=OLD))
    site.add_user("alice")
    seed, other = with_app(site, called="Phone"), with_app(site, called="Tablet")
    assert told(site) == []
    site = moved(make_site, database_url, secret=NEW, former=OLD)
    site.clock.move(timedelta(minutes=5))
    assert accepted(site, shown(site, seed))
    assert "2 seed(s)" in told(site)[0]
    assert "former" in told(site)[0]
    assert not Resealing().do(works_of(site))
    assert told(site) == []
    site = moved(make_site, database_url, secret=NEW, former="")
    site.clock.move(timedelta(minutes=10))
    assert accepted(site, shown(site, seed))
    assert accepted(site, shown(site, other))


def test_a_key_that_is_gone_refuses_and_doctor_tells(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=OLD))
    site.add_user("alice")
    seed = with_app(site)
    site = moved(make_site, database_url, secret=NEW, former="")
    site.clock.move(timedelta(minutes=5))
    assert not accepted(site, shown(site, seed))
    assert not Resealing().do(works_of(site))
    assert "1 seed(s) of authenticator apps are sealed with a key that is not in force." in told(
        site
    )


# Without the extra


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let Python find neither package."""
    import importlib.util  # noqa: PLC0415 - what is patched is Python's own

    find = importlib.util.find_spec

    def none(name: str, package: str | None = None) -> Any:
        return None if name in {"cryptography", "segno"} else find(name, package)

    monkeypatch.setattr("flask_gatehouse.core.sealing.find_spec", none)
    monkeypatch.setattr("flask_gatehouse.features.totp.drawing.find_spec", none)
    return monkeypatch


def test_without_the_extra_nothing_is_offered_and_what_is_there_refuses(
    file_site: GatehouseTester, request: pytest.FixtureRequest
) -> None:
    seed = with_app(file_site)
    assert service.is_offered(works_of(file_site).house)
    assert list(examinations.extras(works_of(file_site))) == []
    request.getfixturevalue("without")
    assert not drawing.is_possible()
    assert not service.is_offered(works_of(file_site).house)
    with pytest.raises(NotOffered):
        begin(file_site)
    assert not accepted(file_site, shown(file_site, seed))
    (finding,) = examinations.extras(works_of(file_site))
    assert "flask-gatehouse[totp]" in finding.mend


@pytest.mark.usefixtures("without")
def test_a_promise_without_the_extra_stops_the_start(make_site: MakeSite, sqlite_url: str) -> None:
    make_site(sqlite_url)
    make_site(sqlite_url, GATEHOUSE_TOTP_ENABLED=False)
    with pytest.raises(Misconfigured, match=r"flask-gatehouse\[totp\]"):
        make_site(sqlite_url, GATEHOUSE_TOTP_ENABLED=True)


def test_switched_off_nothing_new_is_offered_and_what_is_there_stays_good(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SECRET_KEY=OLD))
    site.add_user("alice")
    seed = with_app(site)
    site = GatehouseTester(
        make_site(sqlite_url, GATEHOUSE_SECRET_KEY=OLD, GATEHOUSE_TOTP_ENABLED=False)
    )
    site.clock.move(timedelta(minutes=5))
    with pytest.raises(NotOffered):
        begin(site)
    assert accepted(site, shown(site, seed))


def test_asvs_6_5_8_only_the_clock_of_the_server_counts(file_site: GatehouseTester) -> None:
    seed = with_app(file_site)
    later = shown(file_site, seed, seconds=600)
    origin = Origin(channel="web", agent="Date: in ten minutes", request_id=str(new_id()))
    user_id = rows(file_site, Factor)[0].user_id
    with works_of(file_site).begin(origin) as work, pytest.raises(WrongFactor):
        service.prove(work, user_id=user_id, code=later)
