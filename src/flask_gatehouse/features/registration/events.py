"""What happens to registrations."""

from flask_gatehouse.core.events import Event


class RegistrationAsked(Event):
    """Somebody made an account; its address has to be proven."""

    name = "registration.asked"
    meaning = "Somebody made an account of their own; its address has to be proven."
    sentence = "Your account waits for the proof of its e-mail address."


class AddressCompared(Event):
    """It was found out whether an account has the address of a registration.

    Recorded of every one, of an account only if it has: a row more would show in the time.
    """

    name = "registration.compared"
    meaning = (
        "The address of a registration was compared with those of the accounts; the event is about "
        "the account that has it, if there is one."
    )
    sentence = "Somebody tried to make another account with your e-mail address."


class RegistrationRefused(Event):
    """Something that is no person filled in the form."""

    name = "registration.refused"
    meaning = "A registration was refused because of who sent it: the trap, or the host's check."
    sentence = None
    outcome = "refused"
    #: "trap" or "check".
    reason: str


class RegistrationVerified(Event):
    """Somebody proved the address of their new account."""

    name = "registration.verified"
    meaning = "Somebody proved the address of their new account."
    sentence = "You confirmed the e-mail address of your new account."
    #: What was used: "link" or "code".
    by: str


class RegistrationLapsed(Event):
    """An account whose address nobody proved is erased."""

    name = "registration.lapsed"
    meaning = "A new account was erased because nobody proved its address in time."
    sentence = None
