"""Figures over all pictures of a comparison, beside those on MNIST."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from server.comparison import ABLATION
from server.comparison.figures import Figures
from server.comparison.rows import Row
from server.recognizer import ROBUST, Recognizer


class Summary:
    """Filled row by row; its size does not depend on their number.

    Args:
        on_mnist: a network's figures on the MNIST test set, by its name; None where there are none.
    """

    def __init__(self, recognizers: Mapping[str, Recognizer], on_mnist: Callable[[str], dict[str, Any] | None]) -> None:
        self._recognizers, self._on_mnist = recognizers, on_mnist
        self._without_mnist = False
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
        self._without_mnist |= picture["percentiles"] is None and picture["models"][ROBUST]["digit"] is not None
        label = picture["label"]
        if label is None:
            self._counts["unlabelled"] += 1
            return
        for name, figures in self._figures.items():
            figures.add(label, picture["models"][name]["digit"])
        for step, figures in self._ablation.items():
            figures.add(label, picture["ablation"][step])

    def as_json(self) -> dict[str, Any]:
        """All figures, ready for JSON.

        `mnist` says whether MNIST was there for every picture; a network's `mnist` are its figures on the test set,
        or null where nobody measured them.
        """
        return {
            **self._counts,
            "models": {
                name: {
                    "version": recognizer.version,
                    **self._figures[name].as_json(),
                    "mnist": self._on_mnist(name),
                }
                for name, recognizer in self._recognizers.items()
            },
            "ablation": {step: figures.as_json()["accuracy"] for step, figures in self._ablation.items()},
            "mnist": not self._without_mnist,
        }


def summarized(
    rows: Iterable[Row],
    recognizers: Mapping[str, Recognizer],
    on_mnist: Callable[[str], dict[str, Any] | None],
) -> Iterator[Row]:
    """The rows, but for an old summary, and then their summary."""
    summary = Summary(recognizers, on_mnist)
    for row in rows:
        if "summary" not in row:
            summary.add(row)
            yield row
    yield {"summary": summary.as_json()}
