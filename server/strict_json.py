"""JSON of strangers: UTF-8, no NaN, no Infinity, and nested no deeper than is agreed."""

import json
import re
from typing import Any, NoReturn

TEXT = re.compile(rb'"[^"]*"?')
ALIKE = bytes.maketrans(b"{}", b"[]")
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class NotJson(ValueError):
    """The text is not JSON in UTF-8, or a number has thousands of digits."""


class TooDeep(NotJson):
    """Lists and objects stand in each other deeper than allowed."""


def loads(body: bytes, max_depth: int) -> Any:
    """Parse a body.

    Raises:
        NotJson, TooDeep: it is not JSON, or nested deeper than `max_depth`.
    """
    _check_depth(body, max_depth)
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except ValueError as error:
        raise NotJson(*error.args) from None


def _check_depth(body: bytes, max_depth: int) -> None:
    """Before parsing, because the parser's own limit is the interpreter's stack."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = TEXT.sub(b"", unescaped).translate(ALIKE, NO_BRACKETS)
    for _ in range(max_depth):
        brackets = brackets.replace(b"[]", b"")  # takes the innermost level off
    if b"[" in brackets:
        raise TooDeep


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
