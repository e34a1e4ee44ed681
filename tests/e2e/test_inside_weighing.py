"""Inside, from Dropout to training: what is shown adds up, answers to the pen and to keys, and fails in words."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenInside
from tests.e2e.handwriting import AMERICAN, EUROPEAN
from tests.e2e.inside_page import InsidePage, change_card, layer_of
from tests.live import until

SEVEN, EIGHT = EUROPEAN[7], EUROPEAN[8]
"""The seven has two strokes: the hook and the bar."""


@pytest.fixture
def open_inside(open_inside: OpenInside) -> OpenInside:
    """The page Inside with a seven drawn on it."""

    def open_(query: str = "", **options: Any) -> InsidePage:
        page = open_inside(query, **options)
        page.draw(SEVEN)
        return page

    return open_


def shares(bars: Locator) -> NDArray[np.float64]:
    """Ten bars, 0..1, rounded to a tenth of a percent, but to 1 only where that is meant."""
    return np.array(bars.locator("[role=meter]").evaluate_all("bars => bars.map((bar) => bar.ariaValueNow / 100)"))


def numbers(cells: Locator) -> NDArray[np.float64]:
    """The unrounded numbers of table cells."""
    return np.array(cells.evaluate_all("cells => cells.map((cell) => Number(cell.dataset.value))"))


# Dropout


def test_dropping_makes_the_probabilities_jitter_and_dropping_nothing_brings_them_back(open_inside: OpenInside) -> None:
    page = open_inside()
    step, bars = page.step("dropout"), page.page.locator("#dropout-bars")
    expect(step.locator(".words")).to_contain_text("Nothing is dropped")
    before = shares(bars)
    np.testing.assert_array_equal(before, shares(page.page.locator("#bars")))

    step.locator("[name=rate]").fill("80")
    seen = set()
    for _ in range(5):
        step.get_by_role("button", name="Drop at random").click()
        expect(step.locator(".words")).to_contain_text("values are dropped")
        page.page.wait_for_timeout(100)
        seen.add(tuple(shares(bars)))
    assert len(seen) > 1
    step.get_by_role("button", name="Drop nothing").click()
    expect(step.locator(".words")).to_contain_text("Nothing is dropped")
    np.testing.assert_array_equal(shares(bars), before)


def test_keep_dropping_goes_on_until_it_is_switched_off(open_inside: OpenInside) -> None:
    page = open_inside()
    keep = page.step("dropout").get_by_role("button", name="Keep dropping")
    page.choose_layer("dropout", "dropout1")
    words = page.step("dropout").locator(".words")
    words.evaluate(
        """(words) => {
            globalThis.draws = 0;
            new MutationObserver(() => draws++).observe(words, { childList: true });
        }"""
    )
    keep.press("Space")
    expect(keep).to_have_attribute("aria-pressed", "true")
    page.page.wait_for_function("() => draws >= 3")
    keep.press("Space")
    expect(keep).to_have_attribute("aria-pressed", "false")
    page.page.wait_for_timeout(500)  # the draw that was on its way
    draws = page.page.evaluate("draws")
    page.page.wait_for_timeout(1000)
    assert page.page.evaluate("draws") == draws


def test_it_keeps_dropping_calmly_for_whoever_prefers_less_motion(open_inside: OpenInside) -> None:
    step = open_inside(reduced_motion="reduce").step("dropout")
    step.get_by_role("button", name="Keep dropping").click()
    expect(step.locator(".words")).to_contain_text("values are dropped")
    draws = step.locator(".words").evaluate(
        """(words) => new Promise((resolve) => {
            let changes = 0;
            new MutationObserver(() => changes++).observe(words, { childList: true });
            setTimeout(() => resolve(changes), 1000);
        })"""
    )
    assert draws <= 1


@pytest.mark.parametrize("layer", ["dropout4", "dropout1"])
def test_ten_thousand_draws_vote_while_the_page_goes_on_answering(open_inside: OpenInside, layer: str) -> None:
    page = open_inside("?model=classic")
    page.choose_layer("dropout", layer)
    step, result = page.step("dropout"), page.step("dropout").locator(".votes")
    many = step.get_by_role("button", name="Ten thousand draws")
    many.click()
    if layer == "dropout1":  # the longest way through the network: a drawing made meanwhile is read
        expect(step.get_by_role("button", name="Stop")).to_be_visible()
        page.button("clear").click()
        page.draw(EIGHT)
        page.expect_digit(8)
        expect(result).to_be_hidden()  # the draws were of another drawing
        many.click()
        expect(step.locator("progress")).to_be_visible()
        step.get_by_role("button", name="Stop").click()
        expect(step.locator("progress")).to_be_hidden()
        return
    expect(result.locator("figcaption")).to_contain_text("of 10,000 draws say 7")
    votes = shares(result)
    assert votes.sum() == pytest.approx(1, abs=0.006)
    assert votes.argmax() == 7


def test_stopped_draws_say_their_own_votes_and_give_the_focus_back(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic")
    step = page.step("dropout")
    many, stop = (step.get_by_role("button", name=name) for name in ("Ten thousand draws", "Stop"))
    caption = step.locator(".votes figcaption")
    many.click()
    expect(caption).to_contain_text("of 10,000 draws")
    page.page.evaluate(  # the second batch of the next run stays on its way
        """() => {
            const { network } = window.reading;
            const { resume } = network;
            let calls = 0;
            network.resume = (...call) => (++calls > 1 ? new Promise(() => {}) : resume.apply(network, call));
        }"""
    )
    many.click()
    expect(caption).to_be_empty()
    expect(step.locator("progress")).to_have_js_property("value", 1)
    stop.press("Enter")
    expect(caption).to_contain_text("of 1 draws say 7")
    expect(many).to_be_focused()


def test_only_values_that_are_dropped_look_dropped(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic")
    page.choose_layer("dropout", "dropout4")
    canvas = page.step("dropout").locator(".values canvas")
    size = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
    assert size == [16, 8], "128 values, and no place left empty"


def test_ten_thousand_draws_come_in_few_sizes_of_batches(open_inside: OpenInside) -> None:
    """The engine keeps its calls for some sizes only, and those of the pen's readings are among them."""
    page = open_inside("?model=classic")
    page.page.evaluate(
        """() => {
            window.sizes = [];
            const { network } = window.reading;
            const { resume } = network;
            network.resume = (layer, values, count) => {
                sizes.push(count);
                return resume.call(network, layer, values, count);
            };
        }"""
    )
    step = page.step("dropout")
    step.get_by_role("button", name="Ten thousand draws").click()
    expect(step.locator(".votes figcaption")).to_contain_text("of 10,000 draws")
    sizes = page.page.evaluate("sizes")
    assert sum(sizes) == 10_000
    assert {size.bit_count() for size in sizes} == {1}, "powers of two"


def test_a_dropout_whose_input_the_graph_lacks_is_said_and_can_be_left(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic", prepare=change_card(lambda card: layer_of(card, "pool1").update(node="gone")))
    expect(page.problem("dropout")).to_be_empty()
    page.step("dropout").get_by_role("button", name="Drop at random").click()
    page.choose_layer("dropout", "dropout1")
    expect(page.problem("dropout")).to_contain_text("no node “gone”, which its card names for the layer pool1")
    page.choose_layer("dropout", "dropout4")
    expect(page.problem("dropout")).to_be_empty()
    expect(page.step("dropout").locator(".words")).to_contain_text("values are dropped")


# Flatten


def test_the_vector_holds_the_values_of_the_cube_in_kerass_order(open_inside: OpenInside) -> None:
    page = open_inside()
    cube = page.reading()["layers"]["pool2"]["values"]
    rows, columns, maps = cube.shape
    canvas = page.step("flatten").locator(".vector canvas")
    canvas.focus()
    for keys in (["ArrowUp"] * 18 + ["ArrowLeft"] * 32, ["ArrowRight"] * 5, ["ArrowDown"] * 7):
        for key in keys:
            canvas.press(key)
        told = page.words("flatten")
        row, column, channel = int(told["row"]), int(told["column"]), int(told["map"])
        assert told["element"] == np.ravel_multi_index((row, column, channel), cube.shape)
        assert told["value"] == pytest.approx(cube[row, column, channel], abs=1e-3)
    assert told["element"] == 5 + 7 * 32
    assert rows * columns * maps == 576


def test_pointing_at_a_map_shows_the_element_and_keys_step_over_the_gaps(open_inside: OpenInside) -> None:
    page = open_inside()
    laid = (8 * 4 - 1, 8 * 4 - 1)  # eight by eight maps of three rows and columns, and a gap between them
    page.point_at("flatten", "cube", 0, 2, laid)
    expect(page.step("flatten").locator(".words")).to_contain_text("Map 1, row 1, column 3")
    page.step("flatten").locator(".cube canvas").press("ArrowRight")
    expect(page.step("flatten").locator(".words")).to_contain_text("Map 2, row 1, column 1")


def test_the_sizes_are_worked_out_beside_the_seeds_example(open_inside: OpenInside) -> None:
    sizes = open_inside().step("flatten").locator("table")
    expect(sizes).to_contain_text("(3, 3, 64)3 · 3 · 64576")
    expect(sizes).to_contain_text("(64, 32, 32)64 · 32 · 3265,536")


# Dense


@pytest.mark.parametrize("layer", ["dense1", "dense2"])
def test_the_parts_of_a_neurons_sum_add_up_to_its_output(open_inside: OpenInside, layer: str) -> None:
    page = open_inside()
    page.choose_layer("dense", layer)
    step = page.step("dense")
    outputs = page.reading()["layers"][layer]["values"]
    products = numbers(step.locator(".sum tbody td:last-child"))
    total, *after = numbers(step.locator(".sum tfoot td:last-child"))
    assert products.sum() == pytest.approx(total, abs=1e-4)
    assert after == ([pytest.approx(max(0, total), abs=1e-3)] if layer == "dense1" else [])
    assert total == pytest.approx(outputs.max(), abs=1e-3)  # the largest is shown until one is picked
    canvas = step.locator(".neurons canvas")
    for key in ["ArrowLeft"] * 10 + ["ArrowUp"] * 8 + ["ArrowRight"] * 2:
        canvas.press(key)
    [total, *_] = numbers(step.locator(".sum tfoot td:last-child"))
    assert max(0, total) == pytest.approx(max(0, outputs[2]), abs=1e-3)


def evidence(page: InsidePage) -> dict[str, float]:
    """The sums behind the evidence, unrounded; and `strokes`, the sum of the strokes' parts."""
    page.step("dense").locator(".evidence").scroll_into_view_if_needed()
    parts = page.step("dense").locator(".evidence .facts dd")
    expect(parts).to_have_count(4)
    found: dict[str, str] = parts.evaluate_all(
        "parts => Object.assign({}, ...parts.map((part) => ({ ...part.dataset })))"
    )
    strokes = page.step("dense").locator(".stroke-parts li")
    each = strokes.evaluate_all("strokes => strokes.map((stroke) => Number(stroke.dataset.part))")
    return {name: float(value) for name, value in found.items()} | {"strokes": sum(each), "count": len(each)}


@pytest.mark.parametrize("model", ["robust", "classic"])
def test_the_empty_page_and_the_pixels_add_up_to_the_logit(open_inside: OpenInside, model: str) -> None:
    page = open_inside(f"?model={model}")
    logits = page.reading()["layers"]["dense2"]["values"]
    found = evidence(page)
    assert found["blank"] + found["for"] + found["against"] == pytest.approx(found["total"], abs=1e-3)
    assert found["total"] == pytest.approx(logits[7], abs=1e-3)
    assert found["count"] == len(SEVEN)
    # What ink at the very edge of the box gives is seen by a pixel that no stroke's middle lies in: a small rest.
    assert found["strokes"] == pytest.approx(found["for"] + found["against"], abs=0.1 * abs(found["total"]))


def test_of_a_small_digit_too_the_strokes_have_nearly_all(open_inside: OpenInside) -> None:
    page = open_inside()
    page.button("clear").click()
    page.draw([[(20 + x / 8, 20 + y / 8) for x, y in stroke] for stroke in SEVEN])
    found = evidence(page)
    assert found["strokes"] == pytest.approx(found["for"] + found["against"], rel=0.15)


def test_one_digit_can_be_weighed_against_another(open_inside: OpenInside) -> None:
    page = open_inside()
    logits = page.reading()["layers"]["dense2"]["values"]
    step = page.step("dense")
    step.get_by_role("radio", name="2", exact=True).check()
    assert evidence(page)["total"] == pytest.approx(logits[2], abs=1e-3)
    step.get_by_label("rather than").select_option("7")
    found = evidence(page)
    assert found["total"] == pytest.approx(logits[2] - logits[7], abs=1e-3)
    assert found["strokes"] < 0, "no stroke of the seven makes it rather a two"
    expect(step.locator(".evidence .words")).to_contain_text("The logit of the 2 less that of the 7")


# softmax


def test_at_temperature_1_softmax_gives_the_bars(open_inside: OpenInside) -> None:
    page = open_inside()
    step = page.step("softmax")
    shown = numbers(step.locator(".exponentials tbody td:last-child"))
    np.testing.assert_allclose(shown, shares(page.page.locator("#bars")), atol=1e-3)
    np.testing.assert_allclose(shown, page.reading()["layers"]["softmax"]["values"], atol=1e-3)
    assert shown.sum() == pytest.approx(1)


def test_heat_evens_the_probabilities_out_and_cold_leaves_one(open_inside: OpenInside) -> None:
    page = open_inside()
    step, slider = page.step("softmax"), page.step("softmax").locator("[name=temperature]")
    order = page.reading()["layers"]["dense2"]["values"].argsort()
    slider.press("End")
    expect(step.locator(".temperature")).to_have_text("10.00")
    hot = numbers(step.locator(".exponentials tbody td:last-child"))
    assert hot.max() < 0.5
    np.testing.assert_array_equal(hot.argsort(), order)
    slider.press("Home")
    expect(step.locator(".temperature")).to_have_text("0.10")
    assert numbers(step.locator(".exponentials tbody td:last-child")).max() > 0.999
    step.get_by_role("button", name="Back to T = 1").click()
    expect(step.locator(".temperature")).to_have_text("1.00")


def test_kept_drawings_make_a_matrix_that_outlives_the_language_and_the_network(open_inside: OpenInside) -> None:
    page = open_inside()
    step = page.step("softmax")
    rows = step.locator(".kept tbody tr")
    step.get_by_role("button", name="Keep this drawing").click()
    page.button("clear").click()
    page.draw(AMERICAN[1])
    step.get_by_role("button", name="Keep this drawing").click()
    expect(rows).to_have_count(3)
    expect(step.locator(".matrix-shape")).to_contain_text("3 × 10")

    def matrix() -> NDArray[np.float64]:
        return numbers(rows.locator("td:not(:last-child)")).reshape(-1, 10)

    robust = matrix()
    np.testing.assert_allclose(robust.sum(axis=1), 1, atol=1e-5)
    assert robust.argmax(axis=1).tolist() == [1, 7, 1]
    np.testing.assert_allclose(robust[0], robust[2], atol=1e-6)

    page.page.get_by_role("link", name="RU").click()
    page.page.wait_for_selector("html[lang=ru][data-ready=true]")
    expect(rows).to_have_count(3)
    np.testing.assert_allclose(matrix()[1:], robust[1:], atol=1e-4)
    page.page.locator("label.model", has=page.page.locator("#model-classic")).click()
    expect(page.step("training").locator(".epoch")).to_have_text("16")
    until(lambda: np.abs(matrix()[1:] - robust[1:]).max() > 1e-4)
    classic = matrix()
    np.testing.assert_allclose(classic.sum(axis=1), 1, atol=1e-5)
    rows.nth(1).get_by_role("button").click()
    expect(rows).to_have_count(2)
    step.get_by_role("button", name="Убрать все").click()
    expect(rows).to_have_count(1)


def test_whoever_removes_kept_drawings_with_keys_keeps_the_focus(open_inside: OpenInside) -> None:
    step = open_inside().step("softmax")
    keep = step.get_by_role("button", name="Keep this drawing")
    for _ in range(3):
        keep.click()
    first, second = (step.get_by_role("button", name=f"Remove drawing {n}") for n in (1, 2))
    second.press("Enter")
    expect(second).to_be_focused()  # the third, which came in its place
    second.press("Enter")
    expect(first).to_be_focused()
    first.press("Enter")
    expect(keep).to_be_focused()
    keep.press("Enter")
    step.get_by_role("button", name="Remove all").press("Enter")
    expect(keep).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_full_matrix_takes_no_more_says_so_legibly_and_keeps_the_focus(open_inside: OpenInside, scheme: str) -> None:
    step = open_inside(color_scheme=scheme).step("softmax")
    keep = step.get_by_role("button", name="Keep this drawing")
    for _ in range(12):
        keep.press("Enter")
    expect(keep).to_be_disabled()
    expect(step.get_by_role("group", name="Probabilities of the kept drawings")).to_be_focused()
    look = "(button) => ['backgroundColor', 'borderTopColor'].map((name) => getComputedStyle(button)[name])"
    assert keep.evaluate(look) == step.get_by_role("button", name="Back to T = 1").evaluate(look)


# Training


def test_the_history_of_the_card_is_drawn_and_told_epoch_by_epoch(open_inside: OpenInside) -> None:
    cards: list[dict] = []
    page = open_inside(prepare=change_card(cards.append))
    history = cards[0]["history"]
    step = page.step("training")
    expect(step.locator(".chart .curve")).to_have_count(4)  # training and validation, in two charts
    points = step.locator(".chart .curve").first.get_attribute("points") or ""
    assert len(points.split()) == len(history)
    slider = step.locator("[name=epoch]")
    slider.press("Home")
    for epoch in (1, 2):
        expect(step.locator(".epoch")).to_have_text(str(epoch))
        told = step.locator("tbody td").evaluate_all(
            "cells => Object.assign({}, ...cells.map((cell) => ({ ...cell.dataset })))"
        )
        shown = [float(told[name]) for name in ("loss", "val_loss", "accuracy", "val_accuracy")]
        record = history[epoch - 1]
        assert shown == [record[name] for name in ("loss", "val_loss", "accuracy", "val_accuracy")]
        slider.press("ArrowRight")
    expect(step.locator(".notes")).to_contain_text("no training without dropout")
    expect(step.locator(".notes")).to_contain_text("learned from larger ones as well")


def test_a_training_without_dropout_stands_beside_it(open_inside: OpenInside) -> None:
    def overfit(card: dict) -> None:
        losses = [0.2, 0.05, 0.04, 0.09]
        card["history_without_dropout"] = [
            {"epoch": k + 1, "loss": 0.1 / 4**k, "val_loss": loss, "accuracy": 1 - 0.1 / 4**k, "val_accuracy": 0.98}
            for k, loss in enumerate(losses)
        ]

    step = open_inside(prepare=change_card(overfit)).step("training")
    expect(step.locator(".chart .curve.without")).to_have_count(4)
    expect(step.locator(".legend li")).to_have_count(4)
    expect(step.locator(".words")).to_contain_text(
        "Without dropout the validation loss is lowest in epoch 3, 0.040, and ends at 0.090"
    )
    expect(step.locator("tbody tr")).to_have_count(2)


def test_a_card_without_a_history_is_told_in_its_section_alone(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: card.pop("history")))
    expect(page.problem("training")).to_contain_text("has no history of its training")
    for other in ("dropout", "flatten", "dense", "softmax"):
        expect(page.problem(other)).to_be_empty()


def test_a_layer_that_evidence_cannot_follow_is_named(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: layer_of(card, "pool1").update({"class": "AveragePooling2D"})))
    page.step("dense").locator(".evidence").scroll_into_view_if_needed()
    expect(page.problem("dense")).to_contain_text("AveragePooling2D")
    expect(page.problem("softmax")).to_be_empty()
