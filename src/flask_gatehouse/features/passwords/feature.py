"""What `passwords` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.passwords import events
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.sentences import SENTENCES
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.passwords.views import blueprint

FEATURE = Feature(
    name="passwords",
    settings=PasswordSettings,
    blueprint=blueprint,
    events=(
        events.PasswordSet,
        events.PasswordRehashed,
        events.InvitationMade,
        events.InvitationRefused,
    ),
    sentences=SENTENCES,
    plugs=(Hashes,),
)
