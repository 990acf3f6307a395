"""What `devices` refuses."""

from flask_gatehouse.core.errors import NotValid


class UnknownDevice(NotValid):
    """This person has no such device, whoever else may have it. The page answers 404."""

    code = "devices.unknown"


class NameRefused(NotValid):
    """A device cannot be called so: too long, or with characters that nobody can see."""

    code = "devices.name_refused"
