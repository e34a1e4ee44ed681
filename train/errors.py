"""What can go wrong in training, each with a sentence that says what to do."""


class TrainError(Exception):
    """Base of all: shown to the user without a trace."""


class DataError(TrainError):
    """Data that cannot be used."""


class FitError(TrainError):
    """Training cannot go on."""


class ExportError(TrainError):
    """The exported forms do not compute what Keras computes, or cannot be written."""
