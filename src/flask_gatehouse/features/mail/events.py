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
    """A letter was given up: it was tried often enough, or its time is over."""

    name = "mail.dead"
    meaning = "A letter could not be delivered and was given up."
    sentence = "A letter to you could not be delivered."
    outcome = "refused"
    letter: str
    attempts: int


class LetterRetried(Event):
    """Somebody had a letter that was given up tried again."""

    name = "mail.retried"
    meaning = "A letter that was given up is tried again, because somebody asked for it."
    sentence = "A letter to you that could not be delivered is tried again."
    letter: str


class LetterDropped(Event):
    """Somebody took a letter out of the outbox before it was delivered."""

    name = "mail.dropped"
    meaning = "A letter was taken out of the outbox before it was delivered."
    sentence = "A letter to you was not sent, because whoever runs the site took it back."
    letter: str
