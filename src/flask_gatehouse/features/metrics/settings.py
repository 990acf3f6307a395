"""Who may read the numbers. Without either there is no such page."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import Secret, setting


@dataclass(frozen=True)
class MetricsSettings:
    """Whoever reads has to meet all that is set."""

    token: Secret | None = setting(
        None,
        "What a program that asks for /metrics shows as Authorization: Bearer, at least 32 "
        "characters; none asks for no token.",
        source="RFC 6750 2.1",
    )
    networks: tuple[str, ...] = setting(
        (),
        "Networks such as 10.0.0.0/8 from which /metrics is answered; none asks for no network. "
        "With neither a token nor a network there is no such page.",
        source="OWASP ASVS 5.0 13.4.5",
    )

    @property
    def is_on(self) -> bool:
        """Whether anybody can read."""
        return bool(self.token or self.networks)
