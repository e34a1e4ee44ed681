import json
import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import strict_json

MOST = 10_000
"""Values that are read."""
VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='a"\\[]{}\n'),
    lambda children: st.lists(children) | st.dictionaries(st.text(alphabet='"\\[]{}'), children),
    max_leaves=20,
)


def depth(value: object) -> int:
    """How deep lists and objects stand in each other, counted the plain way."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_what_is_as_deep_as_allowed_is_read_and_what_is_deeper_is_not(value):
    body = json.dumps(value).encode()
    assert strict_json.loads(body, depth(value), MOST) == value
    if depth(value):
        with pytest.raises(strict_json.TooDeep):
            strict_json.loads(body, depth(value) - 1, MOST)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'"]' * 9 + b"[" * 100_000, b"[{" * 50_000])
def test_what_never_ends_is_too_deep(body):
    with pytest.raises(strict_json.NotJson):
        strict_json.loads(body, 16, MOST)


@pytest.mark.parametrize(
    "body", [b"NaN", b"[Infinity]", b"[-Infinity]", b"\xff", b"[1", b"9" * 5000, b"", b"\xff\xfe[\0"]
)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(strict_json.NotJson):
        strict_json.loads(body, 16, MOST)


def test_so_many_values_are_read_and_no_more():
    most = [0] * MOST  # one bracket, and a comma less than values
    assert strict_json.loads(json.dumps(most).encode(), 16, MOST) == most
    with pytest.raises(strict_json.TooMany):
        strict_json.loads(json.dumps([*most, 0]).encode(), 16, MOST)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 4_000_000,
        b"[" + b"[]," * 1_000_000 + b"]",
        b"[" + b"1," * 4_000_000 + b"1]",
        b'"' * 4_000_000 + b"[" * 20,
        b'"\\' * 2_000_000 + b"[" * 20,
    ],
    ids=["brackets", "empty lists", "numbers", "texts", "escapes"],
)
def test_no_body_holds_the_other_threads_up_more_than_one_text_of_its_length(body):
    def seconds(read, body):
        return min(timeit.repeat(lambda: read(body), time.thread_time, number=1))

    def refused(body):
        with pytest.raises(strict_json.NotJson):
            strict_json.loads(body, 16, MOST)

    text = b'"' + b"a" * len(body) + b'"'
    assert seconds(refused, body) < 10 * seconds(json.loads, text)
