"""Which user names people may choose."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class UsersSettings:
    """Accounts and their names."""

    reserved_names: tuple[str, ...] = setting(
        (),
        "User names that nobody may choose for themselves, beside those that sound like whoever "
        "runs a site or like a part of it. The command line may give them.",
    )
