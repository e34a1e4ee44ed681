"""What each client has used of late, in seconds; and who has used so much that others go first."""

import threading
import time
from collections.abc import Callable

CHARGE = "digits.charge"
"""Of a WSGI environment: counts seconds of the processor that other threads spend on its request."""
HALF_LIFE = 60.0
"""Seconds after which time that was used counts half."""
FORGOTTEN = 0.01
TIDY_SECONDS = 10.0
"""How often those who used next to nothing are forgotten."""
MUCH = 0.5
"""Seconds of the processor's time above which a client is held back while there are others."""
PRESENT_SECONDS = 5.0
"""For so long after a request a client counts as there."""


class Usage:
    """Seconds that clients have used; any number of threads may call it at once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._used: dict[str, tuple[float, float]] = {}
        self._tidied = now()
        self._lock = threading.Lock()

    def of(self, client: str) -> float:
        """What a client has used, of late more than long ago."""
        seconds, at = self._used.get(client, (0.0, 0.0))
        return float(seconds * 0.5 ** ((self._now() - at) / HALF_LIFE))

    def add(self, client: str, seconds: float) -> None:
        """Count what a client has just used."""
        with self._lock:
            self._used[client] = (self.of(client) + seconds, self._now())
            if self._now() > self._tidied + TIDY_SECONDS:
                self._used = {each: used for each, used in self._used.items() if self.of(each) > FORGOTTEN}
                self._tidied = self._now()


class Greed:
    """Tells the clients who have used much of the processor from those who have not."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._usage = Usage(now)
        self._modest = ("", -PRESENT_SECONDS)
        """The last client who asked and had used little, and when."""

    def of(self, client: str) -> bool:
        """Whether a client who asks has used much, and is not the only one here."""
        if self._usage.of(client) <= MUCH:
            self._modest = (client, self._now())
            return False
        other, at = self._modest
        return other != client and self._now() - at < PRESENT_SECONDS

    def add(self, client: str, seconds: float) -> None:
        """Count the processor's time that a client's request took."""
        self._usage.add(client, seconds)
