"""The pages that people see."""

from flask import Blueprint, render_template

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def draw() -> str:
    """The pad and its ten bars."""
    return render_template("draw.html")
