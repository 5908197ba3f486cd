"""Occlusion sensitivity: which parts of a face the network's output depends on.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks". The method only calls the
network, so it works for every model bundle and engine. Each position is covered with a soft patch of the
blurred face, which removes its shape and keeps its brightness.
"""

import cv2
import numpy as np

GRID = 12               # positions across and down
PATCH_SIGMA = 0.11      # of the soft patch, as a fraction of the crop's side
BLUR_SIGMA = 0.17       # of the blur that replaces the covered part, as a fraction of the crop's side


def occlusion_map(probabilities, crop, label):
    """Heat map of one crop: float32 (GRID, GRID), the drop in the label's probability per covered position.

    probabilities: function from crops (n, size, size) to float32 (n, labels), such as
    `ExpressionClassifier.probabilities`. crop: (size, size), gray 0-255. label: index of the expression.
    Values are between -1 and 1; negative where covering the position raises the probability.
    """
    crop = np.asarray(crop, np.float32)
    blurred = cv2.GaussianBlur(crop, (0, 0), BLUR_SIGMA * len(crop), borderType=cv2.BORDER_REPLICATE)
    patches = _patches(len(crop))
    occluded = crop * (1 - patches) + blurred * patches
    outputs = probabilities(np.concatenate([crop[None], occluded]))[:, label]
    return (outputs[0] - outputs[1:]).reshape(GRID, GRID).astype(np.float32)


def _patches(size):
    """float32 (GRID * GRID, size, size) in 0-1: a Gaussian at each position, in row-major order."""
    centers = (np.arange(GRID) + 0.5) * size / GRID - 0.5
    gaussians = np.exp(-((np.arange(size) - centers[:, None]) / (PATCH_SIGMA * size)) ** 2 / 2)
    return np.einsum("ry,cx->rcyx", gaussians, gaussians).reshape(-1, size, size).astype(np.float32)
