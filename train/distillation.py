"""Learning from teachers: the loss by which a small network is asked for what larger ones say of the same picture.

Hinton et al. 2015, "Distilling the knowledge in a neural network": softened by a temperature, the teachers'
probabilities tell how much a 7 looks like a 1, which its label does not.
"""

import keras

TEMPERATURE = 2.0
LABEL = 0.1
"""Share of the loss that goes by the label."""


@keras.saving.register_keras_serializable("digits")
class Distillation(keras.losses.Loss):
    """Divergence from the teachers' softened probabilities, and cross-entropy with the label.

    Targets are [n, 20], ten probabilities of the teachers at TEMPERATURE and ten of the label; or [n, 10], the label
    alone, for validation. Predictions are logits [n, 10].
    """

    def call(self, y_true, y_pred):
        by_label = keras.losses.categorical_crossentropy(label(y_true, y_pred), y_pred, from_logits=True)
        if y_true.shape[-1] == y_pred.shape[-1]:
            return by_label
        ours = keras.ops.softmax(y_pred / TEMPERATURE)
        theirs = y_true[:, : y_pred.shape[-1]]
        # Squared, so that the gradients are as large as the label's (Hinton et al., section 2).
        divergence = TEMPERATURE**2 * keras.losses.kl_divergence(theirs, ours)
        return (1.0 - LABEL) * divergence + LABEL * by_label


def label(y_true, y_pred):
    """The label's part of the targets, [n, 10]."""
    return y_true[:, -y_pred.shape[-1] :]


@keras.saving.register_keras_serializable("digits")
def accuracy(y_true, y_pred):
    """Whether the label is found, [n]; whatever the teachers say."""
    return keras.metrics.categorical_accuracy(label(y_true, y_pred), y_pred)
