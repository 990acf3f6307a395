"""Codes by time, against the vectors of the standard and another implementation of it."""

import secrets
from base64 import b32decode
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from flask_gatehouse.features.totp import drawing, rules
from flask_gatehouse.features.totp.rules import code_at, matching_step, typed_code

#: Source: RFC 6238 appendix B, the last six of eight digits.
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
STANDARD_SEED = b"12345678901234567890"
NOW = 60_000_000


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    step = rules.step_at(datetime.fromtimestamp(seconds, UTC))
    assert code_at(STANDARD_SEED, step) == code


def test_another_implementation_shows_the_same_codes() -> None:
    for n in range(200):
        seed = rules.new_seed()
        app = pyotp.TOTP(rules.shown_seed(seed).replace(" ", ""))
        at = datetime.fromtimestamp(1_700_000_000 + 12_345 * n, UTC)
        assert app.at(at) == code_at(seed, rules.step_at(at))


def test_another_implementation_reads_what_is_drawn() -> None:
    seed = rules.new_seed()
    address = rules.app_address(seed, site="Ours & Theirs: the Site", account="zoë:m")
    app = pyotp.parse_uri(address)
    assert isinstance(app, pyotp.TOTP)
    assert (app.issuer, app.name) == ("Ours & Theirs  the Site", "zoë m")
    assert (app.digits, app.interval, app.digest().name) == (6, 30, "sha1")
    assert app.at(1_700_000_000) == code_at(seed, 1_700_000_000 // 30)
    asked = parse_qs(urlsplit(address).query)
    assert asked.keys() == {"secret", "issuer", "algorithm", "digits", "period"}
    assert unquote(urlsplit(address).path).count(":") == 1


def test_mfa_09_seeds_have_160_bits_and_are_all_different() -> None:
    seeds = {rules.new_seed() for _ in range(200)}
    assert len(seeds) == 200
    assert {len(seed) for seed in seeds} == {20}
    shown = rules.shown_seed(seeds.pop())
    assert len(b32decode(shown.replace(" ", ""))) == 20
    assert [len(group) for group in shown.split(" ")] == [4] * 8


def test_asvs_6_5_3_seeds_come_from_the_systems_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda size: bytes([7]) * size)
    assert rules.new_seed() == bytes([7]) * 20


def test_asvs_6_5_4_a_code_has_six_digits() -> None:
    assert {len(code_at(rules.new_seed(), NOW + n)) for n in range(100)} == {6}


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "1 2 3 4 5 6", "123\u00a0456"])
def test_spaces_and_hyphens_do_not_matter(typed: str) -> None:
    assert typed_code(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "null",
        "None",
        "[]",
        "{}",
        "0",
        "12345",
        "1234567",
        "12345678901234567890",
        "1e5",
        "+12345",
        "-123456789",
        "12345\x00",
        "123456\x00",
        "0x1234",
        "12_456",
        "12.456",
        "١٢٣٤٥٦",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "१२३४५६",
        "²³¹⁴⁵⁶",
        "123456" + " " * 100,
        "9" * 100_000,
    ],
)
def test_mfa_16_what_is_not_six_ascii_digits_is_no_code(typed: str) -> None:
    assert typed_code(typed) is None


def test_asvs_6_5_5_a_code_is_good_for_its_step_and_the_one_after() -> None:
    seed = rules.new_seed()
    good = {
        offset: matching_step(seed, code_at(seed, NOW + offset), now=NOW, previous=True)
        for offset in range(-5, 6)
        if code_at(seed, NOW + offset) not in {code_at(seed, NOW), code_at(seed, NOW - 1)}
        or offset in {-1, 0}
    }
    assert {offset for offset, step in good.items() if step is not None} == {-1, 0}
    assert (good[0], good[-1]) == (NOW, NOW - 1)


def test_asvs_6_5_5_strictly_a_code_is_good_for_its_step_only() -> None:
    seed = next(
        seed for seed in iter(rules.new_seed, None) if code_at(seed, NOW) != code_at(seed, NOW - 1)
    )
    assert matching_step(seed, code_at(seed, NOW), now=NOW, previous=False) == NOW
    assert matching_step(seed, code_at(seed, NOW - 1), now=NOW, previous=False) is None


def test_the_longest_names_fit_into_the_picture() -> None:
    longest = {
        "site": "\N{ADLAM SMALL LETTER ALIF}" * 500,
        "account": "\N{MUSICAL SYMBOL G CLEF}" * 64,
    }
    assert drawing.drawn(rules.app_address(rules.new_seed(), **longest)).startswith("<svg")


def test_what_is_drawn_is_black_on_white_and_has_no_style() -> None:
    picture = drawing.drawn(rules.app_address(rules.new_seed(), site="Site", account="alice"))
    assert picture.startswith("<svg")
    assert 'fill="#fff"' in picture
    assert 'stroke="#000"' in picture
    assert "style" not in picture
    assert "otpauth" not in picture
