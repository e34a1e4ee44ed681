"""Whose file is read next: the client's who has had the least time of late."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from server.usage import Usage

LITTLE = 2.0
"""Seconds of reading up to which a client has used little, and up to which a turn is short."""


@dataclass(eq=False)
class _Ticket:
    number: int
    client: str
    long: bool
    called: threading.Event = field(default_factory=threading.Event)


class Turns:
    """Turns at reading, short and long ones: `count` at once, and one more that is never long.

    A file begins with a short turn, and where that does not do, it waits for a long one; so do all files of a client
    who has used much. So files that take long hold up each other, and others for no longer than a short turn.
    """

    def __init__(self, count: int, now: Callable[[], float] = time.monotonic) -> None:
        self._free = count + 1
        self._now = now
        self._numbers = itertools.count()
        self._waiting: list[_Ticket] = []
        self._running: dict[_Ticket, float] = {}
        self._past = Usage(now)
        self._lock = threading.Lock()

    @contextmanager
    def take(self, client: str, long: bool) -> Iterator[tuple[bool, Callable[[], None]]]:
        """Wait for a turn, and have it while the block runs.

        Gives whether it may be long, and what is to be called when the reading itself begins: from then on it counts.
        """
        ticket = _Ticket(next(self._numbers), client, long)
        with self._lock:
            self._waiting.append(ticket)
            self._call()
        ticket.called.wait()
        try:
            yield ticket.long, lambda: self._running.update({ticket: self._now()})
        finally:
            with self._lock:
                self._free += 1
                self._past.add(client, self._now() - self._running.pop(ticket))
                self._call()

    def _call(self) -> None:
        """Let those go whose turn it is; each waits for itself, for to wake all takes longer than to read a picture."""
        while ticket := self._next():
            ticket.long = self._is_long(ticket)
            self._waiting.remove(ticket)
            self._running[ticket] = self._now()
            self._free -= 1
            ticket.called.set()

    def _next(self) -> _Ticket | None:
        if not self._free or not self._waiting:
            return None
        ticket = min(self._waiting, key=lambda each: (self._is_long(each), self._use(each.client), each.number))
        return ticket if self._free > 1 or not self._is_long(ticket) else None

    def _is_long(self, ticket: _Ticket) -> bool:
        return ticket.long or self._use(ticket.client) > LITTLE

    def _use(self, client: str) -> float:
        """Seconds that a client has used of late, or is using."""
        now = self._now()
        return self._past.of(client) + sum(
            now - since for each, since in self._running.items() if each.client == client
        )
