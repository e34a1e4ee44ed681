"""Why a picture may be misread: where its drawing is unusual among MNIST's, and whether its label is right."""

from collections.abc import Mapping

from server.messages import Message
from server.messages import message as _l
from server.recognizer import Recognition

UNUSUAL = 2.5
"""Percent of MNIST at either end that count as unusual."""
SURE, HARDLY = 0.9, 0.01
"""The label is doubted where the network is this sure of another digit, and gives the label hardly a chance."""


def find(percentiles: Mapping[str, float]) -> list[Message]:
    """The unusual traits of a drawing, the most unusual first."""
    found = []
    for trait, percentile in percentiles.items():
        high = percentile > 50
        beyond = percentile if high else 100 - percentile
        if beyond >= 100 - UNUSUAL and (text := _text(trait, high, min(int(beyond), 99))):
            found.append((beyond, text))
    return [text for _, text in sorted(found, key=lambda item: -item[0])]


def _text(trait: str, high: bool, number: int) -> Message | None:
    match trait, high:
        case "stroke", False:
            return _l("The strokes are thinner than %(number)d%% of MNIST's.", number=number)
        case "stroke", True:
            return _l("The strokes are thicker than %(number)d%% of MNIST's.", number=number)
        case "slant", False:
            return _l("The digit leans further to the left than %(number)d%% of MNIST's.", number=number)
        case "slant", True:
            return _l("The digit leans further to the right than %(number)d%% of MNIST's.", number=number)
        case "size", False:
            return _l(
                "The digit is smaller in its picture than %(number)d%% of MNIST's; only Classic minds.",
                number=number,
            )
        case "size", True:
            return _l(
                "The digit is larger in its picture than %(number)d%% of MNIST's; only Classic minds.",
                number=number,
            )
        case "offset", True:
            return _l(
                "The digit lies further from the middle than %(number)d%% of MNIST's; only Classic minds.",
                number=number,
            )
        case "coverage", True:
            return _l(
                "More of the picture was taken for ink than in %(number)d%% of MNIST's: "
                "perhaps the ground was taken for the ink.",
                number=number,
            )
    return None  # nearer to the middle than others is no fault, and little ink is told by stroke and size


def is_suspect(answer: Recognition, label: int) -> bool:
    """Whether a picture's label is probably wrong."""
    return (
        answer.digit is not None
        and answer.digit != label
        and float(answer.probabilities.max()) >= SURE
        and float(answer.probabilities[label]) <= HARDLY
    )
