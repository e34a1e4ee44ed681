"""Penmanship: letterforms, hands, pens and paper."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.__main__ import main
from train.penmanship import FORMS, LETTERFORMS, Tool, choose_tool, draw, form_names, paper, write
from train.penmanship.doodles import BLANK, KINDS, ONLY_MEASURED, SHOWN_IN_TRAINING, doodle
from train.penmanship.hand import trace

ALL = [pytest.param(form, id=f"{form.digit} {form.name}") for form in LETTERFORMS]


@pytest.mark.parametrize(
    ("digit", "names"),
    [
        (0, {"plain", "slashed", "open"}),
        (1, {"bar", "short flag", "long flag", "flag and base"}),
        (4, {"open", "closed", "in one stroke"}),
        (7, {"plain", "crossed", "hooked", "with serif"}),
        (9, {"straight tail", "curved tail", "hooked tail"}),
    ],
)
def test_the_forms_that_countries_differ_in_are_there(digit: int, names: set[str]) -> None:
    assert names <= set(form_names(digit))


def test_every_digit_has_at_least_four_forms() -> None:
    assert all(len(forms) >= 4 for forms in FORMS.values())


@pytest.mark.parametrize("form", ALL)
def test_a_form_is_about_one_unit_tall_and_written_in_few_strokes(form) -> None:
    for seed in range(10):
        strokes = write(form.digit, np.random.default_rng(seed), form.name)
        height = np.ptp(np.concatenate(strokes)[:, 1])
        assert 0.55 < height < 1.6
        assert 1 <= len(strokes) <= 3
        assert all(len(points) >= 2 and np.isfinite(points).all() for points in strokes)


@pytest.mark.parametrize("form", ALL)
def test_a_form_leaves_ink_and_paper_with_every_pen(form) -> None:
    rng = np.random.default_rng(11)
    for side in (28, 90):
        ink = draw(write(form.digit, rng, form.name), choose_tool(rng), side, rng)
        assert ink.shape == (side, side)
        assert 0 <= ink.min() <= ink.max() <= 1
        assert 0.002 < ink.mean() < 0.6


@pytest.mark.parametrize("width", [0.005, 0.1])
def test_a_stroke_fades_and_covers_no_darker_ink(width: float) -> None:
    bar, crossing = (np.linspace(*ends, 50) for ends in (((0, 0), (1, 0)), ((0.5, -0.5), (0.5, 0.5))))
    tool = Tool("pen", width, fading=0.8, antialiased=False)
    for seed in range(20):
        ink = draw([bar, crossing], tool, 100, np.random.default_rng(seed), (0.8, 0.8))
        row, column = (int(np.argmax((ink > 0).sum(axis=axis))) for axis in (1, 0))
        along = ink[row][ink[row] > 0]
        assert along.max() > along.min() + 0.1
        assert ink[ink > 0].min() >= 0.19
        beside = ink[row, [column - 8, column + 8]], ink[[row - 8, row + 8], column]
        assert ink[row, column] >= max(pair.min() for pair in beside) - 0.06


@pytest.mark.parametrize("tool", ["pencil", "pen", "brush", "marker"])
def test_pens_of_every_kind_may_fade_and_leave_ink(tool: str) -> None:
    rng = np.random.default_rng(0)
    tools = [each for each in (choose_tool(rng) for _ in range(1000)) if each.name == tool]
    fading = np.array([each.fading > 0 for each in tools])
    assert 0.06 < fading.mean() < 0.2
    for each in tools[:20]:
        assert draw(write(3, rng), each, 56, rng).max() > 0.15


def test_a_seed_writes_the_same_twice_and_another_seed_does_not() -> None:
    def once(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return paper.lay(draw(write(5, rng), choose_tool(rng), 56, rng), rng)

    np.testing.assert_array_equal(once(1), once(1))
    assert (once(1) != once(2)).any()


@pytest.mark.parametrize("side", [12, 28, 112])
def test_on_the_dirtiest_paper_most_digits_still_stand_out(side: int) -> None:
    alike = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        ink = draw(write(seed % 10, rng), choose_tool(rng), side, rng)
        grey = paper.lay(ink, rng, dirt=1.0)
        assert (grey.shape, grey.dtype) == (ink.shape, np.uint8)
        alike.append(np.corrcoef(ink.ravel(), grey.ravel())[0, 1])
    assert np.abs(alike).mean() > 0.4
    assert min(alike) < 0 < max(alike), "dark on light and light on dark"


def test_an_unknown_form_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="crossed"):
        write(7, np.random.default_rng(0), "upside down")


@pytest.mark.parametrize("kind", KINDS)
def test_a_doodle_can_be_drawn(kind: str) -> None:
    rng = np.random.default_rng(2)
    assert draw(trace(doodle(rng, [kind]), rng), choose_tool(rng), 56, rng).max() > 0.3


def test_doodles_that_measure_are_never_shown_in_training() -> None:
    assert not set(ONLY_MEASURED) & set(SHOWN_IN_TRAINING)
    assert {*ONLY_MEASURED, *SHOWN_IN_TRAINING} == {*KINDS, BLANK}


@pytest.mark.parametrize("side", [12, 28, 112])
def test_a_blank_sheet_is_paper_of_any_light(side: int) -> None:
    rng = np.random.default_rng(4)
    assert doodle(rng, [BLANK]) == []
    sheets = np.stack([paper.blank(side, rng) for _ in range(60)])
    assert (sheets.shape, sheets.dtype) == ((60, side, side), np.uint8)
    assert paper._lined(sheets[0] * np.float32(0), rng, darkest=1.0).any(), "lines, though there is no ink"
    spread = np.ptp(sheets, axis=(1, 2))
    assert spread.min() < 40 < 60 < spread.max()
    assert sheets.mean(axis=(1, 2)).min() < 60 < 200 < sheets.mean(axis=(1, 2)).max()


def test_the_command_draws_a_sheet(tmp_path: Path) -> None:
    assert main(["penmanship", str(tmp_path / "sheet.png")]) == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 500
        assert np.asarray(sheet).std() > 20


@pytest.mark.parametrize("seed", ["-1", str(2**31), "one"])
def test_a_seed_that_cannot_be_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: str) -> None:
    with pytest.raises(SystemExit):
        main(["penmanship", str(tmp_path / "sheet.png"), "--seed", seed])
    assert "--seed" in capsys.readouterr().err


def test_penmanship_needs_no_tensorflow() -> None:
    code = (
        "import sys, train.penmanship, train.synthesis; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
