"""What `users` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.users import events
from flask_gatehouse.features.users.sentences import SENTENCES

FEATURE = Feature(
    name="users",
    sentences=SENTENCES,
    events=(
        events.UserCreated,
        events.UserSuspended,
        events.UserRestored,
        events.AdministratorMade,
        events.AdministratorUnmade,
    ),
)
