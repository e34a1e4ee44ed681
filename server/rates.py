"""How often one address may ask: beyond it the answer is 429, with the seconds to wait in Retry-After."""

import logging
import math
import threading
import time
from typing import Any

from flask import Flask, request
from limits import RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from server import api, compare
from server.errors import StartError
from server.problems import TooOften
from server.security import SAFE_METHODS
from server.settings import Settings

SWEEP_SECONDS = 1.0
RETRY_SECONDS = 5.0
"""After which a storage that could not be reached is tried again."""


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


class Limit:
    """How often each client may ask for what one blueprint does.

    Where a storage that processes share cannot be reached, each process counts by itself until it can be again.
    """

    def __init__(self, rate: int, name: str, counts: Storage) -> None:
        self._rate, self._name = RateLimitItemPerMinute(rate), name
        self._shared = SlidingWindowCounterRateLimiter(counts)
        self._own = SlidingWindowCounterRateLimiter(Counts())
        self._retry_at = 0.0
        """When the shared storage is tried again; 0 where it can be reached."""

    def count(self) -> None:
        """Count a request that is more than a look.

        Raises:
            TooOften: its client has asked too often.
        """
        if request.method in SAFE_METHODS:
            return
        if seconds := self._wait_anywhere(request.remote_addr or ""):
            raise TooOften(seconds)

    def _wait_anywhere(self, client: str) -> int:
        now = time.monotonic()
        if now <= self._retry_at:
            return self._wait(self._own, client)
        if self._retry_at:
            self._retry_at = now + RETRY_SECONDS  # one request finds out; the others do not wait for it
        try:
            seconds = self._wait(self._shared, client)
        except (StorageError, OSError) as error:  # not all storages wrap what the network raises
            logging.getLogger(__name__).warning("The shared counts cannot be reached (%s)", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return self._wait(self._own, client)
        self._retry_at = 0.0
        return seconds

    def _wait(self, limiter: RateLimiter, client: str) -> int:
        """Seconds until this client may ask again, 0 where it may now."""
        if limiter.hit(self._rate, self._name, client):
            return 0
        return max(1, math.ceil(limiter.get_window_stats(self._rate, self._name, client).reset_time - time.time()))


def register(app: Flask) -> None:
    """Count predictions and comparisons by the client's address, each blueprint by itself.

    The library's own extension for Flask looks at every request for rules, exemptions and headers that there are none
    of here, which took 0.2 of the 0.5 ms of a prediction that are not the network's.

    Raises:
        StartError: the storage of the counts cannot be used.
    """
    settings: Settings = app.config["SETTINGS"]
    try:
        counts = storage_from_string(settings.rate_storage, wrap_exceptions=True)
        if not isinstance(counts, Storage):
            raise ValueError("it is for asyncio")
        limits = {
            blueprint.name: Limit(rate, blueprint.name, counts)
            for blueprint, rate in ((api.blueprint, settings.predict_rate), (compare.blueprint, settings.compare_rate))
            if rate
        }
    except (ConfigurationError, ImportError, ValueError, NotImplementedError) as error:
        raise StartError(
            f"DIGITS_RATE_STORAGE={settings.rate_storage!r} cannot be used ({error}). "
            "Give memory://, or a URL that the package limits knows, with its client installed."
        ) from None

    @app.before_request
    def limit() -> None:
        if request.blueprint in limits:
            limits[request.blueprint].count()
