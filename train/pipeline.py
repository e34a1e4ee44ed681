"""The whole way of a network: data, training, folding, rounding, calibration, export, evaluation, card."""

import json
import platform
import time
from argparse import Namespace
from collections import deque
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np

from . import TEACHERS, distribution, evaluate, extra, fit, mnist, sources
from .errors import DataError
from .export import apply_temperature, digests, export, replacing, round_weights, to_litert
from .measures import fit_temperature
from .networks import ABLATION, RECIPES, TEACHER_RECIPES, Recipe, classic, fold, without_dropout
from .normalizing import SIZE

SURE_OF = 0.99
"""Share of the validation digits that the threshold of "not sure" leaves as sure."""
VERSIONS = ("tensorflow", "keras", "tensorflowjs", "ai-edge-litert", "numpy", "scipy", "pillow")
"""Of what makes the pictures, the network, its exported forms and its figures; the card tells them."""


def produce(recipe: Recipe, options: Namespace) -> Path:
    """Train, export and evaluate one network; returns its folder under `options.out`."""
    own = extra.load(options.extra) if options.extra else None
    if options.drawn:
        deque(evaluate.read_drawn(options.drawn), maxlen=0)  # what is wrong with it is told before the training
    settings = _settings(recipe, options, own)
    data = mnist.load()
    start = distribution.own(options.work) / settings.run / "start"
    if own:
        recipe = extra.retraining(recipe, start, options.fresh)
    trained, history = fit.fit(recipe, settings, data, options.work, options.fresh, own.training if own else None)
    if distribution.rank():
        return options.out / recipe.name  # the chief exports it
    keras.mixed_precision.set_global_policy("float32")
    plain = trained if recipe.build is classic else fold(trained, recipe.build(normalised=False))

    images, labels = fit.validation_images(recipe, settings, data, options.work)
    # `classic` ships as the seed was, overconfident.
    temperature = fit_temperature(plain.predict(images, verbose=0), labels) if plain is not trained else 1.0
    apply_temperature(plain, temperature)
    round_weights(plain)
    confidence = keras.ops.softmax(plain.predict(images, verbose=0)).numpy().max(axis=1)
    card = {
        "threshold": round(float(np.quantile(confidence, 1 - SURE_OF)), 3),
        "temperature": round(temperature, 4),
        "training": {
            **settings.fixed(),
            "epochs": len(history),
            "batch": recipe.batch,
            "learning_rate": recipe.learning_rate,
            "label_smoothing": recipe.label_smoothing,
            "teachers": digests(TEACHERS) if recipe.taught else {},
            "data": {f"MNIST {part}": split.digest() for part, split in data._asdict().items()},
            "code": sources.digest(sources.TRAINING),
            "seconds": round(sum(record["seconds"] for record in history)),
            "finished": time.strftime("%Y-%m-%d", time.gmtime()),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
        },
        "history": history,
    }
    folder = options.out / recipe.name
    lost = _lost(folder)
    with replacing(folder) as new:
        export(recipe, plain, card, new)
        if own:
            extra.compare(new, start, own)
        # As in the whole of MNIST: a test picture for six to learn from.
        tested = options.limit and -(-options.limit // 6)
        report(new.parent, [recipe.name], options.drawn, tested, None)
    if own:
        print(extra.told(folder, start))
    if lost:
        print(lost)
    return folder


def _lost(folder: Path) -> str:
    """What the card of the model that is replaced says beside its training, and how to have that of the new one."""
    try:
        card = json.loads((folder / "card.json").read_text())
    except (OSError, ValueError):  # no model, or a damaged one: nothing that could be had again
        card = {}
    measured = {"ablation": "ablate", "history_without_dropout": f"without-dropout --network {folder.name}"}
    commands = [f"`python -m train {command}`" for key, command in measured.items() if key in card]
    return f"Measured on the model before, and no more in the card: {' and '.join(commands)}." if commands else ""


def _settings(recipe: Recipe, options: Namespace, own: extra.Extra | None = None) -> fit.Settings:
    drawings = options.drawings if options.drawings is not None else extra.DRAWINGS if own else fit.Settings.drawings
    digest = own.training.digest() if own else None
    return fit.Settings(recipe.name, options.seed, options.epochs, options.limit, drawings, options.precision, digest)


def teach(options: Namespace) -> None:
    """Train the teachers and put them into `options.out`, as LiteRT models from image to logits."""
    data = mnist.load()
    for recipe in TEACHER_RECIPES.values():
        trained, history = fit.fit(recipe, _settings(recipe, options), data, options.work, options.fresh)
        if distribution.rank():
            continue  # the chief exports it
        keras.mixed_precision.set_global_policy("float32")
        image = keras.Input((SIZE, SIZE, 1), name="image")
        logits = fold(trained, recipe.build(normalised=False))(image)
        options.out.mkdir(parents=True, exist_ok=True)
        path = options.out / f"{recipe.name}.tflite"
        part = path.with_suffix(".part")
        part.write_bytes(to_litert(keras.Model(image, {"logits": logits}), "int8"))
        part.replace(path)
        print(f"{path}: {history[-1]['val_accuracy']:.2%} of the validation pictures after {len(history)} epochs.")


def report(
    models: Path, names: list[str] | None, drawn: Path | None, limit: int | None, page: Path | None, keep: bool = True
) -> None:
    """Evaluate models, write the figures into their cards if they are to keep them, and into a page, and print them.

    Of sets that are not measured now, the cards keep what they say.

    Raises:
        DataError: there is no such model.
    """
    found = sorted(path.parent.name for path in models.glob("*/card.json"))
    if not found:
        raise DataError(f"{models} has no models. Train them first, or correct the path.")
    for name in names or found:
        if name not in found:
            raise DataError(f"{models} has no model {name!r}; it has {', '.join(found)}.")
    sets = evaluate.every_set(drawn, limit)
    results = {name: evaluate.evaluate(models / name, sets, limit) for name in names or found}
    for name, result in results.items() if keep else ():
        evaluate.into_card(models / name, result)
    print(evaluate.table(results))
    if page:
        histories = {name: json.loads((models / name / "card.json").read_text()).get("history", []) for name in results}
        page.write_text(evaluate.page(results, histories), encoding="utf-8")
        print(f"Report: {page}")


def ablate(options: Namespace) -> None:
    """Train the robust network with one ingredient more each time, and write what each brings into its card.

    Raises:
        DataError: there is no such model.
    """
    path = _card(options.out, "robust")
    results: dict[str, dict] = {}
    for number, (name, recipe) in enumerate(ABLATION.items()):
        settings = Namespace(**{**vars(options), "out": options.work / "ablation"})
        folder = produce(replace(recipe, name=f"ablation{number}"), settings)
        if distribution.rank():
            continue  # the chief evaluates it
        results[name] = json.loads((folder / "card.json").read_text())["evaluation"]
    if distribution.rank():
        return
    print(evaluate.table(results))
    card = json.loads(path.read_text())
    card["ablation"] = {
        "epochs": options.epochs,
        "steps": {
            name: {**{s: f["accuracy"] for s, f in r["sets"].items()}, "perturbed, mean": r["perturbed"]["mean"]}
            for name, r in results.items()
        },
    }
    evaluate.write_card(path, card)


def _card(models: Path, name: str) -> Path:
    """Of a model that there must be, before the work is done for it."""
    path = models / name / "card.json"
    if not path.exists():
        raise DataError(f"{models} has no model {name!r}. Train it first.")
    return path


def train_without_dropout(options: Namespace) -> None:
    """Train a network once more as its card says, but without dropout, and write that history into the card.

    Raises:
        DataError: there is no such model, or it was retrained with a person's own digits.
    """
    path = _card(options.out, options.network)
    card, recipe = json.loads(path.read_text()), RECIPES[options.network]
    trained = card["training"]
    if trained.get("extra"):
        raise DataError(
            f"{path.parent} was retrained with a person's own digits. Restore the model before, or name another."
        )
    name = f"{recipe.name}-without-dropout"
    settings = fit.Settings(
        name, trained["seed"], trained["epochs"], trained["limit"], trained["drawings"], trained["precision"]
    )
    bare = replace(recipe, name=name, build=lambda **how: without_dropout(recipe.build(**how)))
    _, history = fit.fit(bare, settings, mnist.load(), options.work, fresh=options.fresh)
    if distribution.rank() == 0:
        evaluate.write_card(path, {**card, "history_without_dropout": history})
