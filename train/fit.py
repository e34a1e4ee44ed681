"""Training, with a checkpoint after every epoch from which an interrupted run goes on."""

import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from . import distribution, sources, synthesis
from .batches import network_images, steps_per_epoch, targets, training_batches
from .distillation import Distillation, accuracy
from .errors import FitError
from .lessons import PASSES, lessons
from .mnist import Mnist, Split
from .networks import Recipe

COOLDOWN = 0.5
"""Share of the epochs in which the learning rate falls to zero."""
WEIGHT_DECAY = 0.02
VALIDATION_SEED = 10_007
"""Of the drawn validation pictures, whatever the seed of the training."""


@dataclass(frozen=True)
class Settings:
    """What a run is asked for. All but `epochs` must be the same when it is resumed."""

    network: str
    seed: int = 1
    epochs: int = 0
    limit: int | None = None
    """Train on this many pictures of MNIST only."""
    drawings: int = 300_000
    precision: str = "float32"
    extra: str | None = None
    """Digest of a person's own digits that it is retrained with."""

    @property
    def run(self) -> str:
        """Folder of the checkpoint, under that of all work; retraining leaves that of the training alone."""
        return f"{self.network}-extra" if self.extra else self.network

    def fixed(self) -> dict:
        """What may not change between a checkpoint and its resumption."""
        return {key: value for key, value in asdict(self).items() if key != "epochs"}


def fingerprint(recipe: Recipe, settings: Settings, mnist: Mnist) -> dict:
    """All that decides on a network but for the number of epochs: a checkpoint goes on only where it is the same."""
    return {
        **settings.fixed(),
        "batch": recipe.batch,
        "learning_rate": recipe.learning_rate,
        "label_smoothing": recipe.label_smoothing,
        "data": mnist.training.digest()[:8],
        "code": sources.digest(sources.TRAINING),
    }


def learning_rate(epoch: int, epochs: int, peak: float) -> float:
    """Warm-up for an epoch, then constant, then linear to zero (Zhai et al. 2022, "Scaling vision transformers").

    The constant part does not depend on the number of epochs, so a run may be made longer or shorter while
    it lasts.
    """
    if epoch == 0 and epochs > 2:
        return peak / 4
    left = (epochs - epoch) / max(2.0, COOLDOWN * epochs)
    return peak * min(1.0, left)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the model, its optimizer and the history after every epoch, never half written."""

    def __init__(self, folder: Path, fingerprint: dict, history: list[dict]):
        super().__init__()
        self.folder, self.fingerprint, self.history = folder, fingerprint, history

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        record = {key: float(value) for key, value in (logs or {}).items()}
        self.history.append({"epoch": epoch + 1, **record, "seconds": round(time.monotonic() - self._started, 1)})
        part, old = self.folder.with_suffix(".part"), self.folder.with_suffix(".old")
        try:
            for remains in (part, old):
                shutil.rmtree(remains, ignore_errors=True)
            part.mkdir(parents=True)
            self.model.save(part / "model.keras")
            state = {"fingerprint": self.fingerprint, "history": self.history}
            (part / "state.json").write_text(json.dumps(state, indent=1))
            if self.folder.exists():
                self.folder.replace(old)
            part.replace(self.folder)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise FitError(
                f"The checkpoint could not be written to {self.folder} ({error}). Free some disk space and "
                "start again, without --fresh: training goes on from the epoch before."
            ) from error


def _resume(folder: Path, now: dict) -> tuple[keras.Model | None, list[dict]]:
    """The model and the history of the checkpoint in `folder`, whose fingerprint is `now`; None and [] without one."""
    old = folder.with_suffix(".old")
    if not folder.exists() and old.exists():
        old.replace(folder)  # interrupted between moving the old checkpoint away and the new one to its place
    distribution.copy_from_chief(folder)
    if not folder.exists():
        return None, []
    try:
        state = json.loads((folder / "state.json").read_text())
        changed = {key: (was, now[key]) for key, was in state["fingerprint"].items() if was != now[key]}
        if not changed:
            return keras.models.load_model(folder / "model.keras"), state["history"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise FitError(f"The checkpoint in {folder} is damaged ({error}). Remove it to start anew.") from error
    words = ", ".join(f"{key} {was} is now {is_now}" for key, (was, is_now) in changed.items())
    raise FitError(f"The checkpoint in {folder} was made otherwise: {words}. Remove it, or pass --fresh.")


def drawn_training(recipe: Recipe, settings: Settings, work: Path) -> Split | None:
    """Drawn images, doodles among them, as the network sees them; None for a network that learns from MNIST alone."""
    if not recipe.drawn or not settings.drawings:
        return None
    folder = work / "drawings" / "training"
    return Split(*synthesis.normalized_set(settings.drawings, settings.seed, folder, doodles=0.15, shaken=True))


def validation_images(recipe: Recipe, settings: Settings, mnist: Mnist, work: Path) -> tuple[NDArray, NDArray]:
    """Images [n, 28, 28, 1] as the network sees them, and labels [n]: MNIST's, and as many drawn ones."""
    validation = mnist.validation.first(settings.limit)
    images, labels = network_images(recipe, validation.pictures), validation.labels
    if recipe.drawn and settings.drawings:
        folder = work / "drawings" / "validation"
        drawn, drawn_labels = synthesis.normalized_set(min(4000, settings.drawings), VALIDATION_SEED, folder)
        images = np.concatenate([images, drawn[..., np.newaxis] / np.float32(255)])
        labels = np.concatenate([labels, drawn_labels])
    return images, labels


@contextmanager
def _plainly() -> Iterator[None]:
    """What stops TensorFlow, said in a sentence."""
    try:
        yield
    except tf.errors.OpError as error:
        reason = error.message.split("\n\n")[-1].split("\n")[0]  # what follows TensorFlow's trace, if it sent one
        who = "The same command" if distribution.alone() else "Perhaps another worker did; the same command on each"
        raise FitError(
            f"Training stopped ({reason}). {who}, without --fresh, goes on from the last finished epoch."
        ) from error


@_plainly()
def fit(
    recipe: Recipe, settings: Settings, mnist: Mnist, work: Path, fresh: bool = False, extra: Split | None = None
) -> tuple[keras.Model, list[dict]]:
    """Train a network, or go on where an interrupted run stopped.

    Args:
        work: folder of checkpoints and drawn pictures.
        fresh: throw an earlier checkpoint away.
        extra: a person's own digits, to be in every batch.

    Returns:
        The trained network (28x28 image to logits) and one record per epoch.

    Raises:
        FitError: the checkpoint is damaged, was made with other settings, or cannot be written; TF_CONFIG cannot
            be used, or another worker stopped.
    """
    rank, strategy = distribution.rank(), distribution.strategy()
    distribution.agree(repr(settings))
    work = distribution.own(work)
    folder = work / settings.run / "checkpoint"
    if fresh:
        for remains in (folder, folder.with_suffix(".old")):
            shutil.rmtree(remains, ignore_errors=True)
    keras.utils.set_random_seed(settings.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if settings.precision == "bfloat16" else "float32")
    with strategy.scope():
        same = fingerprint(recipe, settings, mnist)
        model, history = _resume(folder, same)
        if model is None:
            model = recipe.build(normalised=True)
            model.compile(
                keras.optimizers.AdamW(recipe.learning_rate, weight_decay=WEIGHT_DECAY),
                Distillation(),
                metrics=[accuracy],
            )
    training, drawn = mnist.training.first(settings.limit), drawn_training(recipe, settings, work)
    done, epochs = len(history), settings.epochs or recipe.epochs
    if done > epochs:
        raise FitError(f"The checkpoint in {folder} has {done} epochs already. Ask for no fewer, or pass --fresh.")
    steps = steps_per_epoch(recipe, training, drawn, extra)
    numbers = range(done * steps, epochs * steps)
    batches = partial(training_batches, recipe, training, drawn, settings.seed, numbers, extra=extra)
    if done < epochs:
        if recipe.taught:
            taught = lessons(
                training,
                drawn.pictures if drawn else training.pictures[:0],
                settings.seed,
                min(PASSES, epochs),
                work / "lessons",
            )
            batches = partial(batches, lessons=taught)
        images, labels = validation_images(recipe, settings, mnist, work)
        callbacks = [keras.callbacks.LearningRateScheduler(lambda e, _: learning_rate(e, epochs, recipe.learning_rate))]
        if rank == 0:
            callbacks += [
                Checkpoint(folder, same, history),
                keras.callbacks.TensorBoard(work / settings.run / "tensorboard", profile_batch=0),
            ]
        how = {
            "epochs": epochs,
            "initial_epoch": done,
            "steps_per_epoch": steps,
            "validation_data": tf.data.Dataset.from_tensor_slices((images, targets(labels, 0.0))).batch(500),
            "callbacks": callbacks,
        }
        if distribution.alone():
            model.fit(batches(), **how)
        else:
            distribution.fit(model, batches, **how)
    if rank == 0 and not distribution.alone():
        model = keras.models.load_model(folder / "model.keras")  # one that asks nothing of the other workers
    return model, history
