import io
import json

import numpy as np
import pytest
from PIL import Image

from webapp.vision.expressions import load
from webapp.vision.faces import PHOTO, Face, overlap
from webapp.vision.images import ImageError
from webapp.vision.reading import Reader


@pytest.fixture(scope="module")
def reader(detector, bundle):
    return Reader(detector, load(bundle, engine="litert"))


def _jpeg(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


def test_a_reading_is_contract_one(reader, astronaut, place):
    reading = json.loads(json.dumps(reader.read(_jpeg(astronaut))))
    assert set(reading) == {"picture", "model", "faces", "milliseconds"}
    assert reading["picture"] == {"width": 512, "height": 512}
    assert reading["model"] == {"name": "tiny", "version": "1.0.0", "label_set": "ferplus"}
    assert set(reading["milliseconds"]) == {"decode", "faces", "crops", "wait", "network"}
    face, = reading["faces"]
    assert set(face) == {"box", "landmarks", "score", "probabilities", "votes", "expression", "unsure"}
    assert overlap([face["box"][name] for name in ("x", "y", "width", "height")], place) >= 0.5
    assert set(face["landmarks"]) == {"right_eye", "left_eye", "nose", "mouth"}
    assert sum(face["votes"].values()) == 10
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert face["expression"] == max(face["probabilities"], key=face["probabilities"].get)
    assert face["unsure"] in (True, False)


def test_no_face_is_an_empty_list(reader):
    reading = reader.read(_jpeg(np.full((480, 640, 3), 90, np.uint8)))
    assert reading["faces"] == [] and reading["picture"] == {"width": 640, "height": 480}


def test_a_turned_photo_reads_like_the_upright_one(reader, astronaut):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = reader.read(_jpeg(np.ascontiguousarray(np.rot90(astronaut)), exif=exif))
    upright = reader.read(_jpeg(astronaut))
    for name, value in upright["faces"][0]["box"].items():
        assert turned["faces"][0]["box"][name] == pytest.approx(value, abs=0.01)


def test_a_large_photo_keeps_its_size_in_the_reading(reader, astronaut, place):
    large = np.full((3000, 4000, 3), 128, np.uint8)
    large[200:2248, 300:2348] = astronaut.repeat(4, axis=0).repeat(4, axis=1)
    reading = reader.read(_jpeg(large), PHOTO, refine=True)
    assert reading["picture"] == {"width": 4000, "height": 3000}
    box = reading["faces"][0]["box"]
    expected = ((300 + place[0] * 2048) / 4000, (200 + place[1] * 2048) / 3000,
                place[2] * 2048 / 4000, place[3] * 2048 / 3000)
    assert overlap([box[name] for name in ("x", "y", "width", "height")], expected) >= 0.5


def test_a_face_whose_landmarks_make_no_sense_is_left_out(detector, bundle, astronaut):
    class Confused:
        def detect(self, *arguments):
            face, = detector.detect(*arguments)
            return [Face(face.box, {name: (0.5, 0.5) for name in face.landmarks}, 0.5), face]
    assert len(Reader(Confused(), load(bundle, engine="litert")).read_pixels(astronaut)["faces"]) == 1


def test_pixels_read_like_bytes(reader, astronaut):
    reading = reader.read_pixels(astronaut)
    assert len(reading["faces"]) == 1 and "decode" not in reading["milliseconds"]


def test_a_label_set_without_raters_has_probabilities_alone(detector, bundle, tmp_path, astronaut):
    import shutil
    shutil.copytree(bundle, tmp_path / "seven")
    card = json.loads((bundle / "card.json").read_text()) | {"raters": None, "label_set": "fer2013"}
    (tmp_path / "seven" / "card.json").write_text(json.dumps(card))
    face, = Reader(detector, load(tmp_path / "seven", engine="litert")).read_pixels(astronaut)["faces"]
    assert "votes" not in face and len(face["probabilities"]) == 8


def test_bytes_that_are_no_picture(reader):
    with pytest.raises(ImageError):
        reader.read(b"no picture")


def test_after_the_warm_up_nothing_is_prepared_any_more(detector, bundle):
    expressions = load(bundle, engine="litert")
    Reader(detector, expressions).warm_up()
    assert sorted(expressions._network._interpreters) == [1, 2, 4, 8, 16, 32]
