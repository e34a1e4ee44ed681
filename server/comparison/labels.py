"""Which digit a picture is, by the names that people give to layers, folders and files."""

import re
import unicodedata
from typing import NamedTuple

WORDS = {
    word: digit
    for digit, words in enumerate(
        (
            "zero null ноль нуль",
            "one один единица",
            "two два двойка",
            "three три тройка",
            "four четыре четвёрка четверка",
            "five пять пятёрка пятерка",
            "six шесть шестёрка шестерка",
            "seven семь семёрка семерка",
            "eight восемь восьмёрка восьмерка",
            "nine девять девятка",
        )
    )
    for word in words.split()
}

LEADING_DIGIT = re.compile(r"(?:(?:digit|цифра)[\s_-]*)?(\d)(?!\d)", re.IGNORECASE)
"""A layer or folder: "4", "4 copy", "digit 4"; not "12", and not "Layer 4", which Photoshop itself writes."""
FIRST_CHARACTER = re.compile(r"(\d)\d?(?!\d)")
"""A file, as the seed read it: "7_a", "7", "71" for the first seven; not "0001" or "2024", which count or date."""
FIRST_WORD = re.compile(r"[^\W\d_]+")


LONGEST = 100
"""Characters of a name that are looked at: to normalise a stranger's long one may take minutes."""


class Label(NamedTuple):
    """A picture's true digit."""

    digit: int
    source: str
    """"layer", "folder" or "file": whose name says so."""


def find(name: str, layer: str | None = None) -> Label | None:
    """The label in a picture's names, or None.

    The nearest name that says a digit wins: the layer's, its groups', the folders' from the inmost on, and last
    the file's, since in a folder of sevens files are often numbered.

    Args:
        name: the file's name with its folders, divided by "/".
        layer: names of groups and layer, divided by "/".
    """
    for part in reversed((layer or "").split("/")):
        if (digit := _digit(part, LEADING_DIGIT)) is not None:
            return Label(digit, "layer")
    *folders, file = name.split("/")
    for part in reversed(folders):
        if (digit := _digit(part, LEADING_DIGIT)) is not None:
            return Label(digit, "folder")
    digit = _digit(file, FIRST_CHARACTER)
    return None if digit is None else Label(digit, "file")


def _digit(name: str, pattern: re.Pattern[str]) -> int | None:
    name = unicodedata.normalize("NFC", name.strip()[:LONGEST])  # macOS takes letters like й apart
    if match := pattern.match(name):
        return int(match[1])
    word = FIRST_WORD.match(name)
    return WORDS.get(word[0].lower()) if word else None
