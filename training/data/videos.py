"""Your own data set from videos: frames, faces, grey crops, a folder a class.

After Razzano, who filmed his classmates: every n-th frame, its largest face as the site crops it.
The label is a folder's name or a word of the file's (`anna/happy.mp4`, `happy/anna-2.mp4`,
`anna_happy_2.mp4`); the person is the other folder, or the other word. All films of one person go
to one side, training or validation, so that no network is judged on a person it has learnt.
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
#: A crop this alike (correlation) to one of the last kept is skipped.
ALIKE, REMEMBERED = 0.98, 10


@dataclass(frozen=True)
class Video:
    """One film: its file, what its faces show, who is in it."""

    path: Path
    label: str
    person: str


def find(folder, split_by="person"):
    """(list of Video, list of files without a label) under `folder`, sorted.

    split_by: "person", or "file": each file is taken to be another person. Raises TrainingError
    where there is no video at all.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; a folder of videos is meant")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise TrainingError(f"{folder}: no videos ({', '.join(sorted(SUFFIXES))}) in it")
    videos, nameless = [], []
    for path in files:
        label, person = _label_and_person(path.relative_to(folder))
        if label is None:
            nameless.append(path)
        else:
            own = path.relative_to(folder).as_posix()
            videos.append(Video(path, label, own if split_by == "file" or not person else person))
    return videos, nameless


def build(folder, out, detect, crop, every=5, share=0.2, split_by="person", say=print):
    """Cut the faces out of the videos under `folder` into `out`/train/LABEL and `out`/validation/LABEL.

    detect: uint8 (h, w, 3) RGB -> list of webapp.vision's Face. crop: (picture, face) -> grey (size, size).
    every: every so many frames are looked at. share: of the persons, to validation. A film that is
    done is not read again; one that cannot be read is said and skipped. Returns the progress, a dict.
    """
    videos, nameless = find(folder, split_by)
    for path in nameless:
        say(f"skipped {path.name}: neither its name nor a folder says an expression ({', '.join(AFFECTNET)})")
    if not videos:
        raise TrainingError(f"{folder}: none of the {len(nameless)} videos is labelled; put them into folders named "
                            "for the expression, or name them PERSON_EXPRESSION.mp4")
    out = Path(out)
    progress = _read(out / PROGRESS, {"every": every, "split_by": split_by})
    _take_sides(progress["sides"], sorted({video.person for video in videos}), share)
    for number, video in enumerate(videos, 1):
        key = video.path.relative_to(folder).as_posix()
        stamp = f"{video.path.stat().st_size}-{video.path.stat().st_mtime_ns}"
        if progress["films"].get(key, {}).get("stamp") == stamp:
            continue
        place = out / progress["sides"][video.person] / video.label
        prefix = f"{re.sub('[^A-Za-z0-9]+', '-', key)}-{hashlib.md5(key.encode()).hexdigest()[:6]}"
        result = _cut(video.path, place, prefix, detect, crop, every)
        progress["films"][key] = {"stamp": stamp, "label": video.label, "person": video.person, **result}
        _write(out / PROGRESS, progress)
        say(f"{number}/{len(videos)} {key}: {_words(result)}")
    for line in _summary(progress):
        say(line)
    return progress


def _label_and_person(path):
    """(label or None, person or "") from a video's folders and the words of its name."""
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


def _take_sides(sides, persons, share):
    """Give each new person a side, keeping those given: validation until `share` of all persons are there."""
    new = sorted(set(persons) - set(sides), key=lambda person: hashlib.md5(person.encode()).hexdigest())
    wanted = 0 if len(set(sides) | set(persons)) < 2 else max(1, round(share * len(set(sides) | set(persons))))
    for person in new:
        there = sum(side == "validation" for side in sides.values())
        sides[person] = "validation" if there < wanted else "train"


def _cut(path, place, prefix, detect, crop, every):
    """Write one film's crops into `place`; what was found, as counts."""
    for old in place.glob(f"{prefix}-*.png"):
        old.unlink()
    counts, kept = Counter(), []
    film = cv2.VideoCapture(str(path))
    try:
        said = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) if film.isOpened() else 0
        while film.isOpened() and film.grab():
            counts["frames"] += 1
            if (counts["frames"] - 1) % every:
                continue
            good, frame = film.retrieve()
            if good:
                face = _largest(detect(np.ascontiguousarray(frame[..., ::-1])))
                counts["without_face"] += face is None
                if face is not None:
                    _keep(crop(frame[..., ::-1], face), place, f"{prefix}-{counts['frames']:06}.png", kept, counts)
    finally:
        film.release()
    result = {name: counts[name] for name in ("frames", "faces", "alike", "without_face")}
    if not counts["frames"]:
        result["trouble"] = "cannot be read as a video"
    elif said > 0 and counts["frames"] < 0.9 * said:
        result["trouble"] = f"ends after {counts['frames']} of {said} frames"
    return result


def _keep(picture, place, name, kept, counts):
    picture = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    flat = picture.astype(np.float32).ravel()
    flat = (flat - flat.mean()) / max(float(np.linalg.norm(flat - flat.mean())), 1e-6)
    if any(float(flat @ other) > ALIKE for other in kept):
        counts["alike"] += 1
        return
    kept[:] = [*kept, flat][-REMEMBERED:]
    place.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(place / name), picture):
        raise TrainingError(f"{place / name}: cannot be written; make room and run the same command again")
    counts["faces"] += 1


def _largest(faces):
    return max(faces, key=lambda face: face.box[2] * face.box[3], default=None)


def _words(result):
    trouble = f"{result['trouble']}; " if "trouble" in result else ""
    return (f"{trouble}{result['faces']} faces of {result['frames']} frames, {result['alike']} nearly the same, "
            f"{result['without_face']} looked at without a face")


def _summary(progress):
    for side in ("train", "validation"):
        films = [film for film in progress["films"].values() if progress["sides"][film["person"]] == side]
        counts = Counter()
        for film in films:
            counts[film["label"]] += film["faces"]
        persons = {film["person"] for film in films if film["faces"]}
        yield (f"{side}: {sum(counts.values())} faces of {len(persons)} persons: "
               + ", ".join(f"{label} {count}" for label, count in sorted(counts.items()) if count))
    troubled = [name for name, film in progress["films"].items() if "trouble" in film]
    if troubled:
        yield f"{len(troubled)} films with trouble: {', '.join(troubled)}"
    if "validation" not in progress["sides"].values():
        yield "only one person: nothing is in validation; film a second one, or use --split-by file"


def _read(path, settings):
    if not path.exists():
        return settings | {"sides": {}, "films": {}}
    try:
        progress = json.loads(path.read_text())
        before = {name: progress[name] for name in settings}
        if not isinstance(progress["sides"], dict) or not isinstance(progress["films"], dict):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise TrainingError(f"{path}: not this command's notes; remove the folder, or give another --out") from None
    if before != settings:
        raise TrainingError(f"{path.parent} was begun with {before}, now {settings}; remove it, or give another --out")
    return progress


def _write(path, progress):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(progress, indent=1))
    shutil.move(partial, path)
