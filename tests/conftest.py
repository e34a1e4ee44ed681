"""What tests of several folders share: the application, a client for it, and real servers."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import create_app
from server.settings import Settings
from tests.live import UNLIMITED, LiveServer

# How long one example takes depends on the machine, so it is never asserted.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def app() -> Flask:
    """The application with the default settings, but for the limits on how often one address may ask, and how long
    a file may take, where others are busy."""
    return create_app(Settings.from_environment({**os.environ, **UNLIMITED, "DIGITS_MAX_FILE_SECONDS": "100"}))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without cookies."""
    return app.test_client()


@pytest.fixture(scope="session")
def live_server() -> Iterator[str]:
    """The address of a real server with its default settings, e.g. http://127.0.0.1:43210."""
    server = LiveServer()
    yield server.url
    server.stop()


@pytest.fixture
def start_server() -> Iterator[Callable[..., LiveServer]]:
    """Start real servers with other settings: `start_server(DIGITS_MAX_BODY_BYTES="2048").url`."""
    servers: list[LiveServer] = []

    def start(**options: Any) -> LiveServer:
        servers.append(LiveServer(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
