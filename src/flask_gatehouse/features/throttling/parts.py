"""What `throttling` puts into the house of each application."""

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.throttling.redis_store import RedisStore
from flask_gatehouse.features.throttling.store import DatabaseStore, Store


def store(house: House) -> Store:
    """Return where counters are kept. Raises: Misconfigured: Redis cannot be spoken to."""
    url = house.settings[CoreSettings].redis_url
    return RedisStore(url) if url else DatabaseStore()
