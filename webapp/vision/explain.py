"""What mattered in one face: how much the answer falls when a part of the face is hidden.

Occlusion sensitivity (Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional
Networks"): it asks the network itself, so any bundle can be explained, on any engine. A part is
hidden by a soft patch of the blurred face, which hides its form and keeps its light.
"""

import cv2
import numpy as np

GRID = 12           # places across and down
REACH = 0.11        # sigma of the soft patch, as a share of the crop's side
BLUR = 0.17         # sigma of the blur that replaces what is hidden, likewise


def explain(probabilities, crop, label):
    """Heat map of one face.

    probabilities: function of (n, size, size) crops giving float32 (n, labels), as
    `Expressions.probabilities`. crop: (size, size), grey 0-255. label: index of the expression to
    explain. Returns float32 (GRID, GRID): the fall of the label's probability when the place is
    hidden, between -1 and 1; negative where hiding it makes the answer surer.
    """
    crop = np.asarray(crop, np.float32)
    blurred = cv2.GaussianBlur(crop, (0, 0), BLUR * len(crop), borderType=cv2.BORDER_REPLICATE)
    patches = _patches(len(crop))
    hidden = crop * (1 - patches) + blurred * patches
    answers = probabilities(np.concatenate([crop[None], hidden]))[:, label]
    return (answers[0] - answers[1:]).reshape(GRID, GRID).astype(np.float32)


def _patches(size):
    """float32 (GRID * GRID, size, size) in 0-1: a soft spot at each place, row by row."""
    centres = (np.arange(GRID) + 0.5) * size / GRID - 0.5
    spots = np.exp(-((np.arange(size) - centres[:, None]) / (REACH * size)) ** 2 / 2)
    return np.einsum("ry,cx->rcyx", spots, spots).reshape(-1, size, size).astype(np.float32)
