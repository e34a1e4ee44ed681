"""Figures over all pictures of a comparison, beside those on MNIST."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from server.comparison import ABLATION
from server.comparison.figures import Figures, of_card
from server.comparison.rows import Row
from server.recognizer import Recognizer


class Summary:
    """Filled row by row; its size does not depend on their number."""

    def __init__(self, recognizers: Mapping[str, Recognizer]) -> None:
        self._recognizers = recognizers
        self._figures = {name: Figures() for name in recognizers}
        self._ablation = {step: Figures() for step in ABLATION}
        self._counts = {"pictures": 0, "unlabelled": 0, "skipped": 0}

    def add(self, row: Row) -> None:
        """Count one row."""
        if "skipped" in row:
            self._counts["skipped"] += 1
        if not (picture := row.get("picture")):
            return
        self._counts["pictures"] += 1
        label = picture["label"]
        if label is None:
            self._counts["unlabelled"] += 1
            return
        for name, figures in self._figures.items():
            figures.add(label, picture["models"][name]["digit"])
        for step, figures in self._ablation.items():
            figures.add(label, picture["ablation"][step])

    def as_json(self) -> dict[str, Any]:
        """All figures, ready for JSON; a network's `mnist` is null where its card has no figures."""
        return {
            **self._counts,
            "models": {
                name: {
                    "version": recognizer.version,
                    **self._figures[name].as_json(),
                    "mnist": of_card(recognizer.card),
                }
                for name, recognizer in self._recognizers.items()
            },
            "ablation": {step: figures.as_json()["accuracy"] for step, figures in self._ablation.items()},
        }


def summarized(rows: Iterable[Row], recognizers: Mapping[str, Recognizer], mnist: bool) -> Iterator[Row]:
    """The rows, but for an old summary, and then their summary; `mnist`: whether MNIST was there to compare with."""
    summary = Summary(recognizers)
    for row in rows:
        if "summary" not in row:
            summary.add(row)
            yield row
    yield {"summary": {**summary.as_json(), "mnist": mnist}}
