"""JSON of strangers: UTF-8, no NaN, no Infinity, nested no deeper and holding no more than is agreed."""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn


class NotJson(ValueError):
    """The text is not JSON in UTF-8, or a number has thousands of digits."""


class TooDeep(NotJson):
    """Lists and objects stand in each other deeper than allowed."""


class TooMany(NotJson):
    """It holds more values than allowed."""


def loads(body: bytes, max_depth: int, max_values: int) -> Any:
    """Parse a body.

    Raises:
        NotJson: it is not JSON, or is `TooDeep`, nested deeper than `max_depth`, or `TooMany`, of more values than
            `max_values`.
    """
    # First: the parser lets no other thread run until it is done, so a long list of nothing would hold up everybody.
    if sum(map(body.count, (b"[", b"{", b","))) > max_values:
        raise TooMany
    try:
        value = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise TooDeep from None
    except ValueError as error:
        raise NotJson(*error.args) from None
    _check_depth(value, max_depth)
    return value


def _check_depth(value: Any, max_depth: int) -> None:
    level = [value]
    for _ in range(max_depth):
        level = [child for each in level for child in _children(each)]
    if any(isinstance(each, (dict, list)) for each in level):
        raise TooDeep


def _children(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
