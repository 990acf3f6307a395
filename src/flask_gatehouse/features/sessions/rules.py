"""What a handle looks like, and when a session is over. Pure rules."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from flask_gatehouse.core import tokens

#: Version and purpose in front of every handle, so that a scanner finds it and a later format can
#: stand beside it.
_MARK: Final = "gh1s"

#: In front of a handle by which somebody sees the site as somebody else, and in front of the one
#: that leads back: neither is taken for the handle of a session of one's own.
VIEW: Final = "gh1v"
ASIDE: Final = "gh1a"

#: A session that ends with the browser, and one that a browser remembers.
BROWSER = 1
REMEMBERED = 2
#: One in which somebody sees the site as somebody else.
VIEWING = 3

#: A view that nobody uses for so long is over: whoever looks is there.
VIEWING_IDLE: Final = timedelta(minutes=5)

#: "Last seen" of a person, and of an administrator, is at least so much apart.
_STEP: Final = timedelta(minutes=5)
_CLOSE_STEP: Final = timedelta(minutes=1)
#: In a session that ends with the browser it is no more than that apart, however long its limits.
LONGEST_STEP: Final = timedelta(minutes=10)

#: Kinds of factors that a method proves. A letter proves a mailbox, which is no factor, and what a
#: host has proven counts as one thing, whatever it was. Source: NIST SP 800-63B-4 2.2, 3.1.3.1.
_PROVES: Final[Mapping[str, frozenset[str]]] = {
    "password": frozenset({"knowledge"}),
    "host": frozenset({"host"}),
    "totp": frozenset({"possession"}),
    "recovery_code": frozenset({"possession"}),
    "key": frozenset({"possession"}),
    "passkey": frozenset({"possession", "verification"}),
}

#: Characters of a handle: mark, key id, secret, and two dots between them.
HANDLE_LENGTH = len(_MARK) + 8 + tokens.SECRET_LENGTH + 2


class Handle(NamedTuple):
    """What the cookie holds: which key its digest was made with, and 256 random bits."""

    key_id: str
    secret: str
    mark: str = _MARK

    def __str__(self) -> str:
        """Return the value of the cookie."""
        return f"{self.mark}.{self.key_id}.{self.secret}"

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"Handle(key_id={self.key_id!r}, secret='***')"


def parse(value: str | None, *, marks: Collection[str] = (_MARK, VIEW)) -> Handle | None:
    """Return the handle in a cookie, or None if no handle looks so: then nothing is asked.

    Args:
        marks: of which kinds it may be.
    """
    if value is None or len(value) != HANDLE_LENGTH:
        return None
    mark, _, rest = value.partition(".")
    key_id, _, secret = rest.partition(".")
    if mark not in marks or not tokens.well_formed(secret):
        return None
    return Handle(key_id, secret, mark)


def is_view(value: str | None) -> bool:
    """Whether the handle in a cookie is one of a view, which may be over."""
    return value is not None and value.startswith(f"{VIEW}.")


def last_seen_step(idle_limit: timedelta, *, closely: bool = False) -> timedelta:
    """Return how stale "last seen" may become before it is written again: writes are costly.

    Args:
        closely: every minute at most, for whoever may do much.
    """
    sixth = idle_limit / 6
    step = max(_STEP, sixth) if idle_limit > 6 * _STEP else sixth
    return min(step, _CLOSE_STEP) if closely else step


def assurance(methods: Iterable[str]) -> int:
    """Return 2 if something that one has and something else were proven, else 1.

    What is proven twice counts once. Source: NIST SP 800-63B-4 2.2.
    """
    kinds = frozenset[str]().union(*(_PROVES.get(method, frozenset()) for method in methods))
    return 2 if "possession" in kinds and len(kinds) > 1 else 1
