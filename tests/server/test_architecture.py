"""The one way that things flow: training to models, models to the server."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from server.settings import ROOT

TRAINING_ONLY = {"tensorflow", "keras", "tf_keras", "tensorflowjs", "jax", "scipy", "train"}


def imports(package: str) -> Iterator[tuple[str, str]]:
    """Each file of a package with each top-level name that it imports, wherever in the file."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                yield path.name, name.split(".")[0]


@pytest.mark.parametrize(
    ("package", "forbidden"), [("server", TRAINING_ONLY | {"tests"}), ("train", {"server", "flask", "tests"})]
)
def test_a_package_imports_nothing_of_the_other_side(package, forbidden):
    found = list(imports(package))
    assert found
    assert [item for item in found if item[1] in forbidden] == []


def test_a_ready_server_has_loaded_nothing_that_training_needs():
    code = "import sys, server.__main__ as main; main.create_app(); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in result.stdout.split()}
    assert {"server", "flask", "ai_edge_litert"} <= loaded
    assert loaded & TRAINING_ONLY == set()
