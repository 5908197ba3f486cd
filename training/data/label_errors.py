"""Likely label errors, ranked by cleanlab from out-of-sample predictions.

The expression networks are trained on the Training rows, so their predictions there cannot reveal label
errors. The predictions used here come from a weaker model in five-fold cross-validation over all rows:
histograms of oriented gradients (Dalal and Triggs 2005), a Nystroem approximation of a Gaussian kernel
(Williams and Seeger 2001) and ridge regression on the labels. It runs on two CPU cores. Exact and
near-duplicates always share a fold. Ranking: Northcutt, Jiang and Chuang 2021, "Confident Learning:
Estimating Uncertainty in Dataset Labels".
"""

import cv2
import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .arrays import chunks

FOLDS = 5
CELLS = (6, 8, 12)          # pixels; a block is two by two cells
COMPONENTS = 300            # principal components of the histograms
LANDMARKS = 4000            # images that the kernel is evaluated against
GAMMA, RIDGE = 1.0, 0.05     # chosen on PublicTest
SETTINGS = (FOLDS, CELLS, COMPONENTS, LANDMARKS, GAMMA, RIDGE)
DESCRIPTION = ("histograms of oriented gradients, Nystroem-approximated Gaussian kernel, ridge regression; "
               f"{FOLDS} folds over all rows, duplicates and near-duplicates in the same fold")


def label_quality(labels, probabilities):
    """Label quality, float32 (n,), 0 (certainly wrong) to 1, and likely errors, bool (n,).

    labels: uint8 (n,). probabilities: float32 (n, labels), out of sample, rows sum to 1.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    labels = labels.astype(np.int64)
    score = get_label_quality_scores(labels, probabilities, method="normalized_margin")
    issues = find_label_issues(labels, probabilities, filter_by="both", n_jobs=1)
    return score.astype(np.float32), issues


def against_votes(score, wrong, face):
    """How well a low label quality detects labels that the raters disagree with: {figure: value}.

    score: float32 (n,). wrong: bool (n,), the raters' plurality label is another one. face: bool (n,).
    """
    from sklearn.metrics import roc_auc_score

    score, wrong = score[face], wrong[face]
    if wrong.all() or not wrong.any():
        return {}
    order = np.argsort(score, kind="stable")
    return {"auroc": round(float(roc_auc_score(wrong, -score)), 4),
            "share_of_all": round(float(wrong.mean()), 4),
            **{f"share_of_first_{count}": round(float(wrong[order[:count]].mean()), 4)
               for count in (100, 1000) if count <= len(score)}}


def out_of_fold(images, labels, groups, seed=0):
    """Probabilities, float32 (n, labels), rows sum to 1; each row is predicted by a model fitted without its fold.

    images: uint8 (n, h, w), memory-mapped or not. labels: uint8 (n,). groups: int32 (n,), rows of
    one group share a fold. The model is fitted and evaluated on the images and their mirror images.
    """
    rng = np.random.default_rng(seed)
    fold = rng.permutation(groups.max() + 1)[groups] % FOLDS
    views = _features(images, rng)
    landmarks = views[0][rng.choice(len(labels), min(LANDMARKS, len(labels) // 2), replace=False)]
    targets = np.eye(labels.max() + 1, dtype=np.float32)[labels]
    gram = np.zeros((FOLDS, len(landmarks), len(landmarks)), np.float32)
    moment = np.zeros((FOLDS, len(landmarks), targets.shape[1]), np.float32)
    for view in views:
        for part in range(FOLDS):
            rows = np.flatnonzero(fold == part)
            for piece in chunks(len(rows), 2048):
                kernel = _kernel(view[rows[piece]], landmarks)
                gram[part] += kernel.T @ kernel
                moment[part] += kernel.T @ targets[rows[piece]]
    scores = np.empty((len(labels), targets.shape[1]), np.float32)
    total_gram, total_moment = gram.sum(0), moment.sum(0)
    for part in range(FOLDS):
        factor = cho_factor((total_gram - gram[part]).astype(np.float64) + RIDGE * np.eye(len(landmarks)))
        weights = cho_solve(factor, (total_moment - moment[part]).astype(np.float64)).astype(np.float32)
        for rows in (np.flatnonzero(fold == part)[piece] for piece in chunks(int((fold == part).sum()), 2048)):
            scores[rows] = sum(_kernel(view[rows], landmarks) @ weights for view in views)
    return _probabilities(scores, labels)


def _features(images, rng):
    """Principal components of the images and of their mirror images, two float32 (n, components)."""
    from sklearn.decomposition import PCA

    straight = _gradients(images)
    sample = straight[np.sort(rng.choice(len(straight), min(10_000, len(straight)), replace=False))]
    components = PCA(min(COMPONENTS, *sample.shape), random_state=0).fit(sample)
    straight = components.transform(straight)
    mirrored = components.transform(_gradients(images, mirror=True))
    scale = np.sqrt((straight ** 2).sum(axis=1).mean())
    return straight / scale, mirrored / scale


def _gradients(images, mirror=False):
    height, width = images.shape[1:]
    descriptors = [cv2.HOGDescriptor((width // cell * cell, height // cell * cell), (2 * cell, 2 * cell),
                                     (cell, cell), (cell, cell), 9) for cell in CELLS]
    rows = []
    for image in images:
        image = np.ascontiguousarray(image[:, ::-1] if mirror else image)
        rows.append(np.concatenate([descriptor.compute(image).ravel() for descriptor in descriptors]))
    return np.array(rows, np.float32)


def _kernel(rows, landmarks):
    distance = (rows ** 2).sum(1)[:, None] + (landmarks ** 2).sum(1)[None] - 2 * rows @ landmarks.T
    return np.exp(-GAMMA * distance)


def _probabilities(scores, labels):
    """Regression scores as probabilities: softmax at the temperature with the lowest log loss."""
    best = None
    for inverse_temperature in np.geomspace(0.5, 20, 60):
        logits = scores * inverse_temperature
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        loss = -log_p[np.arange(len(labels)), labels].mean()
        if best is None or loss < best[0]:
            best = loss, np.exp(log_p)
    return best[1].astype(np.float32)
