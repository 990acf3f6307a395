"""What happens to passkeys. That one was added, renamed or removed is told by `mfa`."""

from flask_gatehouse.core.events import Event


class AnswerRefused(Event):
    """Something was sent as the answer of a passkey of an account that proves nothing."""

    name = "passkeys.refused"
    meaning = "Something was sent as the answer of an account's passkey that proves nothing."
    sentence = "One of your passkeys was tried, and the answer was not good."
    outcome = "refused"
    #: What for: `sign in`, `second step`, `confirm` or `add`.
    purpose: str
    #: What was wrong with it.
    reason: str


class CounterWentBack(Event):
    """A passkey counted backwards or stood still, as a copy of it would."""

    name = "passkeys.counter_went_back"
    meaning = "A passkey counted backwards or stood still, as a copy of it would; it was refused."
    sentence = "One of your passkeys may have been copied: it was refused."
    outcome = "refused"
    #: Public id of the factor.
    factor: str
    #: What was known, and what it said.
    known: int
    said: int
