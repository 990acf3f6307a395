"""The sockets of the kinds of factors, which are features of their own."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users.models import User


class FactorKind(ABC):
    """One kind of factor, as the gate and the list of factors see it."""

    #: What its rows are called; what a proof by it is called may be another word.
    method: ClassVar[str]
    #: What people call the kind.
    label: ClassVar[str]
    #: Endpoint of its page at the gate, and what a link to that says.
    ask: ClassVar[str]
    way: ClassVar[str]
    #: What it is, in one sentence, for whoever chooses what to set up.
    about: ClassVar[str] = ""
    #: Endpoint of the page that adds one; None if there is none.
    add: ClassVar[str | None]
    #: Endpoint of a page of its own beside the list, and what a link to that says.
    keep: ClassVar[str | None] = None
    kept: ClassVar[str] = ""
    #: Whether having one makes the account ask for a second step.
    counts: ClassVar[bool] = True
    #: Whether one can sign in by it alone.
    enters_alone: ClassVar[bool] = False
    #: At the gate the kind with the smallest is asked for first.
    order: ClassVar[int]

    @abstractmethod
    def is_offered(self, house: House) -> bool:
        """Whether one can be added: it is switched on, and what it needs is installed."""


class SpareCodes(ABC):
    """What helps whoever loses a factor."""

    @abstractmethod
    def issue(self, work: Work, *, user: User) -> tuple[str, ...]:
        """Return new codes, to be shown once; those of before are void."""


class WayIn(ABC):
    """Another way into an account than by its factors, such as a password."""

    @abstractmethod
    def is_open(self, db: Session, user_id: UUID) -> bool:
        """Whether the account has it."""


def all_of(house: House) -> tuple[FactorKind, ...]:
    """Return every kind, in the order in which they are asked for."""
    return tuple(sorted(house.plugs(FactorKind), key=lambda kind: kind.order))


def those_that_count(house: House) -> frozenset[str]:
    """Return the methods of which one makes an account ask for a second step."""
    return frozenset(kind.method for kind in house.plugs(FactorKind) if kind.counts)


def of(house: House, methods: Iterable[str]) -> tuple[FactorKind, ...]:
    """Return the kinds of these methods, in the order in which they are asked for."""
    wanted = frozenset(methods)
    return tuple(kind for kind in all_of(house) if kind.method in wanted)
