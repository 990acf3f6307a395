"""Sentences for people, by the code of a refusal: one text for pages and command line alike."""

from collections.abc import Callable, Mapping

from flask_gatehouse.core.errors import Refusal

#: From the facts of a refusal to a whole sentence.
Sentence = Callable[[Mapping[str, object]], str]


class Sentences:
    """Every sentence that the features of an application know."""

    def __init__(self, known: Mapping[str, Sentence]) -> None:
        """Args: known: code to sentence."""
        self._known = dict(known)

    def of(self, refusal: Refusal) -> str:
        """Return what to tell the person; if there is nothing closer, the code."""
        for kind in type(refusal).__mro__:
            sentence = self._known.get(getattr(kind, "code", ""))
            if sentence is not None:
                return sentence(refusal.facts)
        return f"That was refused ({refusal.code})."


def fixed(text: str) -> Sentence:
    """Return a sentence that needs no facts."""
    return lambda _facts: text


def waiting_time(seconds: int) -> str:
    """Say a waiting time as people do: `40 seconds`, `5 minutes`, rounded up."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds > length or (seconds == length and unit == "minute"):
            return _counted(-(-seconds // length), unit)
    return _counted(seconds, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
