from unicodedata import normalize

import pytest

from server.comparison.labels import Label, find

MARKS = "\u0301" * 300_000 + "\u0323" * 300_000


@pytest.mark.parametrize(
    ("name", "layer", "label"),
    [
        ("3/a.psd", None, Label(3, "folder")),
        ("digits/three/x/a.png", None, Label(3, "folder")),
        ("мои/семь/0001.png", None, Label(7, "folder")),
        ("3/7_a.psd", None, Label(3, "folder")),
        ("7_a.psd", None, Label(7, "file")),
        ("7.psd", None, Label(7, "file")),
        ("71.psd", None, Label(7, "file")),
        ("mine/7a.psd", None, Label(7, "file")),
        ("семь.psd", None, Label(7, "file")),
        ("Seven (2).png", None, Label(7, "file")),
        ("a.psd", "four", Label(4, "layer")),
        ("a.psd", "четыре", Label(4, "layer")),
        ("a.psd", "4 copy", Label(4, "layer")),
        ("a.psd", "4 копия 12", Label(4, "layer")),
        ("a.psd", "digit 4", Label(4, "layer")),
        ("a.psd", "Цифра 4", Label(4, "layer")),
        (normalize("NFD", "четвёрка/a.png"), None, Label(4, "folder")),
        ("a.psd", normalize("NFD", "тройка"), Label(3, "layer")),
        ("a.psd", "3/Layer 1", Label(3, "layer")),
        ("7_a.psd", "4", Label(4, "layer")),
        ("7_a.psd", "Layer 1", Label(7, "file")),
        # several that say something: the nearest
        ("3/5/a.png", None, Label(5, "folder")),
        ("a.psd", "3/4", Label(4, "layer")),
        ("3/a.psd", "4", Label(4, "layer")),
        ("3/a.psd", "4/Layer 1", Label(4, "layer")),
        # what says nothing
        ("a.psd", None, None),
        ("a.psd", "Layer 4", None),
        ("a.psd", "Слой 4", None),
        ("a.psd", "12", None),
        ("2024-05-01.png", None, None),
        ("0001.png", None, None),
        ("one-way/..", None, Label(1, "folder")),
        ("onerous/a.png", None, None),
        ("", None, None),
        # Accents in the wrong order: to bring so many into the right one takes minutes, in which all threads wait.
        pytest.param(f"7_{MARKS}.png", None, Label(7, "file"), id="a file with many accents"),
        pytest.param("a.psd", f"4 {MARKS}", Label(4, "layer"), id="a layer with many accents"),
    ],
)
def test_labels_are_found_where_people_put_them(name, layer, label):
    assert find(name, layer) == label
