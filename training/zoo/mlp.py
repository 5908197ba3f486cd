"""Train Tan et al.'s MLP with scikit-learn, and measure it like the zoo's other networks."""

import warnings

import numpy as np

from ..networks import tan
from . import compare

COMMAND = "python -m training mlp --data fer2013.csv.gz"


def train(tests, epochs, report=print):
    """Train on Training for at most `epochs`; the result, as of `compare.measure_run`. tests: test_set.TestSet."""
    from sklearn.exceptions import ConvergenceWarning
    faces = tests.faces
    rows = faces.rows("Training")
    model = tan.mlp(max_iter=epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)     # the number of epochs is deliberate
        model.fit(_flat(faces.images[rows]), faces.labels[rows])
    report(f"{model.n_iter_} epochs, loss {model.loss_:.4f}")
    sizes = [weights.shape for weights in model.coefs_]
    result = {"recipe": "tan.perceptron", "label_set": "fer2013", "size": 48,
              "parameters": int(sum(weights.size for weights in (*model.coefs_, *model.intercepts_))),
              "multiply_adds": int(sum(np.prod(size) for size in sizes)), "bytes": None,
              "milliseconds": speed(model, faces.images[rows[:max(compare.BATCHES)]]),
              "epochs": model.n_iter_, "epochs_of_recipe": 200, "changed": {},
              "command": f"{COMMAND} --epochs {epochs}"}
    return result | compare.evaluate(lambda images: np.log(np.maximum(model.predict_proba(_flat(images)), 1e-12)),
                                     faces, "fer2013", tests.near_duplicates)


def speed(model, images):
    """Milliseconds per face on one thread: {batch size: of the fastest call}."""
    from threadpoolctl import threadpool_limits
    with threadpool_limits(1):
        return {str(batch): 1000 / batch * compare.timed(lambda batch=batch: model.predict_proba(_flat(images[:batch])))
                for batch in compare.BATCHES}


def _flat(images):
    return np.asarray(images, np.float32).reshape(len(images), -1) / 255
