"""Texts that are translated when they are shown, and that can travel to another process before that."""

from typing import Any, NamedTuple

from flask_babel import gettext


class Message(NamedTuple):
    """A text of the catalogs with its values; `str` gives it in the language of the request."""

    text: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return str(gettext(self.text, **self.values))


def message(text: str, **values: Any) -> Message:
    """Name a text; import this as `_l`, by which the catalogs' tools find it."""
    return Message(text, values)
