"""What is kept of a person, feature by feature: to be told to them, and to be erased."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.db.work import Work


class Belongings(ABC):
    """Answered by each feature that keeps rows about an account."""

    #: Under which they stand in the person's own copy of their data.
    name: ClassVar[str]

    @abstractmethod
    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object] | Sequence[object]:
        """Return what is kept, as plain data. No secret, no hash of one, nothing about others."""

    @abstractmethod
    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete it. The account itself goes last."""
