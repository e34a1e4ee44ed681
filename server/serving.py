"""waitress, set up with the limits of the settings, with errors in the shape of all others, and with an orderly end."""

import logging
import os
import select
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from server import compare, workers
from server.channel import Channel, Overloaded
from server.errors import StartError
from server.settings import Settings
from server.usage import Greed

FRAMING = 2
"""waitress counts a chunked body together with its framing, so it gets this multiple of the body limit; the
application holds the limit itself, to the byte."""
MAX_WAITING_BYTES = 2**20
"""So much of an answer may wait for its client; then what makes it waits as well."""
RECEIVE_BYTES = 2**16
"""Taken at once: with waitress's 8 KiB a large upload keeps the one thread that all connections share too busy."""
TICK_SECONDS = 1
"""How often slow and silent connections are looked for."""
NEW_SECONDS = 1
"""For so long a connection that has not said anything is not taken for a silent one."""
RESERVE = 3
"""Of the threads for files every third is never one client's who has all others."""
FORWARDED = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server with a bounded queue, and with an end that loses no answer."""

    channel_class = Channel

    def __init__(self, app: Flask, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._deadline: float | None = None
        super().__init__(
            app.wsgi_app,
            _sock=listener,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
            adj=_adjustments(settings, listener),
        )
        # A thread of its own, so that a refusal does not wait for what it is refused for.
        self._refusals = _threads(1)
        # Files may take seconds; what takes milliseconds must not wait for them. And who has used much while others
        # are here waits for his like. By whether a request has files, and whether its client is held back:
        self._dispatchers = {
            (False, False): self.task_dispatcher,
            (True, False): _threads(settings.upload_threads),
            (False, True): _threads(1),
            (True, True): _threads(1),
        }
        self._greed = Greed()

    def add_task(self, channel: Channel) -> None:
        """Queue a request, or refuse it where too many wait."""
        request = channel.requests[0]
        content_type = request.headers.get("CONTENT_TYPE", "").lower()
        channel.has_files = content_type.startswith("multipart/") or request.path == compare.REPORT
        channel.client = self._client(channel)
        channel.greedy = self._greed.of(channel.client)
        held_back = channel.greedy or (channel.has_files and self._has_its_share(channel.client))
        dispatcher = self._dispatchers[channel.has_files, held_back]
        if len(dispatcher.queue) >= self._settings.max_queue:
            request.error = Overloaded("")
            self.refuse(channel)
        else:
            dispatcher.add_task(channel)

    def _has_its_share(self, client: str) -> bool:
        """Whether a client's other requests with files have all threads but the reserve.

        They may take hours without using the processor: an answer is made no faster than it is taken.
        """
        threads = self._settings.upload_threads
        reserve = threads // RESERVE
        channels = list(self.active_channels.values())
        used = sum(each.has_files and bool(each.requests) and each.client == client for each in channels)
        return reserve > 0 and used > threads - reserve  # this one is among them

    def charge(self, client: str, seconds: float) -> None:
        """Count the processor's time that a client's request took."""
        self._greed.add(client, seconds)

    def _client(self, channel: Channel) -> str:
        """The address that a request comes from: the one that the proxy tells, where it is trusted."""
        peer, proxy = channel.addr[0], self._settings.trusted_proxy
        forwarded: str = channel.requests[0].headers.get("X_FORWARDED_FOR", "")
        return forwarded.rpartition(",")[2].strip() or peer if proxy in (peer, "*") else peer

    def refuse(self, channel: Channel) -> None:
        """Answer a request that carries its error."""
        self._refusals.add_task(channel)

    def most_bytes(self, path: str) -> int:
        """How long a body for this path may be, about: the application counts it to the byte."""
        takes_files = path in (compare.COMPARE, compare.REPORT)
        return FRAMING * (self._settings.max_upload_bytes if takes_files else self._settings.max_body_bytes)

    def readable(self) -> bool:
        """Whether connections are accepted; where there are too many, one makes room."""
        if len(self._map) >= self.adj.connection_limit - 1 and (least := self._least_needed(time.time())):
            least.will_close = True
        return bool(super().readable())

    def _least_needed(self, now: float) -> Channel | None:
        """The connection that is silent longest, but for new ones, whose request is on its way; where all say
        something, the oldest of the address from which most requests are arriving."""
        channels: list[Channel] = [each for each in self.active_channels.values() if not each.will_close]
        silent = [each for each in channels if each.idle and now - each.last_activity > NEW_SECONDS]
        if silent:
            return min(silent, key=lambda channel: channel.last_activity)
        arriving = [each for each in channels if each.request is not None]
        count = Counter(each.addr[0] for each in arriving)
        return min(arriving, key=lambda channel: (-count[channel.addr[0]], channel.begun), default=None)

    def maintenance(self, now: float) -> None:
        """Close connections that are silent or slow."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.check_pace(now, self._settings.slow_seconds, self._settings.min_bytes_per_second)

    def drain(self) -> None:
        """Take nothing new, and let `run` end once all is answered or the time for it is over."""
        self._deadline = time.monotonic() + self._settings.drain_seconds
        self.pull_trigger()

    def run(self) -> bool:
        """Serve until drained; return whether all was answered."""
        while self._deadline is None:
            self._turn()
        self.del_channel()
        self.socket.close()
        while self._settle() and time.monotonic() < self._deadline:
            self.maintenance(time.time())
            self._turn(0.1)
        finished = not self._settle()
        for dispatcher in (*self._dispatchers.values(), self._refusals):
            dispatcher.shutdown(timeout=1 if finished else 0)
        wasyncore.close_all(self._map)
        return finished

    def _turn(self, seconds: float = TICK_SECONDS) -> None:
        self.asyncore.loop(timeout=seconds, map=self._map, use_poll=self.adj.asyncore_use_poll, count=1)

    def _settle(self) -> bool:
        """Close what is idle; return whether anything is left."""
        for channel in self.active_channels.values():
            channel.will_close = channel.will_close or channel.idle
        return bool(self.active_channels)


def _threads(count: int) -> ThreadedTaskDispatcher:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(count)
    return dispatcher


def serve(app: Flask, settings: Settings) -> int:
    """Serve `app`, print its address once it answers, and return the signal that ended it.

    Requests in work are finished first, within the time of the settings; a second Ctrl+C ends the process at once.

    Raises:
        StartError: the address is taken or is not one of this machine.
    """
    # A line for every request that waits would slow down what it reports.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listener = _listen(settings.host, settings.port)
    if settings.processes == 1 or not (hasattr(os, "fork") and hasattr(socket, "SO_REUSEPORT")):
        return _serve(app, settings, listener, lambda: _announce(listener))
    address = listener.getsockname()
    # The first one only saw to it that nobody else listens there, which those that share would not notice.
    listener.close()
    listeners = [
        socket.create_server(address[:2], family=listener.family, reuse_port=True) for _ in range(settings.processes)
    ]
    return workers.run(listeners, lambda own: _serve(app, settings, own, lambda: None), lambda: _announce(listeners[0]))


def _serve(app: Flask, settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> int:
    server = Server(app, settings, listener)
    received: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        if not received:
            received.append(number)
            server.drain()
        elif number == signal.SIGINT:
            os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    announce()
    if not server.run():
        logging.getLogger(__name__).warning("Ended with requests in work")
    return received[0]


def _announce(listener: socket.socket) -> None:
    with suppress(OSError):  # nobody reads it, or there is no room for it: no reason not to serve
        print(f"Digit Lab is ready: {_url(*listener.getsockname()[:2])} (Ctrl+C stops it)", flush=True)


def _adjustments(settings: Settings, listener: socket.socket) -> Adjustments:
    proxy: dict[str, Any] = {}
    if settings.trusted_proxy:
        proxy = {"trusted_proxy": settings.trusted_proxy, "trusted_proxy_headers": FORWARDED}
    return Adjustments(
        sockets=[listener],
        threads=settings.threads,
        connection_limit=settings.max_connections,
        channel_timeout=settings.idle_seconds,
        cleanup_interval=TICK_SECONDS,
        max_request_header_size=settings.max_header_bytes,
        max_request_body_size=max(settings.max_body_bytes, settings.max_upload_bytes) * FRAMING,
        outbuf_high_watermark=MAX_WAITING_BYTES,
        recv_bytes=RECEIVE_BYTES,
        asyncore_use_poll=hasattr(select, "poll"),  # select() ends at 1024 connections
        ident="",
        clear_untrusted_proxy_headers=True,
        **proxy,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise StartError(
            f"{host} port {port} cannot be listened on ({error.strerror}). "
            f"Choose another port, e.g. PORT={port % 65_535 + 1}, or another HOST."
        ) from None


def _url(host: str, port: int) -> str:
    """Where this machine's browser finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
