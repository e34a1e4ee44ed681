"""What clients have used, and who is held back for it."""

import pytest

from server.usage import HALF_LIFE, MUCH, PRESENT_SECONDS, Greed, Usage
from tests.server.test_turns import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_was_used_counts_half_after_a_while_and_is_forgotten_in_the_end(clock):
    usage = Usage(clock)
    usage.add("a", 8)
    clock.seconds += HALF_LIFE
    assert usage.of("a") == pytest.approx(4)
    usage.add("a", 4)
    assert usage.of("a") == pytest.approx(8)
    clock.seconds += 100 * HALF_LIFE
    usage.add("b", 1)
    assert set(usage._used) == {"b"}


def test_who_used_much_is_held_back_while_others_are_there(clock):
    greed = Greed(clock)
    greed.add("a", 2 * MUCH)
    assert not greed.of("a")  # nobody else is there
    assert not greed.of("b")
    assert greed.of("a")
    clock.seconds += PRESENT_SECONDS
    assert not greed.of("a")


def test_who_used_little_is_not_held_back(clock):
    greed = Greed(clock)
    greed.add("a", MUCH)
    greed.add("b", MUCH)
    assert [greed.of("a"), greed.of("b"), greed.of("a")] == [False] * 3


def test_a_client_alone_is_never_held_back_whatever_he_used(clock):
    greed = Greed(clock)
    assert not greed.of("a")
    greed.add("a", 100)
    assert not greed.of("a")


def test_those_who_used_much_do_not_hold_back_each_other(clock):
    greed = Greed(clock)
    greed.add("a", 2 * MUCH)
    greed.add("b", 2 * MUCH)
    assert not greed.of("a")
    assert not greed.of("b")
