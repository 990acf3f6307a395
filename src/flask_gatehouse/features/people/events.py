"""What is done to people, beside what the features below record themselves."""

from flask_gatehouse.core.events import Event


class PeopleExported(Event):
    """A list of people left the site."""

    name = "people.exported"
    meaning = "Somebody took a list of people out of the site."
    # It is about a list, and nobody's own.
    sentence = None
    #: How many there were.
    count: int
    form: str


class PersonCopied(Event):
    """Somebody else took a copy of what is kept of a person."""

    name = "people.copied"
    meaning = "Somebody else took a copy of all that is kept of a person."
    sentence = "Whoever runs the site took a copy of your data."


class SessionTaken(Event):
    """Somebody else ended one sign-in of a person."""

    name = "people.session_ended"
    meaning = "Somebody else ended one sign-in of a person."
    sentence = "Whoever runs the site ended one of your sign-ins."


class PersonInvited(Event):
    """A new account was made for a person, who got a letter."""

    name = "people.invited"
    meaning = "A person got a letter with which they choose the first password of their account."
    sentence = "You got a letter to choose your password."
