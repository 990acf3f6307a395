"""What happens to passwords."""

from flask_gatehouse.core.events import Event


class PasswordSet(Event):
    """A password was set; every session of before ended."""

    name = "passwords.set"
    meaning = "A password was set, which ends every session of before."
    sentence = "Your password was set, which ended every earlier sign-in."


class PasswordRehashed(Event):
    """The hash of a password was replaced by one of today's cost; the password stays."""

    name = "passwords.rehashed"
    meaning = "The hash of a password was replaced by one of today's kind and cost."
    #: The password stays, so there is nothing to know.
    sentence = None


class PasswordStopped(Event):
    """A password was disabled after too many failures in a row."""

    name = "passwords.stopped"
    meaning = "A password was disabled, because too many wrong ones were tried in a row."
    sentence = "Your password was stopped after too many wrong ones in a row."
    outcome = "refused"
    failures: int
    #: False while browsers in which the owner signed in before may still use it.
    everywhere: bool


class ConfirmationsExhausted(Event):
    """A session was ended, because too many wrong passwords were tried in it."""

    name = "passwords.confirmations_exhausted"
    meaning = "A session was ended, because too many wrong passwords were typed to confirm in it."
    sentence = "You were signed out after too many wrong passwords on the page that asks again."
    outcome = "refused"


class InvitationMade(Event):
    """A link for choosing the first password was made."""

    name = "passwords.invitation_made"
    meaning = "A link for choosing a password was made."
    sentence = "A link for choosing your password was made."
