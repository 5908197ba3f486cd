"""Measures of how well a picture can be judged at all."""

import cv2
import numpy as np

from .chunks import chunks


def quality(images):
    """Brightness, contrast and sharpness of each picture of `images`, uint8 (n, h, w).

    Three float32 (n,): the mean grey level (0-255), the standard deviation of the grey levels
    (0-127.5), and the variance of the Laplacian (0 and up; Pech-Pacheco et al. 2000, "Diatom
    autofocusing in brightfield microscopy").
    """
    brightness, contrast, sharpness = (np.empty(len(images), np.float32) for _ in range(3))
    for part in chunks(len(images), 4096):
        values = images[part].astype(np.float32)
        brightness[part] = values.mean(axis=(1, 2))
        contrast[part] = values.std(axis=(1, 2))
        sharpness[part] = [cv2.Laplacian(picture, cv2.CV_32F).var() for picture in values]
    return brightness, contrast, sharpness
