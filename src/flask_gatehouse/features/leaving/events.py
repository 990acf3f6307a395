"""What people do with what is kept of them."""

from flask_gatehouse.core.events import Event


class DataTaken(Event):
    """Somebody took a copy of all that is kept of a person."""

    name = "leaving.data_taken"
    meaning = "A copy was made of all that is kept of a person, by them or on the command line."
    sentence = "A copy of all your data was made."
