"""Training on several machines at once, under tf.distribute.MultiWorkerMirroredStrategy, when TF_CONFIG is set.

The first worker, or the `chief` if the cluster has one, leads: its checkpoint counts, it exports, and the others
get from it what they need over the wire. So no disk has to be shared, and a run may go on with other workers.
"""

import functools
import io
import json
import os
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .errors import FitError

EXAMPLE = {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}


def rank() -> int:
    """This process's place in the cluster; 0 leads, and is all there is without TF_CONFIG.

    Raises:
        FitError: TF_CONFIG does not say who the workers are and which of them this is.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return 0
    try:
        config = json.loads(text)
        cluster, kind, index = config["cluster"], config["task"]["type"], int(config["task"]["index"])
        chiefs, workers = cluster.get("chief", []), cluster.get("worker", [])
        addresses = [*chiefs, *workers]
        understood = (
            {"chief", "worker"}.issuperset(cluster)
            and len(chiefs) <= 1
            and len(set(addresses)) == len(addresses)
            and all(address.rpartition(":")[2].isdecimal() for address in addresses)
            and 0 <= index < len(cluster[kind])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        understood = False
    if not understood:
        raise FitError(
            f"TF_CONFIG is not understood: {text}\nIt must be JSON that names every worker as host:port, the same on "
            f"all of them, and says which one this is, counted from 0: {json.dumps(EXAMPLE)}"
        )
    return index + (len(chiefs) if kind == "worker" else 0)


def own(folder: Path) -> Path:
    """A place of this worker's own in a folder, for where the workers share a disk."""
    return folder / f"worker{rank()}" if rank() else folder


@functools.cache
def strategy() -> tf.distribute.Strategy:
    """The strategy for all of this process's life: multi-worker if TF_CONFIG is set, else TensorFlow's default.

    Waits for the other workers. Must come before anything runs on TensorFlow's devices.

    Raises:
        FitError: TF_CONFIG cannot be used.
    """
    if not os.environ.get("TF_CONFIG"):
        return tf.distribute.get_strategy()
    place = rank()
    print(f"Worker {place}: waiting for the others.", flush=True)
    # TensorFlow waits where no KeyboardInterrupt reaches it, and then keeps SIGTERM for itself.
    usual = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise FitError(f"Worker {place} could not join the cluster that TF_CONFIG names ({error.message}).") from error
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def alone() -> bool:
    """Whether this process is no part of a cluster."""
    return not isinstance(strategy(), tf.distribute.MultiWorkerMirroredStrategy)


def from_chief(data: bytes) -> bytes:
    """The chief's `data`, on every worker; each has to call it."""
    if alone():
        return data

    def mine():
        leads = tf.distribute.get_replica_context().replica_id_in_sync_group == 0
        # The collective operations take no bytes, and floats on every device.
        return tf.constant(np.frombuffer(data if leads else b"", np.uint8), tf.float32)

    return strategy().gather(strategy().run(mine), axis=0).numpy().astype(np.uint8).tobytes()


def agree(options: str) -> None:
    """Check that every worker was given the same options.

    Raises:
        FitError: this one was given others than the chief.
    """
    chiefs = from_chief(options.encode()).decode()
    if chiefs != options:
        raise FitError(f"The workers need the same options; worker {rank()} has {options}, the chief {chiefs}.")


def copy_from_chief(folder: Path) -> None:
    """Make `folder` on every worker hold the files that it holds on the chief, and no `folder` where it has none."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for path in folder.glob("*"):
            files.write(path, path.name)
    received = from_chief(archive.getvalue())
    if rank():
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(io.BytesIO(received)) as files:
            files.extractall(folder)


def fit(
    model: keras.Model,
    batches: Callable[[int, int], tf.data.Dataset],
    epochs: int,
    initial_epoch: int,
    steps_per_epoch: int,
    validation_data: Iterable,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """What `model.fit` does, on all workers in step; Keras 3's own cannot (keras-team/keras#20585).

    Args:
        model: built and compiled in the scope of `strategy()`.
        batches: called with `part, parts`, gives that part of every batch, one for each replica.
    """
    everyone = strategy()
    parts = everyone.num_replicas_in_sync
    iterators: dict[int, Any] = {}

    def next_part(context):
        part = context.replica_id_in_sync_group
        if part not in iterators:
            iterators[part] = iter(batches(part, parts))
        return next(iterators[part])

    def in_step(step):
        @tf.function(reduce_retracing=True)
        def run(batch):
            # The figures of any replica will do: they are added up over all at the end of the epoch.
            return tf.nest.map_structure(
                lambda value: everyone.experimental_local_results(value)[0], everyone.run(step, args=(batch,))
            )

        return run

    train, test = in_step(model.train_step), in_step(model.test_step)
    watching = keras.callbacks.CallbackList(
        callbacks, add_progbar=True, model=model, epochs=epochs, steps=steps_per_epoch, verbose=1
    )
    watching.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        watching.on_epoch_begin(epoch)
        model.reset_metrics()
        for step in range(steps_per_epoch):
            watching.on_train_batch_begin(step)
            logs = train(everyone.experimental_distribute_values_from_function(next_part))
            watching.on_train_batch_end(step, logs)
        figures = model.get_metrics_result()
        model.reset_metrics()
        for batch in validation_data:
            test(batch)
        figures |= {f"val_{name}": value for name, value in model.get_metrics_result().items()}
        watching.on_epoch_end(epoch, figures)
    watching.on_train_end()
