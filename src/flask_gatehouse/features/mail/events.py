"""What happens to letters. Whom they are for is told by `user_id` only, never by an address."""

from flask_gatehouse.core.events import Event


class LetterPosted(Event):
    """A letter was put into the outbox."""

    name = "mail.posted"
    meaning = "A letter was put into the outbox, to be sent after the commit."
    #: Sending it is what counts.
    sentence = None
    letter: str


class LetterSent(Event):
    """A letter was accepted by the next mail server, or kept as a file."""

    name = "mail.sent"
    meaning = "A letter was accepted by the next mail server, or kept as a file."
    sentence = "A letter was sent to you."
    letter: str


class LetterFailed(Event):
    """A letter was given up after two days of trying."""

    name = "mail.dead"
    meaning = "A letter could not be delivered for two days and was given up."
    sentence = "A letter to you could not be delivered."
    outcome = "refused"
    letter: str
    attempts: int
