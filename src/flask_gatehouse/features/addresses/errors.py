"""What `addresses` refuses."""

from flask_gatehouse.core.errors import Conflict


class AddressThereAlready(Conflict):
    """The account has this address, and it is proven."""

    code = "addresses.there_already"


class AddressHeld(Conflict):
    """A link can still make this address the primary one again. Facts: `until`."""

    code = "addresses.held"
