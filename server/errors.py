"""The one error for the person who starts the server."""


class StartError(Exception):
    """The server cannot start; the message is a sentence that says why and what to do."""
