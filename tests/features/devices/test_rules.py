import pytest

from flask_gatehouse.features.devices import rules
from flask_gatehouse.features.devices.errors import NameRefused

MOZILLA = "Mozilla/5.0"
APPLE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "described"),
    [
        (
            f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {APPLE} Chrome/140.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            f"{MOZILLA} (Windows NT 10.0) {APPLE} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) {APPLE} CriOS/140 Safari/604",
            "Chrome on iPhone",
        ),
        (
            f"{MOZILLA} (Linux; Android 10; K) {APPLE} SamsungBrowser/28.0 Chrome/130.0 Safari/5",
            "Samsung Internet on Android",
        ),
        (f"{MOZILLA} (X11; CrOS x86_64 14541) {APPLE} Chrome/140.0 Safari/5", "Chrome on ChromeOS"),
        ("curl/8.9.1", "curl"),
        (f"{MOZILLA} (Windows NT 10.0)", "Unknown browser on Windows"),
        ("<script>alert(1)</script>", "Unknown browser"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
    ],
)
def test_a_browser_is_called_what_it_says_it_is(agent: str | None, described: str) -> None:
    assert rules.described(agent) == described


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Kitchen", "Kitchen"),
        ("  Kitchen  ", "Kitchen"),
        ("Küche des Großvaters", "Küche des Großvaters"),
        ("k" * 64, "k" * 64),
        ("", None),
        ("   ", None),
    ],
)
def test_a_name_is_kept_without_the_spaces_around_it(text: str, name: str | None) -> None:
    assert rules.acceptable_name(text) == name


@pytest.mark.parametrize(
    "text", ["k" * 65, "a\nb", "a\x00b", "a\u202eb", "a\u200bb", "\ud800", "a\x1b[31m"]
)
def test_a_name_that_is_too_long_or_cannot_be_seen_is_refused(text: str) -> None:
    with pytest.raises(NameRefused):
        rules.acceptable_name(text)


def test_a_proof_is_named_in_words_and_an_unknown_one_by_itself() -> None:
    assert rules.proven_by("password") == "Password"
    assert rules.proven_by("password sealing_wax") == "Password, sealing_wax"
