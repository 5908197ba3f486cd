"""Build a data set from videos: the largest face of every n-th frame, cropped in gray, one folder per class.

The method is Razzano's. The label is a folder name or a word of the file name (`anna/happy.mp4`,
`happy/anna-2.mp4`, `anna_happy_2.mp4`); the person is the other folder or the other word. All videos of one
person are in the same split, so that no network is evaluated on a person it was trained on.
"""

import hashlib
import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import TrainingError
from .image_folders import SYNONYMS
from .labels import AFFECTNET, NEUTRAL_OR_NOT

SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".mjpeg"})
LABELS = frozenset({*AFFECTNET, *NEUTRAL_OR_NOT})
PROGRESS = "progress.json"
#: A crop that correlates above ALIKE with one of the last REMEMBERED crops is skipped.
ALIKE, REMEMBERED = 0.98, 10


@dataclass(frozen=True)
class Video:
    """One video: its file, the expression its faces show, the person in it."""

    path: Path
    label: str
    person: str


def find(folder, split_by="person"):
    """(list of Video, list of files without a label) under `folder`, sorted.

    split_by: "person", or "file" to treat each file as a different person. Raises TrainingError
    if there are no videos.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; give a folder of videos")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise TrainingError(f"{folder}: no videos in it; supported: {', '.join(sorted(SUFFIXES))}")
    videos, unlabeled = [], []
    for path in files:
        label, person = _label_and_person(path.relative_to(folder))
        if label is None:
            unlabeled.append(path)
        else:
            own = path.relative_to(folder).as_posix()
            videos.append(Video(path, label, own if split_by == "file" or not person else person))
    return videos, unlabeled


def build(folder, out, detect, crop, every=5, validation_fraction=0.2, split_by="person", report=print):
    """Cut the faces out of the videos under `folder` into `out`/train/LABEL and `out`/validation/LABEL.

    detect: uint8 (h, w, 3) RGB -> list of webapp.vision's Face. crop: (image, face) -> gray (size, size).
    every: use every so many frames. validation_fraction: of the persons. A video that is already
    processed is not read again; one that cannot be read is reported and skipped. Returns the progress, a dict.
    """
    videos, unlabeled = find(folder, split_by)
    for path in unlabeled:
        report(f"skipped {path.name}: neither its name nor a folder names an expression ({', '.join(AFFECTNET)})")
    if not videos:
        raise TrainingError(f"{folder}: none of the {len(unlabeled)} videos is labeled; put them into folders named "
                            "after the expression, or name them PERSON_EXPRESSION.mp4")
    out = Path(out)
    progress = _read(out / PROGRESS, {"every": every, "split_by": split_by})
    _assign_splits(progress["sides"], sorted({video.person for video in videos}), validation_fraction)
    for number, video in enumerate(videos, 1):
        key = video.path.relative_to(folder).as_posix()
        stamp = f"{video.path.stat().st_size}-{video.path.stat().st_mtime_ns}"
        if progress["films"].get(key, {}).get("stamp") == stamp:
            continue
        target = out / progress["sides"][video.person] / video.label
        prefix = f"{re.sub('[^A-Za-z0-9]+', '-', key)}-{hashlib.md5(key.encode()).hexdigest()[:6]}"
        result = _cut(video.path, target, prefix, detect, crop, every)
        progress["films"][key] = {"stamp": stamp, "label": video.label, "person": video.person, **result}
        _write(out / PROGRESS, progress)
        report(f"{number}/{len(videos)} {key}: {_describe(result)}")
    for line in _summary(progress):
        report(line)
    return progress


def _label_and_person(path):
    """(label or None, person or "") from a video's folders and the words of its file name."""
    words = [*path.parts[:-1], *re.split(r"[^a-z]+", path.stem.lower())]
    label, person = None, ""
    for word in words:
        name = " ".join(re.split(r"[\s_-]+", word.lower()))
        name = SYNONYMS.get(name, name)
        if name in LABELS and label is None:
            label = name
        elif word and not person:
            person = word.lower()
    return label, person


def _assign_splits(sides, persons, validation_fraction):
    """Assign each new person to a split: validation until it has `validation_fraction` of all persons, then train."""
    new = sorted(set(persons) - set(sides), key=lambda person: hashlib.md5(person.encode()).hexdigest())
    everyone = set(sides) | set(persons)
    target = 0 if len(everyone) < 2 else max(1, round(validation_fraction * len(everyone)))
    for person in new:
        count = sum(side == "validation" for side in sides.values())
        sides[person] = "validation" if count < target else "train"


def _cut(path, target, prefix, detect, crop, every):
    """Write one video's crops into `target`; the counts of frames and faces."""
    for old in target.glob(f"{prefix}-*.png"):
        old.unlink()
    counts, recent = Counter(), []
    capture = cv2.VideoCapture(str(path))
    try:
        frame_count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        while capture.isOpened() and capture.grab():
            counts["frames"] += 1
            if (counts["frames"] - 1) % every:
                continue
            success, frame = capture.retrieve()
            if success:
                face = _largest(detect(np.ascontiguousarray(frame[..., ::-1])))
                counts["without_face"] += face is None
                if face is not None:
                    _save(crop(frame[..., ::-1], face), target / f"{prefix}-{counts['frames']:06}.png", recent, counts)
    finally:
        capture.release()
    result = {name: counts[name] for name in ("frames", "faces", "alike", "without_face")}
    if not counts["frames"]:
        result["trouble"] = "cannot be read as a video"
    elif frame_count > 0 and counts["frames"] < 0.9 * frame_count:
        result["trouble"] = f"ends after {counts['frames']} of {frame_count} frames"
    return result


def _save(image, path, recent, counts):
    """Write a crop to `path` unless it is nearly the same as one of the `recent` crops."""
    image = np.rint(np.clip(image, 0, 255)).astype(np.uint8)
    flat = image.astype(np.float32).ravel()
    flat = (flat - flat.mean()) / max(float(np.linalg.norm(flat - flat.mean())), 1e-6)
    if any(float(flat @ other) > ALIKE for other in recent):
        counts["alike"] += 1
        return
    recent[:] = [*recent, flat][-REMEMBERED:]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image):
        raise TrainingError(f"{path}: cannot be written; free disk space and run the same command again")
    counts["faces"] += 1


def _largest(faces):
    return max(faces, key=lambda face: face.box[2] * face.box[3], default=None)


def _describe(result):
    trouble = f"{result['trouble']}; " if "trouble" in result else ""
    return (f"{trouble}{result['faces']} faces of {result['frames']} frames, {result['alike']} nearly the same, "
            f"{result['without_face']} without a face")


def _summary(progress):
    for side in ("train", "validation"):
        videos = [video for video in progress["films"].values() if progress["sides"][video["person"]] == side]
        counts = Counter()
        for video in videos:
            counts[video["label"]] += video["faces"]
        persons = {video["person"] for video in videos if video["faces"]}
        yield (f"{side}: {sum(counts.values())} faces of {len(persons)} persons: "
               + ", ".join(f"{label} {count}" for label, count in sorted(counts.items()) if count))
    damaged = [name for name, video in progress["films"].items() if "trouble" in video]
    if damaged:
        yield f"{len(damaged)} damaged videos: {', '.join(damaged)}"
    if "validation" not in progress["sides"].values():
        yield "only one person, so the validation split is empty; add a second person, or use --split-by file"


def _read(path, settings):
    if not path.exists():
        return settings | {"sides": {}, "films": {}}
    try:
        progress = json.loads(path.read_text())
        earlier = {name: progress[name] for name in settings}
        if not isinstance(progress["sides"], dict) or not isinstance(progress["films"], dict):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise TrainingError(f"{path}: not a valid progress file; remove the folder, or give another --out") from None
    if earlier != settings:
        raise TrainingError(f"{path.parent} was built with {earlier}, got {settings}; remove it, or give another --out")
    return progress


def _write(path, progress):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(progress, indent=1))
    shutil.move(partial, path)
