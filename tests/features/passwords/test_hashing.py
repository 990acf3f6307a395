"""How a password is stored, and what a stored string can do."""

import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passwords.errors import PasswordRefused, Reason
from flask_gatehouse.features.passwords.hashing import CEILING, FLOORS, Cost, Hasher
from tests.features.passwords.conftest import Asked

PASSWORD = "correct horse battery"
SALT, TAG = "c29tZXNhbHRzb21lc2FsdA", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def phc(m: object = 8, t: object = 1, p: object = 1, *, salt: str = SALT, tag: str = TAG) -> str:
    return f"$argon2id$v=19$m={m},t={t},p={p}${salt}${tag}"


def test_a_password_verifies_against_its_own_hash_only(hasher: Hasher) -> None:
    stored = hasher.hash(PASSWORD)
    assert hasher.verify(stored, PASSWORD)
    assert not hasher.verify(stored, "correct horse batterz")
    assert stored != hasher.hash(PASSWORD)


def test_the_stored_string_is_argon2id_with_a_long_salt_and_tag(hasher: Hasher) -> None:
    kind, version, cost, salt, tag = hasher.hash(PASSWORD).split("$")[1:]
    assert (kind, version, cost) == ("argon2id", "v=19", "m=8,t=1,p=1")
    assert (len(salt), len(tag)) == (22, 43)  # 16 and 32 bytes


def test_strings_are_exchanged_with_argon2_cffi(hasher: Hasher) -> None:
    theirs = PasswordHasher(1, 8, 1)
    assert hasher.verify(theirs.hash(PASSWORD), PASSWORD)
    assert theirs.verify(hasher.hash(PASSWORD), PASSWORD)
    assert not theirs.check_needs_rehash(hasher.hash(PASSWORD))


def test_the_default_cost_is_what_is_documented() -> None:
    stored = Hasher().hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert Hasher().verify(stored, PASSWORD)


@pytest.mark.parametrize("floor", FLOORS)
def test_every_floor_is_accepted(floor: Cost) -> None:
    assert Hasher(floor).cost == floor


@pytest.mark.parametrize(
    "cost",
    [
        Cost(time=1, memory_kib=47103),
        Cost(time=2, memory_kib=19455),
        Cost(time=3, memory_kib=12287),
        Cost(time=16, memory_kib=8192),
        Cost(time=1, memory_kib=8),
    ],
)
def test_a_cost_under_every_floor_is_refused(cost: Cost) -> None:
    with pytest.raises(Misconfigured):
        Hasher(cost)
    Hasher(cost, allow_cheap=True)


@pytest.mark.parametrize(
    "cost",
    [
        Cost(memory_kib=CEILING.memory_kib + 1),
        Cost(time=CEILING.time + 1),
        Cost(lanes=CEILING.lanes + 1),
        Cost(time=5, memory_kib=CEILING.memory_kib),
        Cost(time=0),
        Cost(lanes=0),
        Cost(time=1, memory_kib=15, lanes=2),
    ],
)
def test_a_cost_that_could_not_be_verified_is_refused(cost: Cost) -> None:
    with pytest.raises(Misconfigured):
        Hasher(cost, allow_cheap=True)


# Outdated


def test_a_hash_of_the_current_cost_is_kept(hasher: Hasher) -> None:
    assert not hasher.outdated(hasher.hash(PASSWORD))


@pytest.mark.parametrize(
    "stored",
    [
        phc(m=16),
        phc(t=2),
        phc(m=16, p=2),
        phc(salt=SALT[:12]),
        phc(tag=TAG[:22]),
        phc().replace("argon2id", "argon2i"),
        "scrypt:32768:8:1$salt$00",
        "",
    ],
)
def test_any_other_string_is_outdated(hasher: Hasher, stored: str) -> None:
    assert hasher.outdated(stored)


# Unicode, NUL, length


@shared
@given(text=st.text(max_size=100))
def test_pwd_05_composed_and_decomposed_are_one_password(hasher: Hasher, text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert hasher.verify(hasher.hash(composed), decomposed)
    assert hasher.verify(hasher.hash(decomposed), composed)


@shared
@given(text=st.text(max_size=200), change=st.sampled_from(["x", " ", "\0", "\u0301"]))
def test_asvs_6_2_8_nothing_is_cut_off(hasher: Hasher, text: str, change: str) -> None:
    stored = hasher.hash(f"{text}|")
    assert not hasher.verify(stored, f"{text}|{change}")
    assert not hasher.verify(stored, f"{change}{text}|")
    assert not hasher.verify(stored, text)


def test_asvs_6_2_8_case_and_outer_spaces_count(hasher: Hasher) -> None:
    stored = hasher.hash(PASSWORD)
    for other in (PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", f"{PASSWORD}\n"):
        assert not hasher.verify(stored, other)


def test_pwd_04_a_nul_is_an_ordinary_wrong_character(hasher: Hasher) -> None:
    stored = hasher.hash("abc")
    assert not hasher.verify(stored, "abc\0def")
    assert not hasher.verify(stored, "abc\0")


def test_a_lone_surrogate_is_wrong_and_never_hashed(hasher: Hasher) -> None:
    assert not hasher.verify(hasher.hash(PASSWORD), "\ud800")
    with pytest.raises(PasswordRefused) as refusal:
        hasher.hash("\ud800")
    assert refusal.value.reason == Reason.NOT_UNICODE


@pytest.mark.parametrize("length", [1025, 1_000_000, 50_000_000])
def test_pwd_01_an_endless_password_is_never_hashed(
    hasher: Hasher, hashed: list[Asked], length: int
) -> None:
    stored, password = phc(), "a" * length
    assert not hasher.verify(stored, password)
    hasher.decoy(password)
    with pytest.raises(PasswordRefused):
        hasher.hash(password)
    assert hashed == []


def test_pwd_01_the_longest_password_is_hashed(hasher: Hasher) -> None:
    assert hasher.verify(hasher.hash("\N{LOCK}" * 256), "\N{LOCK}" * 256)


# Equal work


@pytest.mark.parametrize("password", [PASSWORD, "", "abc\0def"])
def test_enu_a_decoy_does_exactly_the_work_of_a_wrong_password(
    hasher: Hasher, hashed: list[Asked], password: str
) -> None:
    hasher.decoy(password)
    of_decoy = hashed.copy()
    hashed.clear()
    hasher.verify(phc(), password)
    assert of_decoy == hashed
    assert [(work.name, work.numbers["memory_cost"]) for work in hashed] == [("hash_secret_raw", 8)]


def test_making_a_hasher_hashes_nothing(hashed: list[Asked]) -> None:
    Hasher()
    assert hashed == []


# Hostile strings


@pytest.mark.parametrize(
    "stored",
    [
        phc(m=4194304, t=100),
        phc(m=4194304),
        phc(m=CEILING.memory_kib + 1),
        phc(t=CEILING.time + 1),
        phc(m=1024, p=CEILING.lanes + 1),
        phc(m=CEILING.memory_kib, t=5),
        phc(m=9999999999999999999),
        phc(m="1e9"),
        phc(m=-8),
        phc(m=0),
        phc(t=0),
        phc(p=0),
        phc(m=15, p=2),
        phc(m="08"),
        phc(m="\N{ARABIC-INDIC DIGIT EIGHT}"),
        phc(salt="c2FsdA"),
        phc(salt=SALT[:21]),
        phc(tag=TAG[:4]),
        phc(tag=""),
        phc(tag=TAG + "A" * 10_000),
        phc(tag=f"{TAG}="),
        phc(tag=f"{TAG}\n"),
        phc() + "$",
        phc().replace("v=19", "v=16"),
        phc().replace("$v=19", ""),
        phc().replace("argon2id", "argon2i"),
        phc().replace("argon2id", "argon2d"),
        phc().replace("m=8,t=1", "t=1,m=8"),
        "$argon2id$",
        "argon2id",
        "$",
        "",
        "\0",
        "\ud800",
        "!",
        "None",
        "correct horse battery",
        "$" * 100_000,
    ],
)
def test_pwd_10_a_string_out_of_bounds_costs_nothing(
    hasher: Hasher, hashed: list[Asked], stored: str
) -> None:
    assert not hasher.verify(stored, PASSWORD)
    assert not hasher.recognised(stored)
    assert hasher.outdated(stored)
    assert hashed == []


@pytest.mark.parametrize("password", ["", " ", "\0", "null", "None"])
def test_pwd_06_a_blank_hash_matches_nothing(hasher: Hasher, password: str) -> None:
    for stored in ("", " ", "\0", "$argon2id$v=19$m=8,t=1,p=1$$"):
        assert not hasher.verify(stored, password)


@shared
@given(st.data())
def test_pwd_10_a_truncated_or_altered_string_is_only_wrong(
    hasher: Hasher, data: st.DataObject
) -> None:
    stored = hasher.hash(PASSWORD)
    cut = data.draw(st.integers(0, len(stored) - 1))
    assert not hasher.verify(stored[:cut], PASSWORD)
    assert not hasher.verify(stored[:cut] + data.draw(st.text(min_size=1)), "another password")


@shared
@given(stored=st.text(), password=st.text(st.characters()))
def test_pwd_10_no_text_at_all_makes_verify_raise(
    hasher: Hasher, stored: str, password: str
) -> None:
    assert not hasher.verify(stored, password)
    hasher.outdated(stored)


numbers = st.integers(0, 10**8)


@shared
@given(m=numbers, t=numbers, p=numbers)
def test_pwd_10_whatever_is_recognised_is_within_bounds(
    hasher: Hasher, m: int, t: int, p: int
) -> None:
    if hasher.recognised(phc(m, t, p)):
        assert CEILING.reaches(Cost(time=t, memory_kib=m, lanes=p))
