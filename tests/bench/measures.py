"""What a measure is, and what it is given."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import find
from tests.e2e.conftest import ARGUMENTS
from tests.live import LiveServer

T = TypeVar("T")

WINDOW_OPENS = 2000
"""Milliseconds that Chromium needs for its own window."""


@dataclass(frozen=True)
class Target:
    """What a figure is to keep: an own limit, or one in proportion to the reference's."""

    limit: float
    of_reference: bool = False
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:.3g}{' ×' if self.of_reference else ''}"

    def holds(self, value: float) -> bool:
        """Whether a figure, or its ratio to the reference's, keeps to the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the table: our figure, one value per run, and the reference's from the same runs."""

    what: str
    unit: str
    ours: list[float]
    reference: list[float] = field(default_factory=list)
    reference_name: str = ""
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """The median of ours by the median of the reference's."""
        return median(self.ours) / median(self.reference) if self.reference else None

    @property
    def holds(self) -> bool | None:
        """Whether the target is met, None where there is none."""
        if self.target is None:
            return None
        value = self.ratio if self.target.of_reference else median(self.ours)
        assert value is not None, f"{self.what}: a target of a reference that was not measured"
        return self.target.holds(value)


@dataclass(frozen=True)
class Curve:
    """How cost grows: one line of a plot. Curves with the same `plot` share its axes."""

    plot: str
    name: str
    x_label: str
    y_label: str
    x: list[float]
    y: list[float]


@dataclass
class Bench:
    """What all measures share; the server and the browser start when the first measure needs them."""

    quick: bool = False
    """Whether seconds must do: few repetitions, no figures to keep."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def choose(self, full: T, quick: T) -> T:
        """The setting for this run: `full`, or `quick` where seconds must do."""
        return quick if self.quick else full

    @cached_property
    def server(self) -> LiveServer:
        """Our server with its default settings."""
        server = LiveServer()
        self._stack.callback(server.stop)
        return server

    @cached_property
    def browser(self) -> Browser:
        """A headless Chromium."""
        playwright = self._stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        self._stack.callback(browser.close)
        return browser

    def open_page(self, width: int = 1280, height: int = 800) -> Page:
        """An empty page with a cache of its own; whoever opens it closes its context.

        A new window's own controls are web pages too: some hundred files, loaded by a second process. Nobody who opens
        our page waits for them, so they are let through first.
        """
        page = self.browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.wait_for_timeout(WINDOW_OPENS)
        return page

    def close(self) -> None:
        """End what was started."""
        self._stack.close()


Measure = Callable[[Bench], Iterator[Row | Curve]]
MEASURES: dict[str, Measure] = {}


def measure(function: Measure) -> Measure:
    """Enter a function into the table of measures under its own name, with dashes."""
    MEASURES[function.__name__.replace("_", "-")] = function
    return function


def rounded(value: Any) -> Any:
    """A number with the four digits that mean something."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
