"""How often one address may ask: beyond it the answer is 429, with the seconds to wait in Retry-After."""

import threading
import time
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage

from server import api, compare, problems
from server.errors import StartError
from server.problems import TooOften
from server.security import SAFE_METHODS
from server.settings import Settings

SWEEP_SECONDS = 1.0


class _Standing(threading.Timer):
    def is_alive(self) -> bool:
        return True


class Counts(MemoryStorage):
    """The library's counts in memory; those that are over are dropped by whoever counts, once a second.

    The library starts a thread for it where none runs, a hundred times a second under load, and every sixth prediction
    was lost to that.
    """

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - in place of the library's

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.timer.cancel()
        self.timer = _Standing(0, lambda: None)
        self._swept = time.monotonic()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, as the library does."""
        if time.monotonic() > self._swept + SWEEP_SECONDS:
            self._swept = time.monotonic()
            for other in list(self.expirations):
                self.get(other)  # drops it where it is over
        return super().incr(key, expiry, amount)


def register(app: Flask) -> None:
    """Count predictions and comparisons by the client's address, each blueprint by itself.

    Raises:
        StartError: the storage of the counts cannot be used.
    """
    settings: Settings = app.config["SETTINGS"]
    limiter = Limiter(
        get_remote_address,
        storage_uri=settings.rate_storage,
        strategy="sliding-window-counter",
        in_memory_fallback_enabled=True,  # where the shared storage cannot be reached, each process counts alone
    )
    for blueprint, rate in ((api.blueprint, settings.predict_rate), (compare.blueprint, settings.compare_rate)):
        if rate:
            limiter.limit(f"{rate} per minute", exempt_when=_is_cheap)(blueprint)
    try:
        limiter.init_app(app)
    except (ConfigurationError, ImportError, ValueError) as error:
        raise StartError(
            f"DIGITS_RATE_STORAGE={settings.rate_storage!r} cannot be used ({error}). "
            "Give memory://, or a URL that the package limits knows, with its client installed."
        ) from None

    @app.errorhandler(RateLimitExceeded)
    def refuse(error: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        return problems.answer(TooOften(max(1, limit.reset_at - int(time.time())) if limit else 60))


def _is_cheap() -> bool:
    """Whether a request only looks, as those for the state of the server do."""
    return request.method in SAFE_METHODS
