"""What `doctor` asks about the counters."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.profiles import Profile
from flask_gatehouse.core.site import CoreSettings, is_this_machine
from flask_gatehouse.db.work import Works

#: Seconds that Redis may take for each answer.
_PATIENCE: Final = 2

_MEND: Final = "GATEHOUSE_REDIS_URL=rediss://:password@host:6379/0"


def way(works: Works) -> Iterator[Finding]:
    """Whether a Redis elsewhere asks who comes, and the way there is encrypted and leads to it.

    Source: OWASP ASVS 5.0 12.3.1, 12.3.2.
    """
    core = works.house.settings[CoreSettings]
    parts = urlsplit(core.redis_url or "")
    # A URL without a host means this machine.
    if parts.scheme == "unix" or parts.hostname is None or is_this_machine(parts.hostname):
        return
    if not parts.password:
        yield Finding(
            "unsafe",
            "Redis on another machine is asked without a password.",
            "Whoever reaches it can set every counter back.",
            f"requirepass in Redis, and {_MEND}",
        )
    if parts.scheme != "rediss":
        yield _weak(core.profile, "without TLS", "reads the password and", "12.3.1")
    elif not _proves_itself(parts.query):
        yield _weak(core.profile, "without looking whose it is", "can pose as it, and", "12.3.2")


def _weak(profile: Profile, how: str, what: str, clause: str) -> Finding:
    strict = profile != "standard"
    asks = f" ({profile} asks: {clause})" if strict else ""
    return Finding(
        "unsafe" if strict else "note",
        f"Redis on another machine is spoken to {how}{asks}.",
        f"Whoever is on the way {what} changes who is made to wait.",
        _MEND,
    )


def _proves_itself(query: str) -> bool:
    """Whether the driver refuses a server without a certificate for its name."""
    asked = dict(parse_qsl(query))
    return asked.get("ssl_cert_reqs", "required") == "required" and (
        asked.get("ssl_check_hostname", "true").lower() in {"true", "1", "yes"}
    )


def redis(works: Works) -> Iterator[Finding]:
    """Whether Redis counts, keeps what it counted, and is closed to strangers."""
    url = works.house.settings[CoreSettings].redis_url
    if not url:
        return
    from redis.exceptions import RedisError  # noqa: PLC0415 - an optional extra

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
