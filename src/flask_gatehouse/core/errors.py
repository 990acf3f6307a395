"""The five kinds of refusal, and the two ways in which the house itself can fail.

A refusal says *what* was refused by a stable code and by facts, never by an HTTP status or by a
sentence for people: `web.errors` maps kinds to status codes once, for every transport.
"""

from collections.abc import Callable
from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is a statement, not a fault
    """Somebody asked for something and may not have it. Raising it rolls the work back."""

    code: ClassVar[str] = "refused"

    def __init__(self, **facts: object) -> None:
        """Keep what a caller may need to act on, such as `retry_after` in seconds."""
        self.facts = facts
        super().__init__(self.code, facts)

    def __str__(self) -> str:
        """Name the code and the facts; facts never hold a secret."""
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code} ({told})" if told else self.code


class NotProven(Refusal):
    """Who is asking has not been proven (401)."""

    code = "not_proven"


class NotAllowed(Refusal):
    """Who is asking is known and may not do this (403)."""

    code = "not_allowed"


class NotValid(Refusal):
    """What was sent cannot be used as it is (422)."""

    code = "not_valid"


class Conflict(Refusal):
    """What was asked contradicts what is already so (409)."""

    code = "conflict"


class TooManyAttempts(Refusal):
    """Too often, too fast (429). Facts: `retry_after`, whole seconds."""

    code = "too_many_attempts"


class Held(NotAllowed):
    """What was proven is right and not enough yet: the person goes on at another page (303).

    Each reason has a class of its own. Whoever opens the work in which it is raised commits it.
    """

    code = "held"

    #: Endpoint of the page.
    page: ClassVar[str]
    #: Name of the cookie in which that page looks for what it needs to know.
    cookie: ClassVar[str]

    def __init__(self, *, hand: str = "") -> None:
        """Args: hand: what the browser is given for that page, and nobody else; empty: nothing."""
        self.hand = hand
        #: Path of the page that was wanted, which goes along.
        self.wanted: str | None = None
        #: Asks once more, where whoever stands around the work in which it was raised undoes that.
        self.again: Callable[[], None] | None = None
        super().__init__()


class Unavailable(Exception):  # noqa: N818 - a statement, like the refusals
    """The house cannot answer now and decides nothing (503): no database, no free hashing slot."""

    code: ClassVar[str] = "unavailable"

    def __init__(self, *, retry_after: int = 5) -> None:
        """Args: retry_after: whole seconds after which asking again makes sense."""
        self.retry_after = retry_after
        super().__init__(self.code)


class Overloaded(Unavailable):
    """Too many ask at once (503). Nothing is broken, so the log gets a line and no traceback."""

    code = "overloaded"


class Misconfigured(Exception):  # noqa: N818 - a statement, like the refusals
    """The start is refused; the message is one sentence for whoever runs the site."""
