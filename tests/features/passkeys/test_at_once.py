"""Several answers at the same moment, on every database: one gets through."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.passkeys import service as passkeys
from flask_gatehouse.features.passkeys.errors import AlreadyThere, PasskeyRefused
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyChallenge, PasskeyOwner
from flask_gatehouse.features.passkeys.purging import purge
from flask_gatehouse.features.passkeys.rules import LIFETIME, to_text
from flask_gatehouse.features.throttling.service import Throttled
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator, Draft
from tests import keepers
from tests.conftest import MakeSite
from tests.flows.test_races import at_once
from tests.keepers import ORIGIN, enrol

MANY = 8


def tried(job: Callable[[], object]) -> Callable[[], str]:
    def run() -> str:
        try:
            job()
        except (PasskeyRefused, AlreadyThere) as refusal:
            return refusal.code
        return "done"

    return run


def counted(
    site: GatehouseTester, table: type[Passkey | Factor | PasskeyOwner | PasskeyChallenge]
) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(table)) or 0


def test_wan_01_of_eight_equal_answers_one_signs_in(site: GatehouseTester) -> None:
    keeper = Authenticator(counts=False)
    enrol(site, keeper)
    answer = keeper.get(keepers.ask(site), origin=ORIGIN)
    found = at_once([tried(lambda: keepers.sign_in(site, answer)) for _ in range(MANY)])
    assert sorted(found) == ["done", *["passkeys.refused"] * (MANY - 1)]


def test_wan_07_of_eight_answers_with_one_count_one_signs_in(site: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(site, keeper)
    change = keepers.field(sign_count=6)
    signed = [keeper.get(keepers.ask(site), origin=ORIGIN, change=change) for _ in range(MANY)]

    def job(answer: str) -> Callable[[], str]:
        return tried(lambda: keepers.sign_in(site, answer))

    found = at_once([job(answer) for answer in signed])
    assert sorted(found) == ["done", *["passkeys.refused"] * (MANY - 1)]


def test_of_eight_equal_new_passkeys_one_is_kept(site: GatehouseTester) -> None:
    answer = Authenticator().create(keepers.ask_to_add(site), origin=ORIGIN)
    found = at_once([tried(lambda: keepers.add(site, answer)) for _ in range(MANY)])
    assert found.count("done") == 1
    assert (counted(site, Passkey), counted(site, Factor)) == (1, 2)


def test_wan_10_of_two_who_bring_one_passkey_at_once_one_gets_it(site: GatehouseTester) -> None:
    keeper = Authenticator()
    first = keeper.create(keepers.ask_to_add(site, "alice"), origin=ORIGIN)
    same = keeper.keys[0]

    def copied(draft: Draft) -> None:
        draft.inner_id = same.id
        draft.credential_id = draft.raw_id = to_text(same.id)

    second = keeper.create(keepers.ask_to_add(site, "bob"), origin=ORIGIN, change=copied)
    found = at_once(
        [
            tried(lambda: keepers.add(site, first, "alice")),
            tried(lambda: keepers.add(site, second, "bob")),
        ]
    )
    assert sorted(found) == ["done", "passkeys.already_there"]
    assert (counted(site, Passkey), counted(site, Factor)) == (1, 2)


def test_of_eight_that_ask_at_once_all_get_one_handle(site: GatehouseTester) -> None:
    with site.work() as work, work.reading() as db:
        user_id = users.named(db, "alice").id

    def ask() -> bytes:
        with site.work() as work:
            return passkeys.handle_of(work, user_id=user_id)

    assert len(set(at_once([ask] * MANY))) == 1
    assert counted(site, PasskeyOwner) == 1


def test_what_nobody_answered_is_cleared_away(site: GatehouseTester) -> None:
    for _ in range(3):
        keepers.ask(site)
    site.clock.move(LIFETIME)
    keepers.ask(site)
    state = site.app.extensions["gatehouse"]
    assert not purge(state.house).do(state.works)
    assert counted(site, PasskeyChallenge) == 1


@pytest.mark.parametrize("key", ["NETWORK", "PER_PERSON"])
def test_wishes_are_counted(make_site: MakeSite, sqlite_url: str, key: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, **{f"GATEHOUSE_PASSKEYS_{key}": "2/1h"}))
    site.add_user("alice")
    ask = keepers.ask if key == "NETWORK" else keepers.ask_to_add
    for _ in range(2):
        ask(site)
    with pytest.raises(Throttled):
        ask(site)
