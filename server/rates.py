"""How often one address may ask: beyond it the answer is 429, with the seconds to wait in Retry-After."""

import logging
import math
import threading
import time

from flask import Flask, request
from limits import RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from server import api, compare
from server.errors import StartError
from server.problems import TooOften
from server.security import SAFE_METHODS
from server.settings import Settings

OWN = "memory://"
"""The storage that is this process's own."""
AGAIN_SECONDS = 10
"""How long a shared storage that failed is left alone."""


def register(app: Flask) -> None:
    """Count predictions and comparisons by the client's address, each blueprint by itself.

    Raises:
        StartError: the storage of the counts cannot be used.
    """
    settings: Settings = app.config["SETTINGS"]
    counts = Counts(settings.rate_storage)
    rates = {api.blueprint.name: settings.predict_rate, compare.blueprint.name: settings.compare_rate}
    limits = {name: RateLimitItemPerMinute(rate, namespace=name) for name, rate in rates.items() if rate}

    @app.before_request
    def refuse_too_often() -> None:
        limit = limits.get(request.blueprint or "")
        if limit and request.method not in SAFE_METHODS and (seconds := counts.wait(limit, request.remote_addr or "")):
            raise TooOften(seconds)


class Counts:
    """Who asked how often, in a storage that processes share; where it cannot be reached, each counts alone.

    Raises:
        StartError: the package limits cannot use that storage.
    """

    def __init__(self, url: str) -> None:
        self.own = _OwnStorage()
        self._alone = SlidingWindowCounterRateLimiter(self.own)
        self._shared = None
        self._shared_from = 0.0
        try:
            if url != OWN:
                self._shared = SlidingWindowCounterRateLimiter(storage_from_string(url, wrap_exceptions=True))
        except (ConfigurationError, ImportError, ValueError) as error:
            raise StartError(
                f"DIGITS_RATE_STORAGE={url!r} cannot be used ({error}). "
                f"Give {OWN}, or a URL that the package limits knows, with its client installed."
            ) from None

    def wait(self, limit: RateLimitItemPerMinute, client: str) -> int:
        """Count a request, and return 0; or the seconds that the client must wait before the next one."""
        if self._shared and time.monotonic() >= self._shared_from:
            try:
                return _wait(self._shared, limit, client)
            except StorageError as error:
                self._shared_from = time.monotonic() + AGAIN_SECONDS
                logging.getLogger(__name__).error("DIGITS_RATE_STORAGE cannot be reached: %s", error)
        return _wait(self._alone, limit, client)


def _wait(limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItemPerMinute, client: str) -> int:
    if limiter.hit(limit, client):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(limit, client).reset_time - time.time()))


class _OwnStorage(MemoryStorage):
    """limits' own storage, without the thread that it starts up to a hundred times a second to forget old counts."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._forget_at = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, which ends `expiry` seconds after its first entry; return it."""
        now = time.time()
        with self._lock:
            if now > self._forget_at:
                for old in [old for old, end in self.expirations.items() if end <= now]:
                    self.clear(old)
                self._forget_at = now + expiry
            count = self.get(key) + amount
            self.expirations.setdefault(key, now + expiry)  # first: a count without an end is taken for an old one
            self.storage[key] = count
        return count
