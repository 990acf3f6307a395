"""What happens around addresses, besides what `users` records of them."""

from flask_gatehouse.core.events import Event


class AddressAsked(Event):
    """Somebody asked for a letter that adds an address."""

    name = "addresses.asked"
    meaning = "Somebody asked for a letter that adds an e-mail address to an account."
    sentence = "A letter was asked for that adds an e-mail address to your account."


class AddressWithdrawn(Event):
    """An address that waited to be confirmed was taken out; its letter is void."""

    name = "addresses.withdrawn"
    meaning = "An e-mail address that waited to be confirmed was taken out of an account."
    sentence = "An e-mail address that waited to be confirmed was taken out."


class PrimaryAddressRestored(Event):
    """A change of the primary address was undone by the letter to the former one."""

    name = "addresses.undone"
    meaning = "A change of the primary e-mail address was undone by the letter to the former one."
    sentence = "The change of your primary e-mail address was undone by a letter."
