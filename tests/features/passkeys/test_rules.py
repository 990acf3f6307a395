"""For whom passkeys are made, and how bytes are written."""

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passkeys import rules
from flask_gatehouse.features.passkeys.settings import PasskeySettings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org", ("example.org", "https://example.org")),
        ("https://Example.ORG/app/", ("example.org", "https://example.org")),
        ("https://example.org:443", ("example.org", "https://example.org")),
        ("https://example.org:8443/x", ("example.org", "https://example.org:8443")),
        ("https://bücher.example", ("xn--bcher-kva.example", "https://xn--bcher-kva.example")),
        ("http://127.0.0.1:5000", ("localhost", "http://localhost:5000")),
        ("http://127.0.0.1", ("localhost", "http://localhost")),
        ("http://127.8.8.8:80", ("localhost", "http://localhost")),
        ("http://[::1]:5000", ("localhost", "http://localhost:5000")),
        ("http://localhost:5000", ("localhost", "http://localhost:5000")),
        ("https://localhost:5000", ("localhost", "https://localhost:5000")),
        ("http://example.org", None),
        ("https://192.0.2.7", None),
        ("https://3221225991", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_the_party_is_a_host_that_browsers_accept(
    url: str, expected: tuple[str, str] | None
) -> None:
    found = rules.party(url)
    assert (None if found is None else (found.id, found.home)) == expected


@pytest.mark.parametrize(
    "text", [None, 7, "=", "AA==", "A", "AAAAA", "AB", "a+b/", "a b", "é", "AA\n", b"AA", ["AA"]]
)
def test_what_was_written_otherwise_is_not_read(text: object) -> None:
    assert rules.to_bytes(text) is None


@pytest.mark.parametrize("raw", [b"", b"\0", b"ab", b"abc", bytes(range(256))])
def test_what_was_written_is_read(raw: bytes) -> None:
    assert rules.to_bytes(rules.to_text(raw)) == raw


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.net",
        "https://example.net/",
        "https://Example.net",
        "https://example.net:443",
        "https://bücher.example",
        "https://user@example.net",
        "https://example.net:x",
        "https://",
        "example.net",
        "*",
    ],
)
def test_what_is_no_origin_stops_the_start(origin: str) -> None:
    with pytest.raises(Misconfigured, match="RELATED_ORIGINS"):
        PasskeySettings(related_origins=(origin,))


def test_ids_of_nobody_look_like_those_of_somebody() -> None:
    key = b"k" * 32
    mine = [bytes([n]) * 32 for n in range(12)]
    listed = rules.named(key, name="username:alice", has=mine)
    assert len(listed) == rules.LISTED
    assert set(listed) < set(mine)
    nobody = rules.named(key, name="username:nobody", has=[])
    assert len(set(nobody)) == rules.LISTED
    assert all(rules.is_stand_in(key, each) for each in nobody)
    assert not any(rules.is_stand_in(key, each) for each in mine)
    assert not any(rules.is_stand_in(b"o" * 32, each) for each in nobody)
    assert {len(each) for each in nobody} <= {16, 20, 32, 48, 64}
    assert len({len(each) for each in nobody}) > 1
    with_one = rules.named(key, name="username:nobody", has=mine[:1])
    assert len(set(nobody) & set(with_one)) == rules.LISTED - 1


def test_ways_are_those_that_there_are() -> None:
    assert rules.ways(["usb", "nfc", "evil", "usb", 7, None]) == "nfc usb"
    assert rules.ways("usb") == ""
    assert rules.ways(None) == ""
