"""The pages that people see."""

from flask import Blueprint, current_app, render_template

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def draw() -> str:
    """The pad and its ten bars."""
    return render_template("draw.html")


@blueprint.get("/compare")
def compare() -> str:
    """Own digits against MNIST, which is loaded meanwhile."""
    current_app.extensions["mnist"].start()
    return render_template("compare.html")


@blueprint.get("/inside")
def inside() -> str:
    """The network's layers, one after the other, on one's own digit."""
    return render_template("inside.html")
