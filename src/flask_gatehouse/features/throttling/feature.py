"""What `throttling` offers to the house."""

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.feature import Feature
from flask_gatehouse.features.throttling.events import LimitReached
from flask_gatehouse.features.throttling.redis_store import RedisStore
from flask_gatehouse.features.throttling.sentences import SENTENCES
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.throttling.store import DatabaseStore, Store


def _store(house: House) -> Store:
    url = house.settings[CoreSettings].redis_url
    return RedisStore(url) if url else DatabaseStore()


FEATURE = Feature(
    name="throttling",
    settings=ThrottlingSettings,
    events=(LimitReached,),
    sentences=SENTENCES,
    plugs=(_store,),
)
