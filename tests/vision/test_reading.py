import io
import json
import threading
import time

import numpy as np
import pytest
from PIL import Image

from webapp.vision.expressions import load
from webapp.vision.faces import PHOTO_LONG_SIDES, Face, iou
from webapp.vision.images import ImageError
from webapp.vision.interpreters import InterpreterPool
from webapp.vision.reading import AbandonedError, Reader


@pytest.fixture(scope="module")
def reader(detector, bundle):
    return Reader(detector, load(bundle, engine="litert"))


def _jpeg(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


def test_reading_has_the_published_keys(reader, astronaut, face_box):
    reading = json.loads(json.dumps(reader.read(_jpeg(astronaut))))
    assert set(reading) == {"picture", "model", "faces", "milliseconds"}
    assert reading["picture"] == {"width": 512, "height": 512}
    assert reading["model"] == {"name": "tiny", "version": "1.0.0", "label_set": "ferplus"}
    assert set(reading["milliseconds"]) == {"decode", "faces", "crops", "wait", "network"}
    face, = reading["faces"]
    assert set(face) == {"box", "landmarks", "score", "probabilities", "votes", "expression", "unsure"}
    assert iou([face["box"][name] for name in ("x", "y", "width", "height")], face_box) >= 0.5
    assert set(face["landmarks"]) == {"right_eye", "left_eye", "nose", "mouth"}
    assert sum(face["votes"].values()) == 10
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert face["expression"] == max(face["probabilities"], key=face["probabilities"].get)
    assert face["unsure"] in (True, False)


def test_image_without_face_gives_an_empty_list(reader):
    reading = reader.read(_jpeg(np.full((480, 640, 3), 90, np.uint8)))
    assert reading["faces"] == [] and reading["picture"] == {"width": 640, "height": 480}


def test_exif_rotated_photo_gives_the_same_boxes(reader, astronaut):
    exif = Image.Exif()
    exif[0x0112] = 6
    rotated = reader.read(_jpeg(np.ascontiguousarray(np.rot90(astronaut)), exif=exif))
    upright = reader.read(_jpeg(astronaut))
    for name, value in upright["faces"][0]["box"].items():
        assert rotated["faces"][0]["box"][name] == pytest.approx(value, abs=0.01)


def test_reading_of_a_reduced_photo_reports_the_full_size(reader, astronaut, face_box):
    large = np.full((3000, 4000, 3), 128, np.uint8)
    large[200:2248, 300:2348] = astronaut.repeat(4, axis=0).repeat(4, axis=1)
    reading = reader.read(_jpeg(large), PHOTO_LONG_SIDES, refine=True)
    assert reading["picture"] == {"width": 4000, "height": 3000}
    box = reading["faces"][0]["box"]
    expected = ((300 + face_box[0] * 2048) / 4000, (200 + face_box[1] * 2048) / 3000,
                face_box[2] * 2048 / 4000, face_box[3] * 2048 / 3000)
    assert iou([box[name] for name in ("x", "y", "width", "height")], expected) >= 0.5


def test_face_that_cannot_be_aligned_is_left_out(detector, bundle, astronaut):
    class StubDetector:
        def detect(self, *arguments):
            face, = detector.detect(*arguments)
            return [Face(face.box, {name: (0.5, 0.5) for name in face.landmarks}, 0.5), face]
    assert len(Reader(StubDetector(), load(bundle, engine="litert")).read_pixels(astronaut)["faces"]) == 1


def test_read_pixels_has_no_decode_time(reader, astronaut):
    reading = reader.read_pixels(astronaut)
    assert len(reading["faces"]) == 1 and "decode" not in reading["milliseconds"]


def test_label_set_without_raters_has_probabilities_but_no_votes(detector, bundle, tmp_path, astronaut):
    import shutil
    shutil.copytree(bundle, tmp_path / "seven")
    card = json.loads((bundle / "card.json").read_text()) | {"raters": None, "label_set": "fer2013"}
    (tmp_path / "seven" / "card.json").write_text(json.dumps(card))
    face, = Reader(detector, load(tmp_path / "seven", engine="litert")).read_pixels(astronaut)["faces"]
    assert "votes" not in face and len(face["probabilities"]) == 8


def test_turn_is_held_while_a_decoded_image_is_read_and_waiting_for_it_is_counted(reader, astronaut):
    events = []

    class Turn:
        def __enter__(self):
            time.sleep(0.05)
            events.append("entered")

        def __exit__(self, *_):
            events.append("left")
    file = io.BytesIO()
    Image.fromarray(astronaut).save(file, "JPEG")
    assert reader.read(file.getvalue(), turn=Turn())["milliseconds"]["wait"] >= 50
    with pytest.raises(AbandonedError):
        reader.read(file.getvalue(), turn=Turn(), abandoned=lambda: "entered" in events[2:])
    with pytest.raises(ImageError):
        reader.read(b"no image", turn=Turn())
    assert events == ["entered", "left"] * 2


def test_bytes_that_are_not_an_image_raise_image_error(reader):
    with pytest.raises(ImageError):
        reader.read(b"not an image")


def test_the_first_photo_after_warm_up_creates_no_interpreter(detector, bundle, astronaut, monkeypatch):
    reader = Reader(detector, load(bundle, engine="litert"))
    reader.warm_up()
    monkeypatch.setattr(InterpreterPool, "_create", lambda _: pytest.fail("an interpreter was created"))
    assert len(reader.read_pixels(astronaut)["faces"]) == 1


def test_on_a_cpu_every_caller_runs_its_own_rows_and_nothing_is_padded(detector, bundle, astronaut, monkeypatch):
    reader, rows, threads = Reader(detector, load(bundle, engine="litert")), [], []
    run = InterpreterPool.run

    def recorded(pool, values):
        if values.shape[-1] == 1:       # the expression network's: gray
            rows.append(len(values))
            threads.append(threading.get_ident())
        return run(pool, values)
    monkeypatch.setattr(InterpreterPool, "run", recorded)
    three = np.concatenate([astronaut] * 3, axis=1)
    assert len(reader.read_pixels(three, PHOTO_LONG_SIDES)["faces"]) == 3
    assert rows == [1, 1, 1] and set(threads) == {threading.get_ident()}


def test_balanced_prediction_is_in_the_reading_if_the_card_has_offsets(detector, bundle, tmp_path, astronaut):
    import shutil
    shutil.copytree(bundle, tmp_path / "balanced")
    card = json.loads((bundle / "card.json").read_text()) | {"balanced": {"offsets": [-1.0] + 7 * [0.0]}}
    (tmp_path / "balanced" / "card.json").write_text(json.dumps(card))
    face, = Reader(detector, load(tmp_path / "balanced", engine="litert")).read_pixels(astronaut)["faces"]
    assert list(face["balanced"]) == list(face["probabilities"])
    assert sum(face["balanced"].values()) == pytest.approx(1, abs=1e-4)
    assert face["balanced"]["neutral"] < face["probabilities"]["neutral"]
