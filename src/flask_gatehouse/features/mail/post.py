"""The way out of the house, as the outbox knows it. A host may bring its own."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from email.message import EmailMessage

from flask_gatehouse.features.mail.errors import LetterRefused, NotDelivered

__all__ = ["LetterRefused", "NotDelivered", "Post"]


class Post(ABC):
    """Takes letters out of the house.

    It is called by the thread or process that sends, never by one that answers a page. It should
    give up on its own after some seconds: a letter that takes minutes is tried by somebody else.
    """

    @abstractmethod
    def deliver(self, message: EmailMessage) -> None:
        """Hand one message on, whole, to the one recipient in its header `To`.

        Raises:
            NotDelivered: it was not taken; it will be tried again.
            LetterRefused: it will never be taken; it is given up.
        """

    def opened(self) -> AbstractContextManager["Post"]:
        """Return what delivers several letters, one after the other, and is closed after them."""
        return nullcontext(self)
