"""What people do with what is kept of them."""

from flask_gatehouse.core.events import Event


class DataTaken(Event):
    """Somebody took a copy of all that is kept of a person."""

    name = "leaving.data_taken"
    meaning = "A copy was made of all that is kept of a person, by them or on the command line."
    sentence = "A copy of all your data was made."


class DepartureAsked(Event):
    """Somebody deleted their account; it is closed, and erased after the grace period."""

    name = "leaving.asked"
    meaning = "Somebody deleted their account: it is closed now, and erased after a while."
    sentence = "You deleted your account, which closed it."


class DepartureUndone(Event):
    """Somebody opened their account again that was about to be erased."""

    name = "leaving.undone"
    meaning = "An account that its owner had deleted was opened again by the link in the letter."
    sentence = "Your account, which was about to be deleted, was opened again."
