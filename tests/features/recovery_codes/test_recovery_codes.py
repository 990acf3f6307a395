"""Recovery codes: shown once, each good once, and void with the next set."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.recovery_codes import examinations, service
from flask_gatehouse.features.recovery_codes.errors import NothingToSpare
from flask_gatehouse.features.recovery_codes.models import RecoveryCode
from flask_gatehouse.features.throttling.service import Throttled
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.totp.apps import accepted as code_accepted
from tests.features.totp.apps import begin, finish, shown, whose, with_app

OLD, NEW = "kQ3vZp0XyT7wLr9NdS2bFh6mJc8uGa4e", "w8BtYx1HnR5zKq7VfC3gPj9sMd2eUa6L"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(database_url))
    site.add_user("alice", email="alice@example.org")
    return site


def with_codes(site: GatehouseTester, name: str = "alice") -> Sequence[str]:
    """Give somebody an app; return the codes that come with it."""
    return finish(site, begin(site, name), name).spare_codes


def renew(site: GatehouseTester, name: str = "alice") -> Sequence[str]:
    user = whose(site, name)
    with site.work() as work:
        return service.renew(work, user=user)


def accepted(site: GatehouseTester, code: str, name: str = "alice") -> bool:
    try:
        with site.work() as work:
            user_id = users.named(work.db, name).id
            return service.prove(work, user_id=user_id, code=code).method == "recovery_code"
    except WrongFactor:
        return False


def left(site: GatehouseTester, name: str = "alice") -> int | None:
    with site.work() as work:
        return service.left(work.house, work.db, user_id=users.named(work.db, name).id)


def rows(site: GatehouseTester, model: Any) -> list[Any]:
    with site.work() as work:
        return list(work.db.scalars(select(model)))


def works_of(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"].works


def letters(site: GatehouseTester) -> list[tuple[str, str]]:
    told = []
    for mail in site.mails():
        body = mail.get_body(("plain",))
        assert body is not None
        told.append((str(mail["Subject"]), body.get_content()))
    return told


def test_a_set_comes_with_the_first_factor_and_only_with_it(site: GatehouseTester) -> None:
    assert left(site) is None
    codes = with_codes(site)
    assert len(set(codes)) == 10
    assert left(site) == 10
    assert finish(site, begin(site)).spare_codes == ()
    assert left(site) == 10


def test_asvs_6_5_1_each_code_is_good_once_in_whatever_spelling(site: GatehouseTester) -> None:
    first, second, *_ = with_codes(site)
    assert accepted(site, first.lower().replace("-", " "))
    for again in (first, first.lower(), first.replace("-", "")):
        assert not accepted(site, again)
    assert left(site) == 9
    assert accepted(site, second.replace("0", "o").replace("1", "l"))
    assert left(site) == 8


def test_asvs_6_5_1_of_sixteen_at_once_one_is_let_through(site: GatehouseTester) -> None:
    code, *_ = with_codes(site)
    spellings = [code, code.lower(), code.replace("-", " "), code.replace("-", "")]
    gate = Barrier(16)

    def go(n: int) -> bool:
        gate.wait(timeout=60)
        return accepted(site, spellings[n % 4])

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(go, range(16))) == {True: 1, False: 15}
    assert left(site) == 9


def test_codes_of_somebody_else_are_worth_nothing(site: GatehouseTester) -> None:
    site.add_user("mallory")
    his, _ = with_codes(site, "mallory"), with_codes(site)
    assert not accepted(site, his[0])
    assert accepted(site, his[0], "mallory")


def test_whoever_has_no_set_has_no_code(site: GatehouseTester) -> None:
    for typed in ("", "null", "0" * 24, "000000"):
        assert not accepted(site, typed)


def test_a_new_set_voids_the_one_before(site: GatehouseTester) -> None:
    former = with_codes(site)
    assert accepted(site, former[0])
    codes = renew(site)
    assert left(site) == 10
    assert not any(accepted(site, code) for code in former)
    assert accepted(site, codes[0])
    assert len([row for row in rows(site, Factor) if row.method == "recovery_code"]) == 1


def test_sets_made_at_once_leave_one(site: GatehouseTester) -> None:
    with_codes(site)
    gate = Barrier(6)

    def go(_: int) -> Sequence[str]:
        gate.wait(timeout=60)
        return renew(site)

    with ThreadPoolExecutor(6) as pool:
        sets = list(pool.map(go, range(6)))
    assert left(site) == 10
    assert sum(accepted(site, codes[0]) for codes in sets) == 1


def test_asvs_6_5_2_of_a_code_only_a_keyed_hash_is_kept(site: GatehouseTester) -> None:
    codes = with_codes(site)
    kept = rows(site, RecoveryCode)
    assert {len(row.digest) for row in kept} == {32}
    stored = str([(row.digest, row.key_id) for row in kept])
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_a_set_is_made_only_beside_another_factor(site: GatehouseTester) -> None:
    with pytest.raises(NothingToSpare):
        renew(site)
    with_codes(site)
    with site.work() as work:
        for factor in mfa.of(work.db, user_id=users.named(work.db, "alice").id):
            if factor.method == "totp":
                work.db.delete(factor)
    with pytest.raises(NothingToSpare):
        renew(site)


def test_new_sets_are_counted(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_RECOVERY_CODES_PER_PERSON="2/1h"))
    site.add_user("alice")
    with_codes(site)
    renew(site)
    renew(site)
    with pytest.raises(Throttled):
        renew(site)
    assert left(site) == 10


def test_a_used_code_is_told_of_and_so_is_what_is_left(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url))
    site.add_user("alice", email="alice@example.org")
    codes = with_codes(site)
    for code in codes:
        assert accepted(site, code)
    told = [text for subject, text in letters(site) if "recovery code of your account" in subject]
    assert "You can still use 9 codes." in told[0]
    assert "soon" not in told[0]
    assert "You can still use 3 codes. That is few: make new ones" in told[6]
    assert "You can still use 1 code." in told[8]
    assert "It was the last one" in told[9]
    assert not any(code in str(letters(site)) for code in codes)
    facts = [row.facts for row in rows(site, AuditRow) if row.name == "recovery_codes.used"]
    assert sorted(fact["left"] for fact in facts) == list(range(10))
    assert left(site) == 0


def test_a_new_set_is_told_of_by_a_letter_without_a_code(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url))
    site.add_user("alice", email="alice@example.org")
    with_codes(site)
    codes = renew(site)
    ((_, text),) = [each for each in letters(site) if each[0].startswith("New recovery codes")]
    assert "Older ones do not work any more" in text
    assert not any(code in text for code in codes)
    assert any(row.name == "recovery_codes.made" for row in rows(site, AuditRow))


def test_codes_outlive_a_change_of_keys_while_the_former_is_named(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=OLD))
    site.add_user("alice")
    codes = with_codes(site)
    assert list(examinations.keys(works_of(site))) == []
    both = make_site(database_url, GATEHOUSE_SECRET_KEY=NEW, GATEHOUSE_SECRET_KEY_FALLBACKS=OLD)
    site = GatehouseTester(both)
    assert accepted(site, codes[0])
    (finding,) = examinations.keys(works_of(site))
    assert finding.severity == "note"
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=NEW))
    assert not accepted(site, codes[1])
    assert left(site) == 0
    (finding,) = examinations.keys(works_of(site))
    assert finding.severity == "unsafe"
    assert finding.what.startswith("1 set(s) of recovery codes")


def test_mfa_12_a_code_confirms_no_app_that_is_about_to_be_added(site: GatehouseTester) -> None:
    with_app(site)
    setup = begin(site)
    assert accepted(site, renew(site)[0])
    assert not code_accepted(site, shown(site, setup.seed))
