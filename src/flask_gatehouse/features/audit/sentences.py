"""What people are told when `audit` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence


def _damaged(facts: Mapping[str, object]) -> str:
    return (
        f"Lane {facts['lane']} of the record was changed past this program, so nothing more was "
        "deleted: audit verify says what, and audit adopt --damaged begins it anew."
    )


SENTENCES: Final[Mapping[str, Sentence]] = {"audit.damaged": _damaged}
