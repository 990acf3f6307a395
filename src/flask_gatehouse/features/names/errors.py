"""What `names` refuses."""

from flask_gatehouse.core.errors import Conflict


class NamesStay(Conflict):
    """On this site people do not change their user names."""

    code = "names.stay"
