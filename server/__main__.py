"""`python -m server` serves Digit Lab; HOST and PORT say where."""

import logging
import os
import signal
import sys

from server import create_app, logs
from server.errors import StartError
from server.serving import serve
from server.settings import Settings


def main() -> int:
    """Serve until stopped; return the exit status."""
    try:
        settings = Settings.from_environment()
        logs.set_up(settings.log)
        ended_by = serve(create_app(settings), settings)
    except StartError as error:
        print(f"Digit Lab cannot start. {error}", file=sys.stderr)
        return 1
    return 128 + ended_by if ended_by == signal.SIGINT else 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # Not sys.exit, which waits for every thread: one may still read a file for a client who is gone.
    os._exit(status)
