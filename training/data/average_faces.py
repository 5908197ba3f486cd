"""A face for each sample that may be published: the average of similar faces, never the sample's own image.

Each image is cropped by its landmarks where the detector finds a face (alignment.aligned), and standardized, so
that no image weighs more than another. The face of a row is the mean of the COUNT nearest images of the training
split, by cosine in the embedding of the map. What cannot be in one mean:

* the row itself and its duplicates and near-duplicates, so that the face says nothing about the row's own pixels;
* two images of one group of near-duplicates, or two that correlate above ALIKE: the same photo, published many times
  with different crops, would otherwise become the mean.

The faces are stored as sprite sheets of COLUMNS x COLUMNS tiles, gray WebP images in the ZIP archive FILE. Lossy
compression is wanted: it limits what can be computed from the difference of two means. `build` measures what was
written, and raises if a face resembles one image more than LIMIT.
"""

import io
import zipfile

import cv2
import numpy as np
from PIL import Image

from ..errors import TrainingError
from . import alignment
from .arrays import cached, chunks, fingerprint

FILE = "average-faces.zip"
COUNT = 30
#: Neighbors from which COUNT are chosen.
CANDIDATES = 120
#: Two images of one mean correlate (Pearson) at most this much, at half their size.
ALIKE = 0.85
#: A published face correlates at most this much with the image of its row, and with each image in its mean.
LIMIT = 0.95
#: Rows whose faces are compared with every image.
MEASURED = 2000
COLUMNS = 4
QUALITY = 40
LEVEL, CONTRAST = 118, 52    # mean and standard deviation of a face, in gray levels
MAX_GAIN = 120      # gray levels per standard deviation of an image: means of very different images stay pale


def build(path, images, embedding, candidates, groups, align, cache=None):
    """Write the sprite sheets to `path` and measure them; the entry `average_faces` of the summary.

    images: uint8 (n, side, side). embedding: float32 (n, d). candidates: int64 (m,), rows that may be in a mean.
    groups: int32 (n,), equal for near-duplicates. align: images -> (crops uint8 (n, side, side), found bool (n,)).
    cache: folder in which the crops are cached. Raises TrainingError if there are too few images for COUNT.
    """
    crops, found = _aligned(images, align, cache)
    unit = _standardized(crops)
    half = crops.shape[1] // 2
    small = _standardized(np.stack([cv2.resize(crop, (half, half), interpolation=cv2.INTER_AREA) for crop in crops]))
    chosen = choose(embedding, candidates[np.any(unit[candidates], axis=1)], groups, small)
    if (chosen[:, 0] < 0).all():
        raise TrainingError(f"an average face needs {COUNT} different images of {len(candidates)} in the training "
                            "split; leave out --average-faces")
    faces = means(unit, chosen, crops.shape[1:])
    published = write(path, faces)
    return {"count": COUNT, "columns": COLUMNS, "aligned": round(float(found.mean()), 4),
            "rows": int((chosen[:, 0] >= 0).sum()), **_measure(published, images, unit, chosen)}


def choose(embedding, candidates, groups, small):
    """int32 (n, COUNT): the images in each row's mean, nearest first; a row of -1 where there are too few.

    small: float32 (n, pixels), reduced images with mean 0 and length 1.
    """
    vectors = embedding / np.linalg.norm(embedding, axis=1, keepdims=True).clip(1e-6)
    count = min(CANDIDATES, len(candidates))
    out = np.full((len(vectors), COUNT), -1, np.int32)
    for part in chunks(len(vectors), 512):
        similarity = vectors[part] @ vectors[candidates].T
        top = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(similarity, top, axis=1), axis=1, kind="stable")
        for row, near in enumerate(candidates[np.take_along_axis(top, order, axis=1)], part.start):
            _, first = np.unique(groups[near], return_index=True)
            near = near[np.sort(first)]
            chosen = _different(near[groups[near] != groups[row]], row, small)
            if len(chosen) == COUNT:
                out[row] = chosen
    return out


def _different(near, row, small):
    """The first COUNT of `near` of which no two are alike, and none is like `row`."""
    stack = small[near]
    alike = stack @ stack.T > ALIKE
    allowed = stack @ small[row] <= ALIKE
    chosen = []
    for index in range(len(near)):
        if allowed[index] and not alike[index, chosen].any():
            chosen.append(index)
            if len(chosen) == COUNT:
                break
    return near[chosen]


def means(unit, chosen, shape):
    """uint8 (n, *shape): the mean of each row's images; LEVEL everywhere where there are too few."""
    out = np.full((len(chosen), *shape), LEVEL, np.uint8)
    scale = np.sqrt(unit.shape[1])      # from length 1 to standard deviation 1
    for row in np.flatnonzero(chosen[:, 0] >= 0):
        mean = unit[chosen[row]].mean(axis=0) * scale
        gain = min(MAX_GAIN, CONTRAST / max(mean.std(), 1e-6))
        out[row] = np.clip(np.round(mean * gain + LEVEL), 0, 255).reshape(shape)
    return out


def write(path, faces):
    """Write `faces`, uint8 (n, h, w), as sprite sheets; the faces as they are read from them, uint8 (n, h, w)."""
    size, (height, width) = COLUMNS ** 2, faces.shape[1:]
    read = np.empty_like(faces)
    with zipfile.ZipFile(path, "w") as archive:
        for number, part in enumerate(chunks(len(faces), size)):
            tiles = np.full((size, height, width), LEVEL, np.uint8)
            tiles[:part.stop - part.start] = faces[part]
            sheet = tiles.reshape(COLUMNS, COLUMNS, height, width).swapaxes(1, 2).reshape(COLUMNS * height, -1)
            file = io.BytesIO()
            Image.fromarray(sheet).save(file, "WEBP", quality=QUALITY, method=6)
            archive.writestr(zipfile.ZipInfo(f"{number:06}.webp"), file.getvalue())
            decoded = np.asarray(Image.open(file).convert("L")).reshape(COLUMNS, height, COLUMNS, width)
            read[part] = decoded.swapaxes(1, 2).reshape(size, height, width)[:part.stop - part.start]
    return read


def _aligned(images, align, cache):
    images = np.asarray(images)
    key = fingerprint(images, alignment.TEMPLATE.read_text())
    stored = cached(cache, "aligned", key, lambda: dict(zip(("crops", "found"), align(images), strict=True)))
    return stored["crops"], stored["found"]


def _measure(published, images, unit, chosen):
    """How much the published faces resemble the row's own image and the images in their means."""
    rows = np.flatnonzero(chosen[:, 0] >= 0)
    own, members = np.empty(len(rows)), np.empty(len(rows))
    for part in chunks(len(rows), 2048):
        some = rows[part]
        faces = _standardized(published[some])
        own[part] = np.maximum((faces * unit[some]).sum(axis=1), (faces * _standardized(images[some])).sum(axis=1))
        members[part] = [(unit[chosen[row]] @ face).max() for row, face in zip(some, faces, strict=True)]
    for what, values in (("the image of its row", own), ("an image in its mean", members)):
        worst = int(values.argmax())
        if values[worst] > LIMIT:
            raise TrainingError(f"the average face of row {rows[worst]} correlates {values[worst]:.3f} with {what}, "
                                f"and the limit is {LIMIT}: it would show that image")
    return {"own_correlation": _percentiles(own), "member_correlation": _percentiles(members),
            "closest_is_own": _closest_is_own(published, unit, rows)}


def _closest_is_own(published, unit, rows):
    """Fraction of (at most MEASURED) `rows` whose face correlates with no image more than with the row's own."""
    rows = np.sort(np.random.default_rng(0).choice(rows, min(MEASURED, len(rows)), replace=False))
    first = [(_standardized(published[some]) @ unit.T).argmax(axis=1) == some
             for some in (rows[part] for part in chunks(len(rows), 256))]
    return round(float(np.concatenate(first).mean()), 4)


def _percentiles(values):
    return {f"p{percent:g}": round(float(value), 3)
            for percent, value in zip((1, 50, 99, 100), np.percentile(values, (1, 50, 99, 100)), strict=True)}


def _standardized(images):
    """float32 (n, pixels): mean 0 and length 1; zeros for an image of a single gray level."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
