"""Serve the site with a production server."""

import os
import signal
import socket
import sys
from typing import Any, Final

import click
from flask import Flask

from flask_gatehouse import Gatehouse, Misconfigured
from gatehouse_site.app import create_app

#: Requests that one worker answers at the same time.
_THREADS: Final = 16


def serve(*, host: str, port: int, workers: int) -> None:
    """Apply migrations, say where the site is, and serve until told to stop.

    Raises:
        Misconfigured: the address is taken, or a setting must not start so.
    """
    name = f"[{host}]" if ":" in host else "127.0.0.1"
    os.environ.setdefault("GATEHOUSE_PUBLIC_URL", f"http://{name}:{port}")
    # The workers share the cores; without this, each would hash on all of them.
    share = max(1, (os.cpu_count() or 1) // workers)
    os.environ.setdefault("GATEHOUSE_PASSWORDS_HASH_SLOTS", str(share))
    # Whoever waits for a hash holds a thread; the other half is for everybody else.
    os.environ.setdefault("GATEHOUSE_PASSWORDS_HASH_PLACES", str(_THREADS // 2))
    app = create_app()
    Gatehouse.write_logs(app)
    if app.debug:
        msg = "FLASK_DEBUG is set, which is for development: whoever meets an error could run code."
        raise Misconfigured(msg)
    _refuse_taken(host, port)
    with app.app_context():
        click.echo("Bringing the tables up to date …", err=True)
        Gatehouse.upgrade_database()
        # Before the fork, so that the workers share the memory of what is loaded.
        Gatehouse.load(app)
        _tell_where(app, host, port)
        # Connections do not survive a fork.
        Gatehouse.close_connections()
    if sys.platform == "win32":
        _with_waitress(app, host, port)
    else:
        _with_gunicorn(app, host, port, workers)


def _refuse_taken(host: str, port: int) -> None:
    """Say it in a sentence, before the server says it in a traceback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            msg = f"Nothing can listen at {host}:{port} ({error.strerror}): choose another PORT."
            raise Misconfigured(msg) from error


def _tell_where(app: Flask, host: str, port: int) -> None:
    public = str(app.config.get("GATEHOUSE_PUBLIC_URL") or os.environ["GATEHOUSE_PUBLIC_URL"])
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"\n  Gatehouse listens at http://{shown}:{port}/ and is reached at {public}")
    hosts = Gatehouse.hosts(app)
    if hosts and host not in hosts:
        names = ", ".join(hosts)
        click.echo(f"  It answers to {names} only; GATEHOUSE_PUBLIC_URL says what people use.")
    link = Gatehouse.new_setup_link()
    if link is not None:
        click.echo("\n  Nobody has an account yet. Make the first administrator here:\n")
        click.echo(click.style(f"  {link}", bold=True))
    click.echo("\n  Stop with Ctrl-C.\n")


def _with_gunicorn(app: Flask, host: str, port: int, workers: int) -> None:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - not there on Windows
    from gunicorn.glogging import Logger  # noqa: PLC0415 - as above

    class Log(Logger):  # type: ignore[misc] # gunicorn has no types
        """The server's own lines, written as all others are."""

        def setup(self, cfg: object) -> None:
            """Let it set up its lines, and then write them our way."""
            super().setup(cfg)
            for handler in self.error_log.handlers:
                handler.setFormatter(Gatehouse.log_formatter(app))

    class Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
        """gunicorn, told everything here: it reads no file and no command line."""

        def load_config(self) -> None:
            """Hand over the options."""
            options: dict[str, Any] = {
                "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": _THREADS,
                "timeout": 60,
                "graceful_timeout": 10,
                "keepalive": 5,
                "max_requests": 50_000,
                "max_requests_jitter": 5_000,
                "limit_request_line": 8190,
                "limit_request_field_size": 16_384,
                "forwarded_allow_ips": "",
                "post_fork": _post_fork,
                "control_socket_disable": True,
                "logger_class": Log,
            }
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            """Return the application."""
            return app

    def _post_fork(server: object, worker: object) -> None:
        del server, worker
        # Until gunicorn has set up this process, its parent's handlers would swallow a stop.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(each, signal.SIG_DFL)
        Gatehouse.start_background_work(app)

    Server().run()


def _with_waitress(app: Flask, host: str, port: int) -> None:
    from waitress import serve as wait  # noqa: PLC0415 - only there on Windows

    Gatehouse.start_background_work(app)
    wait(app, host=host, port=port, threads=_THREADS)
