"""One progress bar for all long work."""


def progress(total: int, what: str):
    """A Keras progress bar of `total` blocks that says what is going on."""
    import keras  # here, so that the processes that only draw strokes need not load TensorFlow

    print(f"{what}:", flush=True)
    return keras.utils.Progbar(total, unit_name="block")
