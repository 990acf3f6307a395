"""Receivers that speak TLS: which are believed, and what the others get to see."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from flask_gatehouse import Misconfigured
from flask_gatehouse.features.webhooks import reaching
from flask_gatehouse.features.webhooks.errors import NotTaken
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.mail.smtp_server import Authority
from tests.features.webhooks.receivers import listening, signed_by

BODY = b'{"type":"login.succeeded"}'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of a network of one's own, that no system knows."""
    return _authority(tmp_path / "own")


def _authority(folder: Path) -> Authority:
    folder.mkdir()
    return Authority(folder)


def post(url: str, ca: Path | None, *, timeout: float = 10) -> int:
    return reaching.post(
        url,
        body=BODY,
        headers={"webhook-signature": "v1,marker"},
        timeout=timeout,
        private=True,
        ca=None if ca is None else str(ca),
    )


@contextmanager
def overheard(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Speak no TLS at an address that begins with https, and keep what is sent all the same."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        taken, _ = server.accept()
        with taken, suppress(ConnectionError):
            heard.append(taken.recv(65536))
            taken.sendall(answer)
            while more := taken.recv(65536):
                heard.append(more)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.getsockname()[1]}/path-of-the-receiver", heard
    finally:
        thread.join()
        server.close()


def test_a_receiver_with_a_certificate_of_an_own_authority_is_told(authority: Authority) -> None:
    with listening(tls=authority.server("127.0.0.1")) as receiver:
        assert post(receiver.url, authority.path) == 204
    [(_, body)] = receiver.got
    assert body == BODY


def test_it_is_the_name_of_the_url_that_the_certificate_is_for(authority: Authority) -> None:
    with listening(tls=authority.server("localhost")) as receiver:
        by_name = receiver.url.replace("127.0.0.1", "localhost")
        assert post(by_name, authority.path) == 204
        with pytest.raises(NotTaken, match=r"its certificate is not good: .*not valid for"):
            post(receiver.url, authority.path)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("elsewhere.example.org", "certificate is not valid for '127.0.0.1'"),
        ("127.0.0.2", "certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_receiver_with_the_certificate_of_another_gets_nothing(
    authority: Authority, name: str, said: str
) -> None:
    with (
        listening(tls=authority.server(name)) as receiver,
        pytest.raises(NotTaken, match="its certificate is not good") as refused,
    ):
        post(receiver.url, authority.path)
    assert said in str(refused.value)
    assert (receiver.got, receiver.paths) == ([], [])


def test_a_receiver_with_a_certificate_that_has_ended_gets_nothing(authority: Authority) -> None:
    with (
        listening(tls=authority.server("127.0.0.1", ended=True)) as receiver,
        pytest.raises(NotTaken, match="certificate has expired"),
    ):
        post(receiver.url, authority.path)
    assert (receiver.got, receiver.paths) == ([], [])


def test_asvs_12_3_4_nobody_is_believed_whose_authority_is_not_known(
    authority: Authority, tmp_path: Path
) -> None:
    """Neither without an authority of one's own, nor with another one of the same name."""
    others = _authority(tmp_path / "other")
    with listening(tls=authority.server("127.0.0.1")) as receiver:
        for ca in (None, others.path):
            with pytest.raises(NotTaken, match="its certificate is not good"):
                post(receiver.url, ca)
    assert (receiver.got, receiver.paths) == ([], [])


def test_what_the_system_trusts_is_trusted(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    others = _authority(tmp_path / "other")
    with listening(tls=authority.server("127.0.0.1")) as receiver:
        assert post(receiver.url, None) == 204
        assert post(receiver.url, others.path) == 204


@pytest.mark.parametrize("answer", [b"HTTP/1.1 204 No Content\r\n\r\n", b"", b"\x15\x03\x01\x00"])
def test_who_speaks_no_tls_sees_nothing_of_what_would_be_sent(answer: bytes) -> None:
    with overheard(answer) as (url, heard), pytest.raises(NotTaken):
        post(url, None, timeout=1)
    said = b"".join(heard)
    assert said[:1] == b"\x16"
    for kept in (b"login.succeeded", b"marker", b"path-of-the-receiver", b"POST"):
        assert kept not in said


def test_asvs_12_3_4_a_setting_names_the_authority(
    make_site: MakeSite, sqlite_url: str, authority: Authority
) -> None:
    hosts = ("127.0.0.1",)
    config = {"GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS": hosts}
    blind = GatehouseTester(make_site(sqlite_url, **config))
    knowing = GatehouseTester(
        make_site(sqlite_url, GATEHOUSE_WEBHOOKS_CA=str(authority.path), **config)
    )
    with listening(tls=authority.server("127.0.0.1")) as receiver:
        public_id, secret = _run(knowing, "add", receiver.url, "login.*")[1].split()
        status, said = _run(blind, "test", public_id)
        assert (status, receiver.got) == (1, [])
        assert "its certificate is not good" in said
        assert _run(knowing, "test", public_id) == (0, "Taken: 204.\n")
    assert signed_by(secret, receiver.got[0])


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_a_certificate_stops_the_start(
    make_site: MakeSite, sqlite_url: str, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match="GATEHOUSE_WEBHOOKS_CA names a file"):
        make_site(sqlite_url, GATEHOUSE_WEBHOOKS_CA=str(path))


def _run(site: GatehouseTester, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "webhooks", *args])
    return done.exit_code, done.output
