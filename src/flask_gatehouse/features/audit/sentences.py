"""What people are told when `audit` refuses."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_gatehouse.core.sentences import Sentence


def _damaged(facts: Mapping[str, object]) -> str:
    said = []
    if changed := _lanes(facts["lanes"]):
        said.append(
            f"{_named(changed)} of the record {_was(changed)} changed past this program, so "
            f"nothing was deleted from {_it(changed)}: audit verify says what, and audit adopt "
            f"--damaged begins {_it(changed)} anew."
        )
    if former := _lanes(facts["by_former_key"]):
        said.append(
            f"{_named(former)} of the record {_was(former)} written with a key that is no longer "
            f"known, so nothing was deleted from {_it(former)}: name the key in "
            "GATEHOUSE_SECRET_KEY_FALLBACKS and prune again, or, if it is lost, audit adopt "
            f"--damaged begins {_it(former)} anew."
        )
    return " ".join(said)


def _lanes(fact: object) -> list[str]:
    return [str(lane) for lane in fact] if isinstance(fact, tuple) else []


def _named(lanes: Sequence[str]) -> str:
    if len(lanes) == 1:
        return f"Lane {lanes[0]}"
    return f"Lanes {', '.join(lanes[:-1])} and {lanes[-1]}"


def _was(lanes: Sequence[str]) -> str:
    return "was" if len(lanes) == 1 else "were"


def _it(lanes: Sequence[str]) -> str:
    return "it" if len(lanes) == 1 else "them"


SENTENCES: Final[Mapping[str, Sentence]] = {"audit.damaged": _damaged}
