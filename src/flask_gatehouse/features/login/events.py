"""What happens at the front desk."""

from flask_gatehouse.core.events import Event


class LoggedIn(Event):
    """Somebody signed in."""

    name = "login.succeeded"
    meaning = "Somebody signed in."
    sentence = "You signed in."
    methods: tuple[str, ...]
    remembered: bool
    #: The host's own id of the person, where the host keeps its own users.
    subject: str | None = None


class LoginRefused(Event):
    """A sign-in was refused."""

    name = "login.refused"
    meaning = "A sign-in was refused."
    sentence = "Somebody tried to sign in as you, and was refused."
    outcome = "refused"
    method: str
    #: Keyed hash of what was typed as name: people type passwords there.
    name_hash: str


class LoginHeld(Event):
    """Somebody proved who they are, and has to do something more first."""

    name = "login.held"
    meaning = "Somebody proved who they are and was not let in yet: something more is wanted first."
    sentence = "The first step of signing in as you was right, and something more was asked for."
    #: The code of what holds the door.
    by: str


class LoggedOut(Event):
    """Somebody signed out."""

    name = "login.ended"
    meaning = "Somebody signed out."
    sentence = "You signed out."
    subject: str | None = None


class LoginConfirmed(Event):
    """Somebody who was signed in proved again who they are."""

    name = "login.confirmed"
    meaning = "Somebody who was signed in proved again who they are."
    sentence = "You proved again that it is you."
    methods: tuple[str, ...]
    subject: str | None = None


class SecondStepRefused(Event):
    """Somebody knew the first factor of an account, and not the second."""

    name = "login.second_step_refused"
    meaning = "A first factor was right, and the second step after it was wrong."
    sentence = "Somebody got past the first step of signing in as you, and not past the second."
    outcome = "refused"
    method: str
