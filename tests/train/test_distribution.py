"""Training by two workers on this machine: the same command, the same accuracy, the same checkpoint."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from train import batches, distribution, fit, mnist
from train.errors import FitError
from train.mnist import Split
from train.networks import RECIPES

SETTINGS = fit.Settings("robust", seed=3, epochs=18, limit=1000, drawings=0)
PATIENCE = 400
"""Seconds for two workers to start and finish; a tenth of it does on a machine that is not busy."""


def address(port: int) -> str:
    return f"127.0.0.1:{port}"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


class Workers:
    """Two processes of `python -m train`, each in a folder of its own, as on two machines."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []

    def start(self) -> None:
        self.kill()
        command = [sys.executable, "-m", "train", "--network", SETTINGS.network]
        for option in ("seed", "epochs", "limit", "drawings"):
            command += [f"--{option}", str(getattr(SETTINGS, option))]
        cluster = {"worker": [address(port) for port in free_ports(2)]}
        for index in range(2):
            config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
            home = self.folder / str(index)
            home.mkdir(exist_ok=True)
            with (home / "log").open("a") as log:
                process = subprocess.Popen(
                    [*command, "--out", str(home / "models"), "--work", str(home / "work")],
                    # Two workers cannot share a GPU.
                    env={**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": "-1"},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.processes.append(process)

    def history(self) -> list[dict]:
        """The epochs that the chief's checkpoint holds."""
        state = self.folder / "0/work/robust/checkpoint/state.json"
        return json.loads(state.read_text())["history"] if state.exists() else []

    def wait_for_an_epoch(self) -> None:
        late = time.monotonic() + PATIENCE
        while not self.history():
            assert time.monotonic() < late, self.log(0)
            assert all(process.poll() is None for process in self.processes), self.log(0) + self.log(1)
            time.sleep(0.05)

    def finish(self) -> list[int]:
        """The exit statuses."""
        late = time.monotonic() + PATIENCE
        return [process.wait(late - time.monotonic()) for process in self.processes]

    def kill(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def log(self, index: int) -> str:
        return (self.folder / str(index) / "log").read_text()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    both = Workers(tmp_path)
    yield both
    both.kill()


@pytest.mark.timeout(3 * PATIENCE)
def test_two_workers_learn_as_one_does_and_go_on_after_the_chief_was_killed(
    workers: Workers, mnist_slice: mnist.Mnist, tmp_path: Path
) -> None:
    workers.start()
    workers.wait_for_an_epoch()
    chief, other = workers.processes
    os.killpg(chief.pid, signal.SIGKILL)
    assert other.wait(PATIENCE) == 1
    assert "Perhaps another worker did; the same command on each, without --fresh, goes on" in workers.log(1)
    assert "Traceback" not in workers.log(1)
    before = workers.history()
    assert len(before) < SETTINGS.epochs

    workers.start()
    assert workers.finish() == [0, 0], workers.log(0) + workers.log(1)
    after = workers.history()
    assert [record["epoch"] for record in after] == list(range(1, SETTINGS.epochs + 1))
    assert after[: len(before)] == before

    _, alone = fit.fit(RECIPES["robust"], SETTINGS, mnist_slice, tmp_path / "alone")
    for figure in ("accuracy", "val_accuracy"):
        assert after[-1][figure] > 0.8
        assert after[-1][figure] == pytest.approx(alone[-1][figure], abs=0.05)

    # One exports; the other leaves nothing that could be taken for a result.
    card = json.loads((tmp_path / "0/models/robust/card.json").read_text())
    assert card["history"] == after
    assert not (tmp_path / "1/models").exists()
    assert not (tmp_path / "1/work/robust").exists()


def test_the_parts_of_a_batch_make_up_the_batch() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (300, 28, 28)).astype(np.uint8)
    some = Split(pictures, (np.arange(300) % 10).astype(np.uint8))

    def images(part: int, parts: int) -> np.ndarray:
        [(chosen, _)] = batches.training_batches(RECIPES["classic"], some, None, 5, range(7, 8), part, parts)
        return chosen.numpy()

    whole, parts = images(0, 1), [images(part, 3) for part in range(3)]
    assert sum(map(len, parts)) == len(whole) == RECIPES["classic"].batch
    for part, expected in zip(parts, (whole[0::3], whole[1::3], whole[2::3]), strict=True):
        np.testing.assert_array_equal(part, expected)


def test_parts_are_distorted_each_in_its_own_way() -> None:
    same = Split(np.tile(np.eye(28, dtype=np.uint8) * 255, (200, 1, 1)), np.ones(200, np.uint8))
    one, other = (
        next(iter(batches.training_batches(RECIPES["robust"], same, None, 5, range(1), part, 2)))[0].numpy()
        for part in range(2)
    )
    assert np.abs(one - other).mean() > 0.01


# TF_CONFIG


def cluster(kind: str = "worker", index: object = 0, **jobs: object) -> str:
    jobs = jobs or {"worker": ["a:1", "b:1"]}
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("config", "rank"),
    [
        ("", 0),
        (cluster(index=0), 0),
        (cluster(index="1"), 1),
        (cluster("chief", 0, chief=["c:1"], worker=["a:1", "b:1"]), 0),
        (cluster("worker", 1, chief=["c:1"], worker=["a:1", "b:1"]), 2),
    ],
)
def test_the_first_worker_or_the_chief_leads(config: str, rank: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    assert distribution.rank() == rank


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"cluster": {"worker": ["a:1"]}}),
        cluster(index=2),
        cluster(index=-1),
        cluster(index=None),
        cluster("chief"),
        cluster(worker="a:1"),
        cluster(worker=["a", "b"]),
        cluster(worker=["a:1", "a:1"]),
        cluster(worker=[1, 2]),
        cluster(worker=["a:1"], ps=["b:1"]),
        cluster("chief", chief=["a:1", "b:1"]),
    ],
)
def test_a_tf_config_that_cannot_be_used_is_explained(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(FitError, match="host:port"):
        distribution.rank()


def test_a_process_without_tf_config_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert distribution.alone()
    assert distribution.from_chief(b"checkpoint") == b"checkpoint"
