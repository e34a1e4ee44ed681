"""`python -m tests.bench.peers.server predict|function`: the seed's network behind Flask, as tutorials put it there.

The picture is a file in a form, decoded by Pillow, or grey bytes in JSON. `predict` asks Keras's `model.predict`,
`function` a `tf.function` that was compiled for one picture before the first request, as TensorFlow's guides recommend.
waitress serves it, with its default settings, as Flask's documentation recommends.
"""

import base64
import sys

from flask import Flask, jsonify, request
from PIL import Image
from waitress.server import create_server

from tests.bench.peers import seed


def _predict(model):
    return lambda images: model.predict(images, verbose=0)[0]


def _function(model):
    import tensorflow as tf

    compiled = tf.function(lambda images: model(images, training=False)).get_concrete_function(
        tf.TensorSpec((1, seed.SIDE, seed.SIDE, 1))
    )
    return lambda images: compiled(tf.constant(images)).numpy()[0]


def create_app(ask) -> Flask:
    """`ask` takes images [1, 28, 28, 1] and gives probabilities [10]."""
    app = Flask(__name__)

    @app.post("/api/predict")
    def predict():
        if request.is_json:
            fields = request.get_json()
            size = fields["width"], fields["height"]
            picture = Image.frombytes("L", size, base64.b64decode(fields["pixels"]))
        else:
            picture = Image.open(request.files["picture"].stream)
        probabilities = ask(seed.ink(picture)[None])
        return jsonify(digit=int(probabilities.argmax()), probabilities=probabilities.tolist())

    return app


if __name__ == "__main__":
    app = create_app({"predict": _predict, "function": _function}[sys.argv[1]](seed.network()))
    server = create_server(app, listen="127.0.0.1:0")
    print(f"The peer is ready: http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()
