"""Turns at reading files: who used least goes first, and long files hold up only each other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server.pictures.turns import LITTLE, Turns
from server.usage import HALF_LIFE
from tests.live import until

SECONDS = 10


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def holding(turns: Turns, client: str, long: bool = False) -> Iterator[threading.Event]:
    """A thread that takes a turn, tells when it has it, and gives it back at the end."""
    has, done = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.take(client, long):
            has.set()
            done.wait(SECONDS)

    others = list(turns._waiting)

    def waits() -> bool:
        with turns._lock:
            return any(ticket not in others for ticket in turns._waiting)

    thread = threading.Thread(target=hold)
    thread.start()
    until(lambda: has.is_set() or waits())
    try:
        yield has
    finally:
        done.set()
        if has.is_set():  # else its turn comes when others end
            thread.join(SECONDS)


def use(turns: Turns, clock: Clock, client: str, seconds: float) -> None:
    """Have a turn for so long."""
    with turns.take(client, long=False):
        clock.seconds += seconds


def test_so_many_turns_are_taken_at_once_and_one_more(clock):
    turns = Turns(2, clock)
    with holding(turns, "a") as a, holding(turns, "b") as b, holding(turns, "c") as c, holding(turns, "d") as d:
        assert [each.is_set() for each in (a, b, c, d)] == [True, True, True, False]


def test_the_one_more_is_not_for_those_who_used_much(clock):
    turns = Turns(1, clock)
    use(turns, clock, "long", 2 * LITTLE)
    with holding(turns, "other"), holding(turns, "long") as long:
        assert not long.is_set()
        with holding(turns, "new") as new:
            assert new.is_set()
    assert long.wait(SECONDS)  # the other one's has ended


def test_the_one_more_is_never_long(clock):
    turns = Turns(1, clock)
    with holding(turns, "a", long=True), holding(turns, "b", long=True) as long, holding(turns, "c") as short:
        assert (long.is_set(), short.is_set()) == (False, True)


def test_a_client_who_used_much_gets_long_turns_only(clock):
    turns = Turns(1, clock)
    for seconds, expected in ((LITTLE / 2, False), (LITTLE, False), (1, True)):
        with turns.take("a", long=False) as (long, _):
            assert long is expected
            clock.seconds += seconds


def test_a_turn_that_lasts_counts_before_its_end(clock):
    turns = Turns(1, clock)
    with holding(turns, "long"):
        clock.seconds += 2 * LITTLE
        with holding(turns, "long") as second, holding(turns, "new") as new:
            assert (second.is_set(), new.is_set()) == (False, True)


def test_who_used_least_goes_first(clock):
    turns = Turns(1, clock)
    order: list[str] = []
    use(turns, clock, "much", 0.9 * LITTLE)
    use(turns, clock, "little", 0.1 * LITTLE)

    def queue(client: str) -> threading.Thread:
        def read() -> None:
            with turns.take(client, long=False):
                order.append(client)

        thread = threading.Thread(target=read)
        thread.start()
        return thread

    with holding(turns, "a"):
        with holding(turns, "b"):
            threads = [queue(client) for client in ("much", "little", "none")]
            until(lambda: len(turns._waiting) == 3)
        for thread in threads:  # one after the other, in b's place
            thread.join(SECONDS)
    assert order == ["none", "little", "much"]


def test_what_was_used_is_forgotten_in_time(clock):
    turns = Turns(1, clock)
    use(turns, clock, "long", 2 * LITTLE)
    clock.seconds += 3 * HALF_LIFE
    with holding(turns, "other"), holding(turns, "long") as long:
        assert long.is_set()


def test_only_the_reading_itself_counts(clock):
    turns = Turns(1, clock)
    with turns.take("a", long=False) as (_, begin):
        clock.seconds += 10 * LITTLE  # a process had to be started
        begin()
    with turns.take("a", long=False) as (long, _):
        assert not long


def test_a_turn_is_given_back_after_an_error(clock):
    turns = Turns(1, clock)
    for _ in range(5):
        with pytest.raises(ValueError, match="broken"), turns.take("a", long=False):
            raise ValueError("broken")
    with holding(turns, "a") as a, holding(turns, "b") as b:
        assert a.is_set()
        assert b.is_set()
