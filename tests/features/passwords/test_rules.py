"""Which passwords may be chosen."""

import unicodedata
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse.core.errors import Misconfigured, NotValid
from flask_gatehouse.features import passwords
from flask_gatehouse.features.passwords import rules
from flask_gatehouse.features.passwords.errors import PasswordRefused, Reason
from flask_gatehouse.features.passwords.rules import BYTE_LIMIT, Rules

PHRASE = "correct horse battery staple"
FACES = "".join(map(chr, range(0x1F600, 0x1F640)))  # 64 different code points of four bytes
SITE = Rules(context_words=("Gatehouse", "The Book Club"))
PERSON = ("ada", "ada.lovelace@example.org", "j.doe@example.org", "48392014")


def reason(password: str, *, by: Rules = SITE, context: tuple[str, ...] = PERSON) -> str:
    with pytest.raises(PasswordRefused) as refusal:
        by.judge(password, context=context)
    return refusal.value.reason


def test_a_refusal_is_not_valid_and_tells_code_reason_and_limit() -> None:
    with pytest.raises(NotValid) as refusal:
        Rules().judge("too short")
    assert refusal.value.code == "passwords.refused"
    assert refusal.value.facts == {"reason": "too_short", "minimum": 15}


def test_a_refusal_never_repeats_the_password() -> None:
    with pytest.raises(PasswordRefused) as refusal:
        Rules().judge("passwordpassword", context=("password",))
    assert "password" not in f"{refusal.value.facts}"


# Length


def test_asvs_6_2_1_fourteen_characters_are_too_short_and_fifteen_are_not() -> None:
    assert reason("kdjfhgkshdfgkj") == Reason.TOO_SHORT
    SITE.judge("kdjfhgkshdfgkjs")


def test_asvs_6_2_1_a_code_point_is_a_character() -> None:
    assert reason(FACES[:14]) == Reason.TOO_SHORT
    SITE.judge(FACES[:15])


def test_length_is_counted_after_normalising() -> None:
    decomposed = "".join(f"{letter}\N{COMBINING ACUTE ACCENT}" for letter in "aeiouycgklmnprs"[:14])
    assert len(decomposed) == 28
    assert reason(decomposed) == Reason.TOO_SHORT


def test_asvs_6_2_9_long_passwords_are_accepted() -> None:
    SITE.judge(FACES)
    SITE.judge("The quick brown fox jumps over the lazy dog; then 41 others did!"[:64])
    SITE.judge((PHRASE * 10)[:255] + "!")


def test_asvs_6_2_9_more_than_the_maximum_is_refused_with_the_limit() -> None:
    with pytest.raises(PasswordRefused) as refusal:
        SITE.judge((PHRASE * 10)[:257])
    assert refusal.value.facts == {"reason": "too_long", "maximum": 256}


@pytest.mark.parametrize("length", [BYTE_LIMIT + 1, 1_000_000, 50_000_000])
def test_pwd_01_the_byte_limit_comes_first(length: int) -> None:
    assert reason("a" * length) == Reason.TOO_MANY_BYTES


def test_pwd_02_a_long_run_of_marks_is_turned_away_before_it_is_normalised() -> None:
    assert reason("a" + "\u0301\u0323" * 1_000_000) == Reason.TOO_MANY_BYTES


def test_pwd_01_what_normalises_to_the_longest_password_is_within_the_limit() -> None:
    composed = "".join(map(chr, range(0xAC01, 0xAC01 + 256 * 29, 29)))
    SITE.judge(composed)
    SITE.judge(unicodedata.normalize("NFD", composed))


@pytest.mark.parametrize(
    "limits",
    [
        {"minimum": 7},
        {"maximum": 63},
        {"minimum": 80, "maximum": 79},
        {"byte_limit": 255},
        {"byte_limit": BYTE_LIMIT + 1},
    ],
)
def test_limits_that_weaken_passwords_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(Misconfigured):
        Rules(**limits)  # type: ignore[arg-type] # the table holds whole numbers only


def test_eight_characters_are_enough_where_the_rules_say_so() -> None:
    Rules(minimum=8).judge("kdjfhgks")


# Characters


@pytest.mark.parametrize(
    "password",
    [
        "kdjfhgkshdfgkjshd",
        "839201748362910",
        "  leading and trailing  ",
        "mat  under  the  door",
        "密码学是一门有趣的学科并且很有用呢",
        "👍😀🔒🌍🎉🍕🚀🐍🌈⭐🔥🎵🏠📚🧩",
        'it\'s "quoted" & <b>bold</b>; DROP TABLE--',
        "tab\tand\nnew line too",
    ],
)
def test_asvs_6_2_5_no_kind_of_character_is_asked_for_or_forbidden(password: str) -> None:
    SITE.judge(password, context=PERSON)


def test_pwd_04_a_nul_is_refused_when_a_password_is_set() -> None:
    assert reason("correct horse\0battery") == Reason.NUL


def test_a_lone_surrogate_is_refused_and_does_not_crash() -> None:
    assert reason("correct horse \ud800 battery") == Reason.NOT_UNICODE


def test_asvs_6_2_8_normalising_changes_nothing_but_the_composition() -> None:
    assert rules.normalise(" PassWord ﬁ Ⅷ ") == " PassWord ﬁ Ⅷ "


@given(st.text())
def test_pwd_05_composed_and_decomposed_are_one_password(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert rules.normalise(composed) == rules.normalise(decomposed)


@given(st.text(st.characters(), max_size=2000))
def test_judging_any_text_ends_in_a_verdict(text: str) -> None:
    with suppress(PasswordRefused):
        SITE.judge(text, context=(text, text[:5]))


# Common passwords


def entries() -> list[str]:
    return files(passwords).joinpath("data", "common.txt").read_text("utf-8").split("\n")[:-1]


def test_asvs_6_2_4_the_list_is_large_enough() -> None:
    assert sum(len(entry) >= 8 for entry in entries()) >= 10_000
    assert sum(len(entry) >= 15 for entry in entries()) >= 3_000


def test_the_list_is_in_the_order_and_form_in_which_it_is_searched() -> None:
    assert entries() == sorted({rules.normalise(entry).casefold() for entry in entries()})


def test_asvs_6_2_4_every_entry_that_is_long_enough_is_refused() -> None:
    for entry in entries():
        if len(entry) >= 15:
            assert reason(entry, by=Rules(), context=()) == Reason.COMMON


def test_asvs_6_2_4_every_entry_of_eight_is_refused_where_eight_are_enough() -> None:
    for entry in entries():
        if len(entry) >= 8:
            assert reason(entry, by=Rules(minimum=8), context=()) == Reason.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "manchesterunited",
        "ManchesterUnited",
        "1q2w3e4r5t6y7u8i",
        "Responsibilities",  # one word
        "iloveyousunshine",  # two of the most frequent in a row
        "passwordpassword",  # again
        "monkeymonkeymonk",  # again, cut off
        "password1234567",  # padded behind
        "!!!!!!!!2024password",  # padded before
        "~~ sunshine ~~ 99",  # padded on both sides
        "p.a.s.s.w.o.r.d.",  # padded throughout
        "Password2024Password2024",  # padded and again
        "password1password2",  # again with other padding
        "P4ssw0rd!!!!!2024",  # spelt with digits
        "$unshine $unshine",
        "l3tm31n l3tm31n l3tm31n",
        "йцукенйцукенйцук",
    ],
)
def test_asvs_6_2_4_common_passwords_are_refused_in_disguise(password: str) -> None:
    assert reason(password) == Reason.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaa",
        "AaAaAaAaAaAaAaAa",
        "aaaabbbbccccdddd",
        "abcabcabcabcabca",
        "112233445566778899",
        "1984051219840512",
        "1a1a1a1a1a1a1a1a",
        "fghjklzxcvbnmqwerty",
        "mnbvcxzlkjhgfdsa",
        "qwertzuiopasdfgh",
        "azertyuiopqsdfgh",
        "abcdefghijk9876543210",
        "!@#$%^&*()!@#$%^",
        "               ",
        "😀" * 15,
    ],
)
def test_sequences_and_short_units_are_refused(password: str) -> None:
    assert reason(password) in {Reason.PATTERN, Reason.COMMON}


def test_a_run_of_digits_is_refused() -> None:
    assert reason("123456789012345") == Reason.COMMON
    assert reason("567890123456789012") == Reason.PATTERN


@pytest.mark.parametrize(
    "password",
    [
        PHRASE,
        "tangerineumbrella",
        "the password is under the mat",
        "monkey dragon sunshine shadow",
        "my letmein password phrase",
        "Tr0ub4dor&3xyzzyq",
        "3.14159265358979",
        "bookkeeper committee",
        "j4920-o81-h77-63n",  # its letters make a listed name, and are too few to be the password
    ],
)
def test_phrases_that_contain_common_words_are_accepted(password: str) -> None:
    SITE.judge(password, context=PERSON)


# Context


@pytest.mark.parametrize(
    "password",
    [
        "gatehouse2024gatehouse2024",
        "Gatehouse-Gatehouse",
        "g4teh0use!!!2024",
        "2024thebookclub!",
        "Book-Club-2024-2025",
        "ada.lovelace1815",
        "adalovelace adalovelace",
        "LOVELACE1815LOVELACE",
        "lovelace-example-2024",
        "adagatehouse2024",
        "jdoe2024jdoe2024jdoe",
        "j.doe:j.doe:1990",
        "ada.lovelace@example.org",
    ],
)
def test_asvs_6_2_11_names_of_the_site_and_the_person_are_refused(password: str) -> None:
    assert reason(password) == Reason.CONTEXT


@pytest.mark.parametrize(
    "password",
    [
        "gatehouse keepers sleep by day",
        "ada lovelace wrote programs",
        "my adaptable gatehouse",
        "483920145839207716",
    ],
)
def test_asvs_6_2_11_phrases_that_contain_a_name_are_accepted(password: str) -> None:
    SITE.judge(password, context=PERSON)


def test_asvs_6_2_11_a_name_that_is_a_number_is_refused_when_it_is_repeated() -> None:
    assert reason("8392014671839201467183", context=("8392014671",)) == Reason.CONTEXT


def test_a_name_of_two_letters_means_nothing() -> None:
    SITE.judge("bo-4819-2034-5561", context=("bo",))


def test_pwd_02_a_context_of_any_length_is_cut_first() -> None:
    SITE.judge(PHRASE, context=("a." * 1_000_000, "\u0301\u0323" * 1_000_000))


def test_a_lone_surrogate_in_the_context_does_not_crash() -> None:
    SITE.judge(PHRASE, context=("\ud800dam",))
