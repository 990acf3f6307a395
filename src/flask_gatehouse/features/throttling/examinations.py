"""What `doctor` asks about the counters."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import CoreSettings, is_this_machine
from flask_gatehouse.db.work import Works

#: Seconds that Redis may take for each answer.
_PATIENCE: Final = 2


def redis(works: Works) -> Iterator[Finding]:
    """Whether Redis counts, keeps what it counted, and is closed to strangers."""
    url = works.house.settings[CoreSettings].redis_url
    if not url:
        return
    from redis.exceptions import RedisError  # noqa: PLC0415 - an optional extra

    yield from _exposed(url)
    try:
        memory = _memory_of(url)
    except (RedisError, OSError) as error:
        yield Finding(
            "unsafe",
            f"Redis does not answer ({type(error).__name__}).",
            "Each sign-in waits for it in vain, and the database counts instead.",
            "GATEHOUSE_REDIS_URL, or start Redis",
        )
        return
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if memory.get("maxmemory") and policy != "noeviction":
        yield Finding(
            "note",
            f"Redis forgets what it has no memory for ({policy}).",
            "Counters of attempts can vanish before their time, and with them the limits.",
            "maxmemory-policy noeviction, in a Redis of its own",
        )


def _exposed(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    # A URL without a host means this machine.
    if parts.scheme == "unix" or parts.hostname is None or is_this_machine(parts.hostname):
        return
    if not parts.password:
        yield Finding(
            "unsafe",
            "Redis on another machine is asked without a password.",
            "Whoever reaches it can set every counter back.",
            "requirepass in Redis, and GATEHOUSE_REDIS_URL=rediss://:password@host:6379/0",
        )
    if parts.scheme != "rediss":
        yield Finding(
            "note",
            "Redis on another machine is spoken to without TLS.",
            "Whoever is on the way reads the password and changes counters.",
            "GATEHOUSE_REDIS_URL=rediss://:password@host:6379/0",
        )


def _memory_of(url: str) -> dict[str, Any]:
    from redis import Redis  # noqa: PLC0415 - an optional extra

    client = Redis.from_url(
        url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=None
    )
    try:
        found: Any = client.info("memory")
        return dict(found)
    finally:
        client.close()
