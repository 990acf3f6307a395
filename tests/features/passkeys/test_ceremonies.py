"""Each step of the standard, broken one at a time, at the service: refused, and in one way."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.passkeys import ceremony, rules
from flask_gatehouse.features.passkeys.errors import AlreadyThere, PasskeyRefused, UnknownPasskey
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyChallenge, PasskeyOwner
from flask_gatehouse.features.passkeys.rules import Purpose
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.testing.authenticator import Algorithm, Authenticator
from tests import keepers
from tests.conftest import MakeSite
from tests.keepers import ORIGIN, UNLIMITED, WRONG_ANYWHERE, WRONG_NEW, WRONG_SIGNED, enrol


def stored(site: GatehouseTester, table: type[Any]) -> list[Any]:
    with site.work() as work:
        return list(work.db.scalars(select(table)))


def factors(site: GatehouseTester) -> list[Factor]:
    """Return all but the codes that come with the first one."""
    return [row for row in stored(site, Factor) if row.method != "recovery_code"]


def events(site: GatehouseTester) -> list[str]:
    return [row.name for row in stored(site, AuditRow) if row.name.startswith("passkeys.")]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_of_each_kind_signs_in(site: GatehouseTester, algorithm: Algorithm) -> None:
    keeper = Authenticator(algorithm=algorithm)
    enrol(site, keeper)
    for _ in range(2):
        asked = keepers.ask(site)
        assert asked["allowCredentials"] == []
        attempt = keepers.sign_in(site, keeper.get(asked, origin=ORIGIN))
        assert attempt.methods == ("passkey",)
    row = stored(site, Passkey)[0]
    assert (row.sign_count, row.transports, row.discoverable) == (2, "internal", True)
    assert stored(site, PasskeyChallenge) == []
    assert factors(site)[0].last_used_at is not None


@pytest.mark.parametrize("wrong", [*WRONG_ANYWHERE, *WRONG_NEW])
def test_a_new_passkey_is_refused_for_one_wrong_thing(tester: GatehouseTester, wrong: str) -> None:
    change = (WRONG_ANYWHERE | WRONG_NEW)[wrong]
    with pytest.raises(PasskeyRefused):
        enrol(tester, Authenticator(), change=change)
    assert stored(tester, Passkey) == []
    assert stored(tester, Factor) == []


@pytest.mark.parametrize("wrong", [*WRONG_ANYWHERE, *WRONG_SIGNED])
def test_a_signature_is_refused_for_one_wrong_thing(tester: GatehouseTester, wrong: str) -> None:
    change = (WRONG_ANYWHERE | WRONG_SIGNED)[wrong]
    keeper = Authenticator()
    enrol(tester, keeper)
    answer = keeper.get(keepers.ask(tester), origin=ORIGIN, change=change)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, answer)
    assert stored(tester, Passkey)[0].sign_count == 0
    good = keeper.get(keepers.ask(tester), origin=ORIGIN)
    assert keepers.sign_in(tester, good).methods == ("passkey",)


@pytest.mark.parametrize("text", keepers.NO_ANSWERS)
def test_what_is_no_answer_is_refused(tester: GatehouseTester, text: str) -> None:
    for act in (keepers.sign_in, keepers.add, keepers.prove_beside):
        with pytest.raises(PasskeyRefused):
            act(tester, text)


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature"])
def test_a_part_that_is_missing_or_odd_is_refused(tester: GatehouseTester, field: str) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    odds: list[object] = [None, "", 7, [], {}, "=", "a b", "AAAAA", "é"]
    for odd in odds:
        answer = json.loads(keeper.get(keepers.ask(tester), origin=ORIGIN))
        answer["response"][field] = odd
        with pytest.raises(PasskeyRefused):
            keepers.sign_in(tester, json.dumps(answer))


@pytest.mark.parametrize("returned", [None, False, True, "yes", 1, object()])
def test_wan_08_what_is_no_typed_success_lets_nobody_in(
    tester: GatehouseTester, monkeypatch: pytest.MonkeyPatch, returned: object
) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    place = "webauthn.{0}.verify_{0}_response.verify_{0}_response"
    for name in ("authentication", "registration"):
        monkeypatch.setattr(place.format(name), lambda **_: returned)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, keeper.get(keepers.ask(tester), origin=ORIGIN))
    with pytest.raises(PasskeyRefused):
        enrol(tester, Authenticator())


@pytest.mark.parametrize(
    "error", [ValueError, KeyError, RecursionError, MemoryError, AssertionError]
)
def test_wan_08_whatever_a_verifier_raises_is_a_refusal(
    tester: GatehouseTester, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def broken(**_: object) -> None:
        raise error

    keeper = Authenticator()
    enrol(tester, keeper)
    place = "webauthn.authentication.verify_authentication_response.verify_authentication_response"
    monkeypatch.setattr(place, broken)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, keeper.get(keepers.ask(tester), origin=ORIGIN))


def test_wan_07_a_counter_goes_on(site: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(site, keeper)

    def use(count: int) -> bool:
        change = keepers.field(sign_count=count)
        answer = keeper.get(keepers.ask(site), origin=ORIGIN, change=change)
        try:
            keepers.sign_in(site, answer)
        except PasskeyRefused:
            return False
        return True

    assert use(0)
    assert use(0)
    assert use(5)
    assert not use(5)
    assert not use(4)
    assert not use(0)
    assert use(2**32 - 1)
    assert events(site) == ["passkeys.counter_went_back"] * 3
    assert stored(site, Passkey)[0].sign_count == 2**32 - 1


def test_wan_09_the_passkey_of_one_with_the_handle_of_another_is_refused(
    tester: GatehouseTester,
) -> None:
    alices, bobs = Authenticator(), Authenticator()
    enrol(tester, alices)
    enrol(tester, bobs, "bob")
    handles = [row.handle for row in stored(tester, PasskeyOwner)]
    assert {len(each) for each in handles} == {64}
    other = rules.to_text(bobs.keys[0].handle)
    answer = alices.get(keepers.ask(tester), origin=ORIGIN, change=keepers.field(handle=other))
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, answer)
    assert events(tester) == ["passkeys.refused"]


def test_wan_10_a_passkey_is_of_one_account(site: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(site, keeper)
    mine = keeper.keys[0]

    def same_id(draft: Any) -> None:
        draft.inner_id, draft.credential_id = mine.id, rules.to_text(mine.id)
        draft.raw_id = draft.credential_id

    for name in ("bob", "alice"):
        with pytest.raises(AlreadyThere):
            enrol(site, Authenticator(), name, change=same_id)
    assert len(factors(site)) == 1
    answer = keeper.get(keepers.ask(site), origin=ORIGIN)
    assert keepers.sign_in(site, answer).user_id == stored(site, Passkey)[0].user_id


def test_wan_01_an_answer_is_good_once(site: GatehouseTester) -> None:
    keeper = Authenticator(counts=False)
    made = keeper.create(keepers.ask_to_add(site), origin=ORIGIN)
    keepers.add(site, made)
    with pytest.raises(PasskeyRefused):
        keepers.add(site, made)
    answer = keeper.get(keepers.ask(site), origin=ORIGIN)
    keepers.sign_in(site, answer)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(site, answer)


def test_a_challenge_is_gone_after_a_wrong_answer_as_well(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    asked = keepers.ask(tester)
    wrong = keeper.get(asked, origin=ORIGIN, change=keepers.field(sign=lambda _: b"x"))
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, wrong)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, keeper.get(asked, origin=ORIGIN))


def test_a_challenge_is_over_after_five_minutes(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    answer = keeper.get(keepers.ask(tester), origin=ORIGIN)
    tester.clock.move(rules.LIFETIME)
    with pytest.raises(PasskeyRefused):
        keepers.sign_in(tester, answer)


def test_wan_02_what_was_asked_for_one_purpose_or_browser_is_nothing_in_another(
    tester: GatehouseTester,
) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    asks: dict[Purpose, Callable[[], dict[str, Any]]] = {
        Purpose.SIGN_IN: lambda: keepers.ask(tester),
        Purpose.SECOND_STEP: lambda: keepers.ask_beside(tester, Purpose.SECOND_STEP),
        Purpose.CONFIRM: lambda: keepers.ask_beside(tester, Purpose.CONFIRM),
        Purpose.ADD: lambda: {**keepers.ask_to_add(tester), "rpId": "localhost"},
    }
    for asked_for, ask in asks.items():
        for used_for in asks:
            answer = keeper.get(ask(), origin=ORIGIN)
            if used_for is Purpose.ADD:
                answer = keeper.create(
                    {**keepers.ask_to_add(tester), "challenge": json.loads(_client(answer))},
                    origin=ORIGIN,
                )
                keeper.keys.pop()
            good = False
            try:
                if used_for is Purpose.SIGN_IN:
                    keepers.sign_in(tester, answer)
                elif used_for is Purpose.ADD:
                    keepers.add(tester, answer)
                else:
                    keepers.prove_beside(tester, answer, used_for)
                good = True
            except PasskeyRefused:
                pass
            assert good == (asked_for is used_for), (asked_for, used_for)
    for browser in ("another", "", keepers.BROWSER + " "):
        answer = keeper.get(keepers.ask(tester), origin=ORIGIN)
        with pytest.raises(PasskeyRefused):
            keepers.sign_in(tester, answer, browser=browser)
        answer = keeper.get(keepers.ask_beside(tester), origin=ORIGIN)
        with pytest.raises(PasskeyRefused):
            keepers.prove_beside(tester, answer, bound_to=browser)


def _client(answer: str) -> str:
    said = rules.to_bytes(json.loads(answer)["response"]["clientDataJSON"])
    assert said is not None
    return json.dumps(json.loads(said)["challenge"])


def test_mfa_08_the_passkey_of_another_account_is_nothing_beside_a_password(
    tester: GatehouseTester,
) -> None:
    alices, bobs = Authenticator(), Authenticator()
    enrol(tester, alices)
    enrol(tester, bobs, "bob")
    for purpose in (Purpose.SECOND_STEP, Purpose.CONFIRM):
        asked = keepers.ask_beside(tester, purpose)
        with pytest.raises(LookupError):
            bobs.get(asked, origin=ORIGIN)
        for wish in ({**asked, "allowCredentials": []}, keepers.ask_beside(tester, purpose, "bob")):
            answer = bobs.get(wish, origin=ORIGIN)
            with pytest.raises(PasskeyRefused):
                keepers.prove_beside(tester, answer, purpose)


def test_wan_05_a_key_that_did_not_verify_is_possession_and_stands_alone_nowhere(
    tester: GatehouseTester,
) -> None:
    keeper = Authenticator(verifies=False, discoverable=False)
    enrol(tester, keeper)
    assert [row.method for row in factors(tester)] == ["key"]
    answer = keeper.get(keepers.ask_beside(tester), origin=ORIGIN)
    assert keepers.prove_beside(tester, answer) == "key"
    for refused in (
        lambda: keepers.prove_beside(
            tester,
            keeper.get(keepers.ask_beside(tester, Purpose.CONFIRM), origin=ORIGIN),
            Purpose.CONFIRM,
        ),
        lambda: keepers.sign_in(tester, keeper.get(keepers.ask(tester, "alice"), origin=ORIGIN)),
    ):
        with pytest.raises(PasskeyRefused):
            refused()
    keeper.verifies = True
    answer = keeper.get(keepers.ask_beside(tester), origin=ORIGIN)
    assert keepers.prove_beside(tester, answer) == "passkey"


def test_where_that_is_asked_every_passkey_verifies_and_none_is_copied(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PROFILE="asvs-l3", **UNLIMITED))
    site.add_user("alice")
    for keeper in (Authenticator(verifies=False), Authenticator(synced=True)):
        with pytest.raises(PasskeyRefused):
            enrol(site, keeper)
    keeper = Authenticator()
    enrol(site, keeper)
    keeper.verifies = False
    asked = keepers.ask_beside(site)
    assert asked["userVerification"] == "required"
    with pytest.raises(PasskeyRefused):
        keepers.prove_beside(site, keeper.get(asked, origin=ORIGIN))


def test_a_passkey_that_is_copied_says_so(tester: GatehouseTester) -> None:
    keeper = Authenticator(synced=True, counts=False)
    enrol(tester, keeper, change=lambda draft: draft.leave_out("bs"))
    assert [(r.backup_eligible, r.backed_up) for r in stored(tester, Passkey)] == [(True, False)]
    keepers.sign_in(tester, keeper.get(keepers.ask(tester), origin=ORIGIN))
    assert [(r.backup_eligible, r.backed_up) for r in stored(tester, Passkey)] == [(True, True)]


def test_a_statement_that_the_passkey_signed_itself_is_taken(tester: GatehouseTester) -> None:
    keeper = Authenticator()

    def sign(draft: Any) -> None:
        said = draft.authenticator_data + hashlib.sha256(draft.client_data).digest()
        draft.fmt = "packed"
        draft.statement = {"alg": -7, "sig": keeper.keys[-1].sign(said)}

    enrol(tester, keeper, change=sign)
    assert len(stored(tester, Passkey)) == 1


def test_an_unknown_passkey_is_told_from_one_that_was_made_up(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    gone = Authenticator()
    gone.create(keepers.ask_to_add(tester), origin=ORIGIN)
    with pytest.raises(UnknownPasskey) as raised:
        keepers.sign_in(tester, gone.get(keepers.ask(tester), origin=ORIGIN))
    assert raised.value.credential_id == rules.to_text(gone.keys[0].id)
    for listed in keepers.ask(tester, "nobody")["allowCredentials"]:
        change = keepers.field(credential_id=listed["id"], raw_id=listed["id"])
        answer = gone.get(keepers.ask(tester), origin=ORIGIN, change=change)
        with pytest.raises(PasskeyRefused) as refused:
            keepers.sign_in(tester, answer)
        assert not isinstance(refused.value, UnknownPasskey)


def test_what_is_asked_for_a_name_looks_alike_whoever_has_it(tester: GatehouseTester) -> None:
    keeper = Authenticator(discoverable=False)
    enrol(tester, keeper)
    seen = {}
    for name in ("alice", "ALICE ", "alice@example.org", "bob", "nobody", "x@y.example", "?\ud800"):
        one, two = keepers.ask(tester, name), keepers.ask(tester, name)
        assert one["challenge"] != two["challenge"]
        assert one["allowCredentials"] == two["allowCredentials"]
        assert len(one["allowCredentials"]) == rules.LISTED
        assert all(set(each) == {"type", "id"} for each in one["allowCredentials"])
        seen[name] = [each["id"] for each in one["allowCredentials"]]
    mine = rules.to_text(keeper.keys[0].id)
    assert [mine in ids for ids in seen.values()] == [True, True, True, False, False, False, False]
    assert seen["alice"] == seen["ALICE "]
    attempt = keepers.sign_in(tester, keeper.get(keepers.ask(tester, "alice"), origin=ORIGIN))
    assert attempt.methods == ("passkey",)


def test_a_passkey_answers_for_the_name_that_was_typed_only(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    for name in ("bob", "nobody"):
        asked = {**keepers.ask(tester, name), "allowCredentials": []}
        with pytest.raises(PasskeyRefused):
            keepers.sign_in(tester, keeper.get(asked, origin=ORIGIN))


def test_a_removed_passkey_is_unknown(site: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(site, keeper)
    answer = keeper.get(keepers.ask(site), origin=ORIGIN)
    with site.work() as work:
        work.db.execute(delete(Factor).where(Factor.method == "passkey"))
    assert stored(site, Passkey) == []
    with pytest.raises(UnknownPasskey):
        keepers.sign_in(site, answer)


def test_what_was_kept_wrongly_lets_nobody_in(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    enrol(tester, keeper)
    for broken in (b"", b"\x04", b"\xa0", b"\xff" * 70, bytes(100)):
        with tester.work() as work:
            work.db.execute(update(Passkey).values(public_key=broken))
        with pytest.raises(PasskeyRefused):
            keepers.sign_in(tester, keeper.get(keepers.ask(tester), origin=ORIGIN))


def test_the_library_is_there() -> None:
    assert ceremony.is_installed()
