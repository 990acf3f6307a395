"""What `people` refuses."""

from flask_gatehouse.core.errors import Conflict, NotValid


class AddressNeeded(NotValid):
    """Nobody could be told of the account: it needs an address."""

    code = "people.address_needed"


class WrongName(NotValid):
    """What was typed to confirm is not the user name."""

    code = "people.wrong_name"


class NoSession(Conflict):
    """The account has no such session, or not any more."""

    code = "people.no_session"


class NotSuspended(Conflict):
    """The account is in use."""

    code = "people.not_suspended"


class ListChanged(NotValid):
    """The list is not the one that was shown."""

    code = "people.list_changed"


class TooMany(NotValid):
    """More people than are changed at once. Facts: `most`."""

    code = "people.too_many"


class NobodyChosen(NotValid):
    """Nobody was chosen."""

    code = "people.nobody_chosen"


class RowsOfTheHost(Conflict):
    """A table of the application still has rows that belong to the account."""

    code = "people.rows_of_the_host"
