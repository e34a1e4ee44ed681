"""Several processes that serve one address, since one process of Python keeps hardly more than one core busy.

Each has a listening socket of its own (SO_REUSEPORT), among which the system spreads the connections; with one socket
for all, the process that wakes first would take most of them.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import Any, NoReturn

RESTART_SECONDS = 1
"""Between the loss of a process and its successor, so that a fault at the start does not become a storm of them."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(listeners: list[socket], serve: Callable[[socket], object], announce: Callable[[], None]) -> int:
    """Keep a forked process that serves on each listener, until a signal ends them all; return that signal.

    `announce` is called once signals are heeded. No thread of the calling process may hold a lock.
    """
    # Nobody writes to it: its end tells the processes that this one was killed.
    alive, hold = os.pipe()
    children: dict[int, socket] = {}
    unserved = list(listeners)
    received: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        received.append(number)
        for listener in listeners:
            listener.close()
        for child in children:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, number)

    for number in SIGNALS:
        signal.signal(number, stop)
    announce()
    while not received:
        # A signal between a child's birth and its entry here would miss it.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        while unserved:
            listener = unserved.pop()
            if child := os.fork():
                children[child] = listener
            else:
                os.close(hold)
                _serve(serve, listener, [other for other in listeners if other is not listener], alive)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        child, status = os.wait()
        if child not in children:
            continue  # a lost one's, which become this process's where it is the system's first, as in a container
        listener = children.pop(child)
        if not received:
            unserved.append(listener)  # whose connections wait for the successor
            logging.getLogger(__name__).error("A serving process ended with status %d; another takes its place", status)
            time.sleep(RESTART_SECONDS)
    while children:
        ended, _ = os.wait()
        children.pop(ended, None)
    return received[0]


def _serve(serve: Callable[[socket], object], listener: socket, others: list[socket], alive: int) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # until `serve` has its own
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    for other in others:
        other.close()
    os.setpgrp()  # Ctrl+C in a terminal is for the first process, which passes it on
    threading.Thread(target=end_with_parent, args=(alive,), daemon=True).start()
    status = 1
    try:
        serve(listener)
        status = 0
    except Exception:
        logging.getLogger(__name__).exception("A serving process failed")
    finally:
        logging.shutdown()
        os._exit(status)


def end_with_parent(alive: int) -> None:
    """End this process when the other end of a pipe, which only its parent holds open, is closed."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
