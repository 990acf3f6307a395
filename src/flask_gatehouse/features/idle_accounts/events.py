"""What happens to accounts that nobody uses."""

from flask_gatehouse.core.events import Event


class IdleWarned(Event):
    """The owner of an idle account was warned, if there is an address to write to."""

    name = "idle_accounts.warned"
    meaning = "The owner of an account that nobody uses was warned that it will be deactivated."
    sentence = "You were warned that your account will be deactivated, because nobody uses it."
