"""Secrets that travel in letters: good once, for one purpose, for the account as it was."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.events import Origin
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.proofs.purging import purge as proof_purge
from flask_gatehouse.features.proofs.rules import Purpose, typed_code
from flask_gatehouse.features.proofs.service import Made
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite

PURPOSE = Purpose("tests.purpose")
OTHER = Purpose("tests.other")
UNDO = Purpose("tests.undo", outlives_changes=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_THROTTLING_LINKS="1000/1m"))
    site.add_user("alice", email="alice@example.org")
    return site


def made(site: GatehouseTester, purpose: Purpose = PURPOSE) -> Made:
    with site.work() as work:
        user = users.named(work.db, "alice")
        return proofs.make(
            work, purpose=purpose, user=user, address="alice@example.org", lifetime=HOUR
        )


def spend(site: GatehouseTester, secret: object, purpose: Purpose = PURPOSE) -> proofs.Found:
    with site.work() as work:
        return proofs.spend(work, purpose=purpose, secret=str(secret))


def spend_code(site: GatehouseTester, ticket: str, code: object) -> proofs.Found:
    with site.work() as work:
        return proofs.spend_code(work, purpose=PURPOSE, ticket=ticket, code=str(code))


def test_a_link_is_good_once(site: GatehouseTester) -> None:
    proof = made(site)
    assert spend(site, proof.secret).address == "alice@example.org"
    with pytest.raises(ProofSpent):
        spend(site, proof.secret)


def test_a_code_is_good_once_and_uses_up_the_link(site: GatehouseTester) -> None:
    proof = made(site)
    assert spend_code(site, proof.ticket, proof.code).address == "alice@example.org"
    with pytest.raises(WrongCode):
        spend_code(site, proof.ticket, proof.code)
    with pytest.raises(ProofSpent):
        spend(site, proof.secret)


def test_five_wrong_codes_are_all_there_are(site: GatehouseTester) -> None:
    proof = made(site)
    wrong = "12345678" if proof.code != "12345678" else "87654321"
    for _ in range(5):
        with pytest.raises(WrongCode):
            spend_code(site, proof.ticket, wrong)
    with pytest.raises(WrongCode):
        spend_code(site, proof.ticket, proof.code)
    assert spend(site, proof.secret).user_id is not None


def test_a_code_is_nothing_beside_the_ticket_of_another_letter(site: GatehouseTester) -> None:
    code = made(site).code
    with pytest.raises(WrongCode):
        spend_code(site, proofs.new_ticket(), code)
    with pytest.raises(WrongCode):
        spend_code(site, made(site, OTHER).ticket, code)


def test_a_newer_letter_voids_the_one_before(site: GatehouseTester) -> None:
    first, second = made(site), made(site)
    with pytest.raises(ProofSpent):
        spend(site, first.secret)
    assert spend(site, second.secret).user_id is not None


def test_a_link_is_nothing_for_another_purpose(site: GatehouseTester) -> None:
    proof = made(site)
    with pytest.raises(ProofSpent):
        spend(site, proof.secret, OTHER)
    assert spend(site, proof.secret).user_id is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda work, user: users.end_everything(work, user_id=user.id),
        lambda work, user: users.suspend(work, user=user),
    ],
)
def test_a_change_of_the_account_voids_a_link_and_its_code(
    site: GatehouseTester, change: Callable[..., None]
) -> None:
    site.add_user("root", admin=True)
    proof, undo = made(site), made(site, UNDO)
    with site.work() as work:
        change(work, users.named(work.db, "alice"))
    with pytest.raises(ProofSpent):
        spend(site, proof.secret)
    with pytest.raises(WrongCode):
        spend_code(site, proof.ticket, proof.code)
    assert spend(site, undo.secret, UNDO).user_id is not None


def test_a_link_expires(site: GatehouseTester) -> None:
    proof = made(site)
    with site.work() as work:
        work.now += HOUR
        with pytest.raises(ProofSpent):
            proofs.spend(work, purpose=PURPOSE, secret=str(proof.secret))


def test_a_refusal_afterwards_leaves_a_link_good(site: GatehouseTester) -> None:
    proof = made(site)

    def refuse_late() -> None:
        with site.work() as work:
            proofs.spend(work, purpose=PURPOSE, secret=str(proof.secret))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refuse_late()
    assert spend(site, proof.secret).user_id is not None


def test_what_is_stored_opens_nothing(site: GatehouseTester) -> None:
    proof = made(site)
    with site.work() as work:
        row = work.db.query(Proof).one()
        stored = [str(value) for value in vars(row).values()]
    assert not any(proof.secret in text or proof.code in text for text in stored)
    with pytest.raises(ProofSpent):
        spend(site, row.digest.hex())


def test_of_sixteen_at_once_one_gets_it(site: GatehouseTester) -> None:
    proof = made(site)
    together = threading.Barrier(16)

    def use(number: int) -> bool:
        together.wait()
        try:
            if number % 2:
                spend(site, proof.secret)
            else:
                with site.app.extensions["gatehouse"].works.begin(Origin()) as work:
                    proofs.spend_code(
                        work, purpose=PURPOSE, ticket=proof.ticket, code=str(proof.code)
                    )
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(use, range(16))) == 1


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("12345678", "12345678"),
        (" 1234 5678 ", "12345678"),
        ("1234-5678", "12345678"),
        ("١٢٣٤٥٦٧٨", "12345678"),
        ("1234567", None),
        ("123456789", None),
        ("1234567x", None),
        ("²2345678", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert typed_code(typed) == read


def test_proofs_that_are_over_are_deleted(site: GatehouseTester) -> None:
    made(site)
    works = site.app.extensions["gatehouse"].works
    purge = proof_purge(works.house)

    def left() -> int:
        with site.work() as work:
            return work.db.query(Proof).count()

    purge.do(works)
    assert left() == 1
    site.clock.move(HOUR)
    purge.do(works)
    assert left() == 0


def test_codes_are_counted_for_the_account_or_else_the_mailbox_whatever_the_letter(
    site: GatehouseTester,
) -> None:
    def counted(ticket: str, purpose: Purpose = PURPOSE) -> str:
        with site.work() as work:
            return proofs.counted_as(work, purpose=purpose, ticket=ticket)

    first = counted(made(site).ticket)
    assert counted(made(site).ticket) == first
    with site.work() as work:
        assert first == users.named(work.db, "alice").id.hex
        nobodys = proofs.make(work, purpose=PURPOSE, address="no@example.org", lifetime=HOUR)
    assert counted(nobodys.ticket) == "no@example.org"
    assert counted(nobodys.ticket, OTHER) == counted(proofs.new_ticket()) == ""
