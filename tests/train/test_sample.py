"""The sample set of the page Compare: what the repository holds is what the code draws."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage

from train.__main__ import SAMPLE, main
from train.sample import sample


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The files of the repository's set."""
    with zipfile.ZipFile(SAMPLE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_repositorys_set_is_what_the_command_writes(files, tmp_path):
    assert main(["sample", str(tmp_path / "again.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        assert archive.namelist() == list(files)
        for name, data in files.items():  # not byte by byte: another zlib packs otherwise
            again = archive.read(name)
            if name.endswith(".png"):
                difference = np.asarray(Image.open(BytesIO(again)), int) - np.asarray(Image.open(BytesIO(data)))
                assert np.abs(difference).mean() < 1, name
            if name.endswith(".psd"):
                drawn, kept = (_pictures_of(psd) for psd in (again, data))
                assert [name for name, _ in drawn] == [name for name, _ in kept]
                for (layer, picture), (_, other) in zip(drawn, kept, strict=True):
                    assert np.abs(picture - other).mean() < 1, f"{name}: {layer}"


def _pictures_of(psd: bytes) -> list[tuple[str, np.ndarray]]:
    """The flat picture of a Photoshop file and that of each layer, with their names."""
    image = PSDImage.open(BytesIO(psd))
    return [(part.name, np.asarray(part.topil().convert("RGBA"), int)) for part in (image, *image.descendants())]


def test_another_seed_writes_other_digits():
    assert sample(1) == sample(1) != sample(2)


def test_it_is_small():
    assert SAMPLE.stat().st_size < 100_000


def test_its_photoshop_files_have_named_layers_and_the_picture_that_they_make(files):
    named = {name: PSDImage.open(BytesIO(data)) for name, data in files.items() if name.endswith(".psd")}
    assert [layer.name for layer in named["слои.psd"]] == [
        "Background", "пять", "шесть", "семь", "восемь", "девять", "draft"
    ]  # fmt: skip
    assert [layer.name for layer in named["layers.psd"] if not layer.visible] == ["draft"]
    for psd in named.values():
        merged, layers = psd.topil().convert("L"), psd.composite(force=True).convert("L")
        assert np.abs(np.asarray(merged, int) - np.asarray(layers, int)).max() <= 2
