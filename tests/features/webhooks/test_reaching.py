"""To where nothing may be sent, and receivers that mean harm."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flask_gatehouse.features.webhooks import reaching, rules
from flask_gatehouse.features.webhooks.errors import NotReachable, NotTaken, UrlRefused
from tests.features.webhooks.receivers import listening

INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",  # noqa: S104 - somewhere not to send to
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "localhost",
    "LOCALHOST.",
]


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_is_sent_into_a_network_however_it_is_spelt(host: str) -> None:
    with pytest.raises(NotTaken) as refused:
        post(f"https://{host}/")
    # Some spellings no system knows: they lead nowhere.
    known = ("the name leads into a network", "its name cannot be looked up")
    assert str(refused.value) in known


def post(url: str, *, timeout: float = 10, private: bool = False) -> int:
    return reaching.post(url, body=b"{}", headers={}, timeout=timeout, private=private)


@pytest.mark.parametrize("host", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_in_the_internet_are_public(host: str) -> None:
    assert rules.checked([host], private=False) == [host]


def test_a_name_with_one_private_address_is_not_believed() -> None:
    with pytest.raises(NotReachable):
        rules.checked(["93.184.215.14", "10.0.0.1"], private=False)


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, connected = [], []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotTaken, match="nobody listens there"):
        post("https://rebinding.example.org/")
    assert asked == ["rebinding.example.org"]
    assert connected == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.org/", "scheme"),
        ("ftp://hooks.example.org/", "scheme"),
        ("https://name:word@hooks.example.org/", "secret_in_it"),
        ("https://127.0.0.1/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://localhost/", "private"),
        ("https://hooks.example.org:99999/", "form"),
        ("https://hooks.example.org/a b", "form"),
        ("https://hooks.example.org\\@127.0.0.1/", "form"),
        ("https://hooks.example.org/#here", "form"),
        ("https:///path", "form"),
        ("https://hooks.example.org/\r\nX: y", "form"),
        ("https://[::1/", "form"),
        ("https://hooks.example.org/" + "a" * 500, "too_long"),
    ],
)
def test_an_address_that_is_not_good_is_refused(url: str, reason: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        rules.url(url, private_hosts=())
    assert refused.value.facts["reason"] == reason


def test_http_is_for_a_named_host_on_this_machine_only() -> None:
    here = "http://127.0.0.1:8000/"
    assert rules.url(here, private_hosts=("127.0.0.1",)) == here
    with pytest.raises(UrlRefused):
        rules.url("http://hooks.internal/", private_hosts=("hooks.internal",))


@contextmanager
def speaking(answer: bytes, *, for_ever: bytes = b"") -> Iterator[str]:
    """Answer each connection with some bytes, then others as often as they are taken."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        taken, _ = server.accept()
        with taken:
            try:
                taken.sendall(answer)
                while for_ever and not over.wait(0.02):
                    taken.sendall(for_ever)
            except OSError:
                return
            over.wait()

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        over.set()
        thread.join()
        server.close()


@pytest.mark.parametrize(
    ("answer", "for_ever"),
    [
        (b"", b""),
        (b"HTTP/1.1 2", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_without_an_end_is_cut_off(answer: bytes, for_ever: bytes) -> None:
    with (
        speaking(answer, for_ever=for_ever) as url,
        pytest.raises(NotTaken, match="it took too long"),
    ):
        post(url, timeout=0.3, private=True)


def test_of_an_endless_body_nothing_is_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with speaking(head, for_ever=b"5\r\nhello\r\n") as url:
        assert post(url, private=True) == 200


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_an_answer_that_is_no_http_is_a_failure(answer: bytes) -> None:
    with speaking(answer) as url, pytest.raises(NotTaken, match="no answer that can be read"):
        post(url, private=True)


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy, listening() as receiver:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert post(receiver.url, private=True) == 204
    assert (len(proxy.got), len(receiver.got)) == (0, 1)
