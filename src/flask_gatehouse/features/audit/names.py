"""The socket by which the record asks what accounts are called."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session


class Names(ABC):
    """Knows the accounts by name. The record itself holds their ids only."""

    @abstractmethod
    def id_of(self, db: Session, text: str) -> UUID:
        """Return whose user name or address this is. Raises: a refusal if it is nobody's."""

    @abstractmethod
    def of(self, db: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return the user names of those that still exist."""
