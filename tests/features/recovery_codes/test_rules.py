"""What a recovery code looks like, and how it may be typed."""

import secrets

import pytest

from flask_gatehouse.features.recovery_codes import rules
from flask_gatehouse.features.recovery_codes.rules import typed_code

CODE = "0123456789ABCDEFGHJKMNPQ"


def test_asvs_6_5_2_a_code_has_120_random_bits() -> None:
    codes = {rules.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert {len(code) for code in codes} == {24}
    for place in range(24):
        # Each place takes nearly all of its 32 values.
        assert len({code[place] for code in codes}) > 28
    assert set("".join(codes)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert rules.CODE_BYTES * 8 >= 112


def test_asvs_6_5_3_codes_come_from_the_systems_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda size: bytes(size - 1) + b"\x21")
    assert rules.new_code() == "0" * 22 + "11"


def test_asvs_6_5_4_a_code_is_long() -> None:
    assert 32**rules.LENGTH == 2**120


def test_a_code_is_shown_in_groups_and_read_as_it_is_shown() -> None:
    assert rules.shown_code(CODE) == "0123-4567-89AB-CDEF-GHJK-MNPQ"
    for _ in range(50):
        code = rules.new_code()
        assert typed_code(rules.shown_code(code)) == code


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        " 0123 4567 89ab cdef ghjk mnpq ",
        "O123-4567-89AB-CDEF-GHJK-MNPQ",
        "oI23-4567-89AB-CDEF-GHJK-MNPQ",
        "0l23\u00a04567--89AB\tCDEF GHJK MNPQ",
    ],
)
def test_what_people_make_of_it_is_the_same_code(typed: str) -> None:
    assert typed_code(typed) == CODE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "null",
        "[]",
        "{}",
        CODE[:-1],
        CODE + "0",
        CODE[:-1] + "U",
        CODE[:-1] + "\x00",
        CODE[:-1] + "\N{LATIN SMALL LETTER DOTLESS I}",
        CODE[:-1] + "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{FULLWIDTH DIGIT ZERO}" + CODE[1:],
        CODE + " " * 200,
        "0" * 100_000,
    ],
)
def test_mfa_16_anything_else_is_no_code(typed: str) -> None:
    assert typed_code(typed) is None
