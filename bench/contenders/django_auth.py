"""Django with its own auth: the middleware of `startproject`, sessions in SQLite."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from bench.contenders import PASSWORD, PRIVATE_PAGE, PUBLIC_PAGE, SECRET_KEY, USER, Contender, Login

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES = "bench.contenders.django_pages"
LOGIN_PAGE = """<!doctype html><title>Log in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}<input type="submit"></form>"""


def _configure(folder: Path) -> None:
    """Set what `startproject` sets, without the admin and static files."""
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=PAGES,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                    "loaders": [
                        (
                            "django.template.loaders.cached.Loader",
                            [("django.template.loaders.locmem.Loader", _templates())],
                        ),
                    ],
                },
            },
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "django_auth.db"),
            },
        },
        AUTH_PASSWORD_VALIDATORS=[],
        LOGIN_REDIRECT_URL="/private",
        LOGIN_URL="/login/",
        USE_TZ=True,
    )


def _templates() -> dict[str, str]:
    """Return the pages: the same ones as everybody's."""
    return {"public.html": PUBLIC_PAGE, "private.html": PRIVATE_PAGE, "login.html": LOGIN_PAGE}


def create_app(folder: Path) -> WSGIHandler:
    """Make the application; Django knows one per process.

    The pages are imported here, as a Flask application's are, and not at the first request.
    """
    if not settings.configured:
        _configure(folder)
        django.setup(set_prefix=False)
        import_module(PAGES)
    return WSGIHandler()


def prepare(folder: Path) -> None:
    """Apply Django's migrations and make the user."""
    create_app(folder)
    from django.contrib.auth.models import User  # noqa: PLC0415 - needs django.setup().
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, f"{USER}@example.org", PASSWORD)


def fill_in(name: str) -> dict[str, str]:
    """Fill in the login form."""
    return {"username": name, "password": PASSWORD}


def hash_alone(_: WSGIHandler) -> Callable[[], bool]:
    """Verify the stored hash."""
    from django.contrib.auth.hashers import check_password  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415

    stored = User.objects.get(username=USER).password
    return lambda: bool(check_password(PASSWORD, stored))


CONTENDER = Contender(
    label="Django",
    database="django_auth.db",
    prepare=prepare,
    create_app=create_app,
    login=Login("/login/", fill_in, hash_alone),
)
