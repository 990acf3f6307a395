"""Who may read, and how numbers are written. Pure rules."""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Literal

#: Characters of the shortest token.
SHORTEST_TOKEN: Final = 32

#: Source: RFC 6750 2.1.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")

#: Source: the exposition format 0.0.4 of Prometheus.
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: What the ways in of one sign-in may be called; anything else is "other".
_WAYS: Final = re.compile(r"[a-z_ ]{1,32}( \+ [a-z_ ]{1,32}){0,3}")

#: Ways in that are told apart.
MOST_WAYS: Final = 40

OTHER: Final = "other"


@dataclass(frozen=True)
class Sample:
    """One number. Labels hold no text from outside."""

    value: float
    labels: Mapping[str, str]
    #: What is added to the name of the family, such as `_bucket`.
    suffix: str = ""


@dataclass(frozen=True)
class Family:
    """Numbers of one kind."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    samples: Sequence[Sample]


def number(name: str, meaning: str, value: float, **labels: str) -> Family:
    """Return what is one number: a counter if its name ends so, or a gauge."""
    return numbers(name, meaning, [Sample(value, labels)])


def numbers(name: str, meaning: str, samples: Sequence[Sample]) -> Family:
    """Return numbers that differ in their labels."""
    return Family(name, "counter" if name.endswith("_total") else "gauge", meaning, samples)


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token, and is long enough to be guessed by nobody."""
    return len(text) >= SHORTEST_TOKEN and _TOKEN.fullmatch(text) is not None


def is_same(shown: str | None, token: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest((shown or "").encode(), token.encode())


def network(text: str) -> IPv4Network | IPv6Network:
    """Return the network that is meant. Raises: ValueError."""
    return ip_network(text)


def is_everywhere(text: str) -> bool:
    """Whether a network holds every address of its kind."""
    return network(text).prefixlen == 0


def is_within(address: str | None, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; whose address nobody knows is in none."""
    if address is None:
        return False
    asking = ip_address(address)
    return any(asking in network(each) for each in networks)


def ways(counted: Mapping[str, int]) -> dict[str, int]:
    """Return how often ways in were used, so that there are never many names."""
    told: dict[str, int] = {}
    for name in sorted(counted):
        known = _WAYS.fullmatch(name) is not None and len(told) < MOST_WAYS
        key = name if known else OTHER
        told[key] = told.get(key, 0) + counted[name]
    return told


def written(families: Sequence[Family]) -> str:
    """Return numbers as Prometheus reads them."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {family.name} {meaning}"
    yield f"# TYPE {family.name} {family.kind}"
    for each in family.samples:
        labels = ",".join(f'{name}="{_escaped(text)}"' for name, text in each.labels.items())
        braced = f"{{{labels}}}" if labels else ""
        yield f"{family.name}{each.suffix}{braced} {each.value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
