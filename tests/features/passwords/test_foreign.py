"""Hashes that Werkzeug, Django and bcrypt made."""

import hashlib
import sys
import unicodedata
from typing import Final

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from flask_gatehouse.features.passwords import foreign
from flask_gatehouse.features.passwords.hashing import Hasher
from tests.features.passwords.conftest import Asked

PASSWORD: Final = "lætmein 42"

#: Made by Werkzeug 3.1.9, Django 5.2.19 and bcrypt 5.0.0 for that password, most at a low cost.
KNOWN: Final = {
    "werkzeug scrypt, default": (
        "scrypt:32768:8:1$Zj0MsmbNK82MJyGh$b179d2285bcd164542fd20271ea17b91329538c131ebb5d6fbc457e5"
        "884971b215af8fb0c6b671fe5e61b8ca464445b7a40e823b4b667013e96712427b15e4f8"
    ),
    "werkzeug scrypt": (
        "scrypt:1024:8:1$kgc1T9883y00DQJi$19903c8cbd87e58e8b82a57111a86fd71c734076bbe068de92b8eb017"
        "b35adfe9268ed4c790b70a8b1cae62b7731b1bff4d7832b10e4ec8be7e5291c6795c974"
    ),
    "werkzeug pbkdf2 sha1": (
        "pbkdf2:sha1:1000$1vUXmh6aYHkMOJA7$634188ed87b6034a70507f8468ed7015e0c23987"
    ),
    "werkzeug pbkdf2 sha256": (
        "pbkdf2:sha256:1000$uc5qkmteqS1ekQTP$"
        "576d751f1a6b231c20c6cc821172e04a490c35f391b65ce240d59d106c54eb7a"
    ),
    "werkzeug pbkdf2 sha256, former default": (
        "pbkdf2:sha256:600000$bgZbTxQmL1U1PcyQ$"
        "5ce7e0776a31381b62d1b2ffdd828ff5b957857247bfcdf7be80a34ced5301d5"
    ),
    "werkzeug pbkdf2 sha512": (
        "pbkdf2:sha512:1000$nq8YWSQ03AP1W2qX$ba28f3dc5866f8241aecb1e08447ba6cc636eb7cfedd7408c393bbf"
        "c9fa40a590f93c1a1163b1dc6b9e7765ad48f91d610d6a53b870814fac023e86883a7f82a"
    ),
    "django pbkdf2 sha256": (
        "pbkdf2_sha256$1000$ngZLWRyjPOMNpp0C807L3w$uGvt3QHEoE2WzYU8SlezKLIiDW7J/aKrDgyIdmJ56Zg="
    ),
    "django pbkdf2 sha1": "pbkdf2_sha1$1000$w1I08epgTiVl2Ms3AbqoJu$K8ss1Nu7rL/+xmr2LjlHNZOr5Mw=",
    "django scrypt, default": (
        "scrypt$16384$NLewMtI2VAwCOAS7oPKuYn$8$5$mCkWvtzamjdjhSfmTOON0Fh7itNneidAYhcdC9BOCZuB1GOtKfLQ"
        "Y7suCXJuNCscHfKXvyImbg9p1xqTRaZc7w=="
    ),
    "django scrypt": (
        "scrypt$1024$8050jB5ZkxnEWP3qFOImcX$8$5$YjKZZIV20t4/rgkqQwro9Rg2F4rfMN6V9uiygwvTPE8JrTsg6cVsy"
        "/NO/g8QHmUnvvdeD14K3+cJRa7HBcWteQ=="
    ),
    "django bcrypt_sha256": (
        "bcrypt_sha256$$2b$04$aLhTvzW559Bp9uIbW1JPJOPhSeUpvhyzivBrMZ45/LCxSLdF3hvdi"
    ),
    "django bcrypt": "bcrypt$$2b$04$PC7dJ3kCcjnYpQs4PIPsiuE970.XSdqBgEW.RcinUiw2n64AXCXfS",
    "django argon2": (
        "argon2$argon2id$v=19$m=64,t=1,p=2$cEh4Nld5RGNsZ1dlM2hRNGZ2QktBWg$"
        "4OEKtscavUsO1SVYcKEhn9vy2RfB8z2UQVldmx4NAYY"
    ),
    "bcrypt 2a": "$2a$04$ssE.T5.PdXMzHUyzdb2B.O5kSwzDREEyph9wACRSQowWUxE2icluq",
    "bcrypt 2b": "$2b$04$lXAlDBeFBRc9cYufQwyii.4WpQCWI5NYKmwO9Dulum3YIm6fhB75y",
    "bcrypt 2y": "$2y$04$6WqhpYwP4O4Nxh63g0uGfec8Njq1TeOq7bsL765Q6dEMEx46YGYQG",
}
SCRYPT_TAG: Final = "00" * 64
BCRYPT: Final = KNOWN["bcrypt 2b"]
known = pytest.mark.parametrize("stored", KNOWN.values(), ids=KNOWN)


@known
def test_a_known_hash_verifies_its_password_only(stored: str) -> None:
    assert foreign.recognised(stored)
    assert foreign.verify(stored, PASSWORD)
    for wrong in ("", "lætmein 43", "Lætmein 42", f"{PASSWORD} ", "\ud800"):
        assert not foreign.verify(stored, wrong)


@pytest.mark.parametrize("password", [PASSWORD, "wrong", "x" * 100, "nul\0"])
@known
def test_one_sign_in_costs_one_hash(hashed: list[Asked], stored: str, password: str) -> None:
    foreign.verify(stored, password)
    assert len(hashed) == 1


@pytest.mark.parametrize("method", ["scrypt:1024:8:1", "pbkdf2:sha256:10", "pbkdf2:sha512:10"])
def test_what_the_installed_werkzeug_makes_is_verified(method: str) -> None:
    assert foreign.verify(generate_password_hash(PASSWORD, method=method), PASSWORD)


def test_our_own_hashes_are_not_foreign(hasher: Hasher) -> None:
    assert not foreign.recognised(hasher.hash(PASSWORD))


@known
def test_a_known_hash_is_outdated(hasher: Hasher, stored: str) -> None:
    assert hasher.outdated(stored)
    assert not hasher.recognised(stored)


# Unicode


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
def test_pwd_05_a_password_is_tried_as_it_was_typed(form: str) -> None:
    typed = unicodedata.normalize(form, "Ünïcödé ﬁsh")  # type: ignore[arg-type] # a table of forms
    stored = generate_password_hash(typed, method="pbkdf2:sha256:10")
    assert foreign.verify(stored, typed)


def test_pwd_05_a_password_is_then_tried_as_we_hash_it(hashed: list[Asked]) -> None:
    composed = unicodedata.normalize("NFC", "Ünïcödé")
    stored = generate_password_hash(composed, method="pbkdf2:sha256:10")
    hashed.clear()
    assert foreign.verify(stored, unicodedata.normalize("NFD", "Ünïcödé"))
    assert [work.name for work in hashed] == ["pbkdf2_hmac"] * 2


# Length and NUL


@pytest.mark.parametrize("length", [1025, 1_000_000, 50_000_000])
@known
def test_pwd_01_an_endless_password_is_never_hashed(
    hashed: list[Asked], stored: str, length: int
) -> None:
    assert not foreign.verify(stored, "a" * length)
    assert hashed == []


@settings(deadline=None)
@given(
    st.text(st.sampled_from("abc"), min_size=1, max_size=30), st.sampled_from(["2a", "2b", "2y"])
)
def test_pwd_03_passwords_that_differ_after_byte_72_do_not_verify(tail: str, kind: str) -> None:
    start = "x" * 72
    stored = bcrypt.hashpw(start.encode(), bcrypt.gensalt(4)).decode().replace("2b", kind, 1)
    assert foreign.verify(stored, start)
    assert not foreign.verify(stored, start + tail)


@pytest.mark.parametrize("stored", [BCRYPT, KNOWN["django bcrypt"]])
def test_pwd_03_a_hundred_bytes_are_wrong_and_do_not_raise(stored: str) -> None:
    assert not foreign.verify(stored, "x" * 100)
    assert not foreign.verify(stored, "\N{LOCK}" * 19)


def test_pwd_03_a_password_hashed_before_bcrypt_counts_to_its_end() -> None:
    first = hashlib.sha256(b"x" * 100).hexdigest().encode()
    stored = f"bcrypt_sha256${bcrypt.hashpw(first, bcrypt.gensalt(4)).decode()}"
    assert foreign.verify(stored, "x" * 100)
    assert not foreign.verify(stored, "x" * 99 + "y")


@known
def test_pwd_04_a_nul_at_the_end_is_not_ignored(stored: str) -> None:
    assert not foreign.verify(stored, f"{PASSWORD}\0")
    assert not foreign.verify(stored, f"{PASSWORD}\0\0")


def test_pwd_04_bcrypt_never_takes_a_repeated_key_for_the_key() -> None:
    stored = bcrypt.hashpw(b"abc", bcrypt.gensalt(4)).decode()
    assert bcrypt.checkpw(b"abc\0abc", stored.encode())  # what the library says
    assert foreign.verify(stored, "abc")
    assert not foreign.verify(stored, "abc\0abc")


# Without bcrypt


def test_bcrypt_hashes_are_not_recognised_without_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    assert not foreign.recognised(BCRYPT)
    assert not foreign.verify(BCRYPT, PASSWORD)
    assert foreign.recognised(KNOWN["werkzeug scrypt"])


# Hostile strings


@pytest.mark.parametrize(
    "stored",
    [
        f"pbkdf2:sha256:1000000000$salt${'00' * 32}",
        f"pbkdf2:sha256:5000001$salt${'00' * 32}",
        f"pbkdf2:sha256:99999999999999999999$salt${'00' * 32}",
        f"pbkdf2:sha256:0$salt${'00' * 32}",
        f"pbkdf2:sha256:-1$salt${'00' * 32}",
        f"pbkdf2:md5:1000$salt${'00' * 16}",
        f"pbkdf2:sha256:1000$salt${'00' * 31}",
        f"pbkdf2:sha256:1000$salt${'00' * 20}",
        f"pbkdf2:sha256:1000$salt${'0' * 63}",
        "pbkdf2:sha256:1000$salt$",
        f"pbkdf2:sha256:1000$${'00' * 32}",
        f"pbkdf2:sha256:1000${'s' * 129}${'00' * 32}",
        f"pbkdf2:sha256:1000$salt${'00' * 32}\n",
        f"pbkdf2:sha256:1000$salt${'00' * 10_000_000}",
        "pbkdf2_sha256$1000$salt$====",
        f"pbkdf2_sha256$1000$salt${'A' * 42}",
        f"pbkdf2_sha256$1000$salt${'A' * 41}=",
        f"pbkdf2_sha256$1000000000$salt${'A' * 43}=",
        f"pbkdf2_md5$1000$salt${'A' * 22}==",
        f"scrypt:1073741824:8:1$salt${SCRYPT_TAG}",
        f"scrypt:1048576:8:1$salt${SCRYPT_TAG}",
        f"scrypt:32768:8:17$salt${SCRYPT_TAG}",
        f"scrypt:2:1048576:1$salt${SCRYPT_TAG}",
        f"scrypt:2:1:4194304$salt${SCRYPT_TAG}",
        f"scrypt:65536:1:1$salt${SCRYPT_TAG}",
        f"scrypt:32767:8:1$salt${SCRYPT_TAG}",
        f"scrypt:1:8:1$salt${SCRYPT_TAG}",
        f"scrypt:0:8:1$salt${SCRYPT_TAG}",
        f"scrypt:16:8:1$salt${SCRYPT_TAG[:-2]}",
        f"scrypt$1073741824$salt$8$5${'A' * 86}==",
        f"scrypt$1024$salt$8$5${'A' * 88}",
        "argon2$argon2id$v=19$m=4194304,t=100,p=1$c29tZXNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "argon2$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "argon2$",
        BCRYPT.replace("$04$", "$31$"),
        BCRYPT.replace("$04$", "$16$"),
        BCRYPT.replace("$04$", "$03$"),
        BCRYPT.replace("$04$", "$99$"),
        BCRYPT.replace("$2b$", "$2x$"),
        BCRYPT.replace("$2b$", "$2$"),
        BCRYPT.replace("i.4W", "iz4W"),
        BCRYPT[:-1],
        f"{BCRYPT}A",
        f"{BCRYPT}\n",
        f"bcrypt${BCRYPT[1:]}",
        f"md5$salt${'00' * 16}",
        f"sha1$salt${'00' * 20}",
        "!",
        "!unusablePasswordMarkerOfDjango0123456789",
        "plain password",
        "",
        "\0",
        "\ud800",
    ],
)
def test_pwd_10_a_string_out_of_bounds_costs_nothing(hashed: list[Asked], stored: str) -> None:
    assert not foreign.recognised(stored)
    assert not foreign.verify(stored, PASSWORD)
    assert hashed == []


@pytest.mark.parametrize(
    ("n", "r", "p"), [(32768, 1, 1), (131072, 8, 1), (16384, 8, 5), (2, 1, 1024), (64, 512, 2)]
)
def test_pwd_10_what_is_within_bounds_is_run_and_does_not_raise(n: int, r: int, p: int) -> None:
    tag = hashlib.scrypt(b"pw", salt=b"salt", n=n, r=r, p=p, maxmem=2**30).hex()
    assert foreign.verify(f"scrypt:{n}:{r}:{p}$salt${tag}", "pw") is (n < 2 ** (16 * r))


@known
def test_pwd_10_a_truncated_string_is_only_wrong(stored: str) -> None:
    for length in range(len(stored)):
        assert not foreign.verify(stored[:length], PASSWORD) or stored[length:].strip("=") == ""


@given(st.text(), st.text(st.characters()))
def test_pwd_10_no_text_at_all_makes_verify_raise(stored: str, password: str) -> None:
    assert not foreign.verify(stored, password)
