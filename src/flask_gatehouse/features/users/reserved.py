"""User names that nobody may choose for themselves: they would pass for somebody or something else.

Who runs a site may still give them, by the command line.
"""

from collections.abc import Iterable
from typing import Final

from flask_gatehouse.features.users.rules import canonical_name

#: Who runs a site, by the names of RFC 2142 and by custom.
_RUNS_IT: Final = (
    "abuse admin administration administrator hostmaster info mailerdaemon moderator noc noreply "
    "official operator owner postmaster root security staff superuser support sysadmin system team "
    "webmaster"
)
#: Parts of a site that could stand in an address where a user name could.
_PART_OF_IT: Final = (
    "about account accounts activity api app assets auth billing blog confirm contact dashboard "
    "devices docs download favicon health healthz help home imprint index invitations invited "
    "leave legal login logout mail metrics new oauth password privacy profile recover register "
    "robots search sessions settings setup signin signout signup static status terms user users "
    "verify wellknown www"
)
#: What programs write where there is no name.
_NOTHING: Final = (
    "anonymous anyone deleted everybody everyone false guest me myself nan nil nobody none null "
    "self somebody someone test true undefined unknown you"
)

_BUILT_IN: Final = frozenset(f"{_RUNS_IT} {_PART_OF_IT} {_NOTHING}".split())

_BARE: Final = str.maketrans("", "", "._-")


def is_reserved(name: str, more: Iterable[str] = ()) -> bool:
    """Whether nobody may choose a user name, with or without dots, hyphens and underscores.

    A name of digits alone is one as well: it would pass for the number of an account.

    Args:
        name: in any spelling that `canonical_name` takes.
        more: what the site reserves beside the names that are reserved everywhere.

    Raises:
        NameRefused: it is no user name.
    """
    bare = canonical_name(name).translate(_BARE)
    reserved = _BUILT_IN.union(each.casefold().translate(_BARE) for each in more)
    return bare.isdecimal() or bare in reserved
