"""To where nothing may be sent, and receivers that mean harm."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network

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
    "[2002:5db8:d70e::]",
    "192.0.0.9",
    "192.88.99.1",
    "[3fff::1]",
    "[2001::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "localhost",
    "LOCALHOST.",
]


@pytest.mark.parametrize("host", INSIDE)
def test_asvs_1_3_6_nothing_is_sent_into_a_network_however_it_is_spelt(host: str) -> None:
    with pytest.raises(NotTaken) as refused:
        post(f"https://{host}/")
    # Some spellings no system knows: they lead nowhere.
    known = ("the name leads into a network", "its name cannot be looked up")
    assert str(refused.value) in known


def post(url: str, *, timeout: float = 10, private: bool = False) -> int:
    return reaching.post(url, body=b"{}", headers={}, timeout=timeout, private=private)


#: Every block of IANA's registries of special purposes, and what is beside them: multicast, what
#: is reserved, and former purposes.
SPECIAL = [
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by the customers of a provider"),
    ("127.0.0.0/8", "this machine"),
    ("169.254.0.0/16", "link-local, and metadata of clouds"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocols of the IETF"),
    ("192.0.0.8/32", "dummy"),
    ("192.0.0.9/32", "anycast of port control"),
    ("192.0.0.10/32", "anycast of relays"),
    ("192.0.0.170/31", "finding out about NAT64"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "anycast of 6to4 relays"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112, by delegation"),
    ("198.18.0.0/15", "benchmarks"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved, and everybody"),
    ("::/128", "nobody"),
    ("::1/128", "this machine"),
    ("::/96", "IPv4-compatible, given up"),
    ("64:ff9b:1::/48", "NAT64 of one's own"),
    ("100::/64", "discarded"),
    ("100:0:0:1::/64", "dummy"),
    ("2001::/23", "protocols of the IETF"),
    ("2001::/32", "Teredo"),
    ("2001:1::1/128", "anycast of port control"),
    ("2001:1::2/128", "anycast of relays"),
    ("2001:1::3/128", "anycast of service registration"),
    ("2001:2::/48", "benchmarks"),
    ("2001:3::/32", "AMT"),
    ("2001:4:112::/48", "AS112"),
    ("2001:10::/28", "ORCHID, given up"),
    ("2001:20::/28", "ORCHIDv2"),
    ("2001:30::/28", "tags of drones"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112, by delegation"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local, given up"),
    ("ff00::/8", "multicast"),
    ("4000::/2", "given to nobody"),
    ("8000::/1", "given to nobody, or of the above"),
]

#: How IPv6 carries an address of IPv4.
CARRYING = ["::ffff:{}", "64:ff9b::{}"]


def _is_reached(address: str) -> bool:
    try:
        rules.checked([address], private=False)
    except NotReachable:
        return False
    return True


@pytest.mark.parametrize(("block", "purpose"), SPECIAL)
def test_asvs_1_3_6_no_address_of_a_special_purpose_is_told(block: str, purpose: str) -> None:
    network = ip_network(block)
    inside = [network[0], network[network.num_addresses // 2], network[-1]]
    spelt = [str(each) for each in inside]
    if network.version == 4:
        spelt += [carrying.format(each) for carrying in CARRYING for each in inside]
    assert [each for each in spelt if _is_reached(each)] == [], purpose


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        # Beside each block, as far as what is beside it is no other one.
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "2620:4f:8001::1",
        "3ffe:ffff::1",
    ],
)
def test_addresses_in_the_internet_are_public(address: str) -> None:
    spelt = [address]
    if ":" not in address:
        spelt += [carrying.format(address) for carrying in CARRYING]
    assert [each for each in spelt if not _is_reached(each)] == []


def test_an_interface_in_an_address_changes_nothing() -> None:
    assert not _is_reached("fe80::1%eth0")
    assert not _is_reached("::ffff:10.0.0.1%eth0")


def test_a_name_with_one_private_address_is_not_believed() -> None:
    with pytest.raises(NotReachable):
        rules.checked(["93.184.215.14", "10.0.0.1"], private=False)


def test_asvs_1_3_6_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
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
