import threading

import cv2
import numpy as np
import pytest
from skimage import data

from webapp.vision.boxes import Face, iou, roll, suppress
from webapp.vision.faces import LIVE_LONG_SIDES, PHOTO_LONG_SIDES, DetectorMissingError, FaceDetector
from webapp.vision.letterbox import resize
from webapp.vision.tiles import tiles_around

BOX = (174, 72, 102, 110)       # px: x, y, width, height of the astronaut's face
LANDMARKS = {"right_eye": (203, 101), "left_eye": (248, 103), "nose": (224, 128), "mouth": (223, 147)}   # px


@pytest.mark.parametrize("long_sides", [LIVE_LONG_SIDES, PHOTO_LONG_SIDES])
def test_astronaut_is_detected(detector, astronaut, face_box, long_sides):
    face, = detector.detect(astronaut, long_sides)
    assert iou(face.box, face_box) >= 0.5
    assert face.score > 0.9


@pytest.mark.parametrize("refine, pixels", [(False, 6), (True, 5)])
def test_landmarks_are_accurate_to_a_few_pixels(detector, astronaut, refine, pixels):
    face, = detector.detect(astronaut, refine=refine)
    for name, where in LANDMARKS.items():
        assert np.hypot(*(np.array(face.landmarks[name]) * 512 - where)) < pixels, name


@pytest.mark.parametrize("degrees", [-60, -45, -20, 20, 45, 60])
def test_tilted_head_is_detected(detector, astronaut, face_box, degrees):
    center = (np.array(face_box[:2]) + np.array(face_box[2:]) / 2) * 512
    rotation = cv2.getRotationMatrix2D(tuple(center), degrees, 1)
    rotated = cv2.warpAffine(astronaut, rotation, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    face, *_ = detector.detect(rotated)
    assert iou(face.box, face_box) >= 0.5
    for name, where in LANDMARKS.items():
        assert np.hypot(*(np.array(face.landmarks[name]) * 512 - rotation @ (*where, 1))) < 12, name


@pytest.mark.parametrize("width, height", [(640, 480), (480, 640), (1280, 720), (300, 900), (2000, 400), (90, 70)])
def test_images_of_any_shape(detector, astronaut, face_box, width, height):
    side = min(width, height)
    image = np.full((height, width, 3), 200, np.uint8)
    image[-side:, -side:] = cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA)
    expected = ((width - side + face_box[0] * side) / width, (height - side + face_box[1] * side) / height,
                face_box[2] * side / width, face_box[3] * side / height)
    faces = detector.detect(image, PHOTO_LONG_SIDES)
    assert faces and iou(faces[0].box, expected) >= 0.5


@pytest.mark.parametrize("count", [2, 5])
def test_several_faces_are_all_detected(detector, astronaut, face_box, count):
    portrait = cv2.resize(astronaut[20:240, 110:340], (230, 220))
    image = np.full((720, 1280, 3), 90, np.uint8)
    corners = [(40 + 250 * i, 60 + 110 * (i % 3)) for i in range(count)]
    for x, y in corners:
        image[y:y + 220, x:x + 230] = portrait
    expected = [((x + face_box[0] * 512 - 110) / 1280, (y + face_box[1] * 512 - 20) / 720, face_box[2] * 0.4,
                 face_box[3] * 512 / 720) for x, y in corners]
    faces = detector.detect(image, PHOTO_LONG_SIDES)
    assert len(faces) == count
    assert all(max(iou(box, face.box) for face in faces) >= 0.5 for box in expected)
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)


@pytest.mark.parametrize("fraction", [0.15, 0.3, 0.5, 0.8, 1.0])
def test_score_is_high_at_any_face_size(detector, astronaut, face_box, fraction):
    """fraction: height of the face in the image. The live page starts a track at a score of 0.6."""
    x, y, width, height = (value * 512 for value in face_box)
    size = np.array([height / fraction * 4 / 3, height / fraction])
    left, top = np.round(512 + np.array([x + width / 2, y + height / 2]) - size / 2).astype(int)
    right, bottom = np.round((left, top) + size).astype(int)
    wide = cv2.copyMakeBorder(astronaut, 512, 512, 512, 512, cv2.BORDER_REPLICATE)
    frame = cv2.resize(wide[top:bottom, left:right], (640, 480))
    faces = detector.detect(frame)
    assert len(faces) == 1 and faces[0].score > 0.75


def make_frame(astronaut, size, rotation=0, light=1):
    """uint8 (480, 640, 3): the astronaut's face in the center, `size` px wide, rotated by degrees, darkened."""
    x, y, width, height = BOX
    center = np.array([x + width / 2, y + height / 2])
    matrix = cv2.getRotationMatrix2D(tuple(center), rotation, size / width)
    matrix[:, 2] += (320, 240) - center
    return (cv2.warpAffine(astronaut, matrix, (640, 480)) * light).astype(np.uint8)


def is_centered(face, size):
    x, y, width, height = np.array(face.box) * (640, 480, 640, 480)
    return np.hypot(x + width / 2 - 320, y + height / 2 - 240) < size / 4 and 0.6 < width / size < 1.6


@pytest.mark.parametrize("long_sides", [LIVE_LONG_SIDES, PHOTO_LONG_SIDES], ids=["live", "photo"])
@pytest.mark.parametrize("size", [80, 100, 200, 400, 500, 640, 760])
@pytest.mark.parametrize("rotation", [-45, 0, 45])
def test_face_is_detected_once_up_to_beyond_the_edges(detector, astronaut, size, rotation, long_sides):
    face, = detector.detect(make_frame(astronaut, size, rotation), long_sides, 0.4)
    assert is_centered(face, size)


@pytest.mark.parametrize("size", [100, 300, 500])
@pytest.mark.parametrize("light", [0.1, 0.05])
def test_face_in_a_dark_image_is_detected(detector, astronaut, size, light):
    face, = detector.detect(make_frame(astronaut, size, light=light), threshold=0.4)
    assert is_centered(face, size)


@pytest.mark.parametrize("border", [128, 256, 400])
def test_face_in_front_of_black_is_detected(detector, astronaut, face_box, border):
    image = cv2.copyMakeBorder(astronaut, *[border] * 4, cv2.BORDER_CONSTANT)
    scale = 512 / len(image)
    x, y = (np.array(face_box[:2]) * 512 + border) / len(image)
    face, = detector.detect(image)
    assert iou(face.box, (x, y, face_box[2] * scale, face_box[3] * scale)) > 0.5


@pytest.mark.parametrize("size", [200, 480])
@pytest.mark.parametrize("rotation", [70, 45, -45, -70])
def test_landmarks_of_a_rotated_face_are_accurate(detector, astronaut, size, rotation):
    x, y, width, height = BOX
    face, = detector.detect(make_frame(astronaut, size, rotation), threshold=0.4)
    matrix = cv2.getRotationMatrix2D((0, 0), rotation, size / width)[:, :2]
    for name, where in LANDMARKS.items():
        expected = matrix @ (np.array(where) - (x + width / 2, y + height / 2)) + (320, 240)
        assert np.hypot(*(np.array(face.landmarks[name]) * (640, 480) - expected)) < 0.06 * size, name
    assert roll(face, 640 / 480) == pytest.approx(-rotation, abs=8)


def test_rotated_image_is_searched_if_there_is_only_a_trace_of_a_face(detector, astronaut, monkeypatch):
    frame, candidates = make_frame(astronaut, 300, 45), detector._candidates
    trace = [Face((0.1, 0.1, 0.2, 0.2), detector.detect(frame)[0].landmarks, 0.15)]

    def unrotated(found):
        monkeypatch.setattr(detector, "_candidates", lambda image, letterboxes, minimum: (
            candidates(image, letterboxes, minimum) if letterboxes[0].rotation else found))

    unrotated(trace)
    face, = detector.detect(frame)
    assert is_centered(face, 300)
    unrotated([])
    assert detector.detect(frame) == []


@pytest.mark.parametrize("size, borders", [(150, 0), (400, 1)])
def test_border_is_left_out_if_it_would_add_nothing(detector, astronaut, monkeypatch, size, borders):
    run, searched = detector._run, []
    monkeypatch.setattr(detector, "_run", lambda image, letterbox: searched.append(letterbox) or run(image, letterbox))
    assert len(detector.detect(make_frame(astronaut, size))) == 1
    assert sum(letterbox.has_border for letterbox in searched) == borders


@pytest.mark.parametrize("size", [(256, 192), (160, 120), (80, 77), (255, 3)])
def test_image_is_shrunk_by_area_averaging(astronaut, size):
    image = cv2.resize(astronaut, (640, 480))
    np.testing.assert_array_equal(resize(image, size), cv2.resize(image, size, interpolation=cv2.INTER_AREA))


@pytest.fixture
def inputs(detector, monkeypatch):
    """A list of the sizes of the inputs of the networks that have run."""
    run, found = detector._run, []
    monkeypatch.setattr(detector, "_run", lambda *given: found.append(given[1].size) or run(*given))
    return found


@pytest.mark.parametrize("size, is_left_out", [(100, True), (160, True), (300, False), (20, False)])
def test_smaller_long_sides_are_left_out_if_they_would_show_the_face_too_small(detector, astronaut, inputs, size,
                                                                               is_left_out):
    detector.detect(make_frame(astronaut, size))
    assert inputs[0] == (256, 192) and ((128, 96) not in inputs) == is_left_out


def test_a_large_face_beside_a_narrow_one_is_found(detector, astronaut):
    frame, narrow = make_frame(astronaut, 400), make_frame(astronaut, 50)
    frame[:120, :120] = narrow[180:300, 260:380]
    large, small = sorted(detector.detect(frame, threshold=0.4), key=lambda face: -face.box[2])
    assert is_centered(large, 400) and small.box[2] < 0.15


@pytest.mark.parametrize("size", [32, 40, 60])
def test_small_face_in_a_photo_is_found_in_a_tile(detector, astronaut, inputs, size):
    face, = detector.detect(make_frame(astronaut, size), PHOTO_LONG_SIDES, 0.4)
    assert is_centered(face, size)
    assert (512, 384) not in inputs and {(64, 64), (128, 128)} & set(inputs)


def test_photo_is_searched_as_a_whole_if_tiles_would_cost_as_much(detector, astronaut, inputs, monkeypatch):
    monkeypatch.setattr("webapp.vision.faces.FINE_SHARE", 0)
    face, = detector.detect(make_frame(astronaut, 60), PHOTO_LONG_SIDES, 0.4)
    assert is_centered(face, 60) and (512, 384) in inputs


def test_noise_on_a_plain_wall_is_not_searched_for_small_faces(detector, astronaut, inputs):
    wall = np.clip(np.random.default_rng(0).normal(190, 4, (480, 640, 3)), 0, 255).astype(np.uint8)
    assert detector.detect(wall, PHOTO_LONG_SIDES, 0.4) == []
    assert not {(512, 384), (64, 64)} & set(inputs)
    x, y, width, height = BOX
    wall[200:264, 300:360] = cv2.resize(astronaut[y:y + height, x:x + width], (60, 64), interpolation=cv2.INTER_AREA)
    face, = detector.detect(wall, PHOTO_LONG_SIDES, 0.4)
    assert iou(face.box, (300 / 640, 200 / 480, 60 / 640, 64 / 480)) > 0.5


def test_traces_inside_of_a_large_face_get_no_tile(detector, astronaut):
    face, = detector.detect(astronaut)
    x, y, width, height = face.box
    inside, outside = ([x + width * at, y + height * at] for at in (0.3, -0.5))
    points = np.array([[np.subtract(one, 0.01), np.add(one, 0.01), *[one] * 4] for one in (inside, outside)])
    (left, top, right, bottom), = (span for span, _ in tiles_around(
        (points, np.array([0.3, 0.1]), np.zeros(2)), [face], (512, 512), 512))
    assert left < 512 * outside[0] < right and top < 512 * outside[1] < bottom


def test_tiny_face_needs_a_higher_score(detector, astronaut, monkeypatch):
    landmarks = detector.detect(astronaut)[0].landmarks
    tiny, small = (Face((0.1, 0.1, width, width), landmarks, 0.5) for width in (0.04, 0.05))
    monkeypatch.setattr(detector, "verify", lambda image, face, minimum: face)
    monkeypatch.setattr(detector, "_candidates", lambda *_: [tiny])
    assert detector.detect(astronaut, threshold=0.4) == []
    monkeypatch.setattr(detector, "_candidates", lambda *_: [small])
    assert detector.detect(astronaut, threshold=0.4) == [small]


def test_face_inside_a_better_one_is_dropped(detector, astronaut, monkeypatch):
    landmarks = detector.detect(astronaut)[0].landmarks
    outer, inner, beside = (Face(box, landmarks, score) for box, score in (
        ((0.1, 0.1, 0.6, 0.8), 0.9), ((0.3, 0.3, 0.1, 0.1), 0.8), ((0.65, 0.3, 0.1, 0.1), 0.7)))
    monkeypatch.setattr(detector, "_candidates", lambda *_: [outer, inner, beside])
    assert detector.detect(astronaut) == [outer, beside]


def test_candidate_with_a_low_score_is_verified(detector, astronaut, monkeypatch):
    face, = detector.detect(astronaut)
    absent, uncertain = Face((0.7, 0.6, 0.2, 0.2), face.landmarks, 0.55), Face(face.box, face.landmarks, 0.3)
    monkeypatch.setattr(detector, "_candidates", lambda *_: [uncertain])
    verified, = detector.detect(astronaut)
    assert verified.score > 0.8 and iou(verified.box, face.box) > 0.6
    monkeypatch.setattr(detector, "_candidates", lambda *_: [absent, uncertain])
    assert detector.detect(astronaut) == []      # a candidate below the threshold is only verified first


def _scene():
    image = np.full((480, 640, 3), (190, 210, 235), np.uint8)
    cv2.rectangle(image, (0, 330), (640, 480), (90, 140, 60), -1)
    cv2.rectangle(image, (380, 200), (560, 380), (160, 90, 70), -1)
    cv2.fillPoly(image, [np.array([(360, 205), (580, 205), (470, 110)])], (110, 40, 40))
    cv2.circle(image, (90, 90), 45, (255, 230, 90), -1)
    return image


@pytest.mark.parametrize("scene", [_scene, data.coffee, data.rocket, lambda: np.zeros((480, 640, 3), np.uint8),
                                   lambda: np.full((1, 1, 3), 255, np.uint8)],
                         ids=["drawn", "coffee", "rocket", "black", "one pixel"])
def test_image_without_face_gives_no_detection(detector, scene):
    image = scene()
    assert detector.detect(image, PHOTO_LONG_SIDES, refine=True) == []


def test_concurrent_detections_agree(detector, astronaut):
    expected, found = detector.detect(astronaut), []
    threads = [threading.Thread(target=lambda: found.append(detector.detect(astronaut))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    for faces in found:
        np.testing.assert_allclose(faces[0].box, expected[0].box, atol=1e-6)


def test_threshold_excludes_lower_scores(detector, astronaut):
    assert detector.detect(astronaut, threshold=0.999) == []


@pytest.mark.parametrize("threshold", [0, 1])
def test_threshold_may_be_zero_or_one(detector, threshold):
    assert isinstance(detector.detect(np.zeros((48, 64, 3), np.uint8), threshold=threshold), list)


def test_unavailable_long_side_raises_value_error(detector, astronaut):
    with pytest.raises(ValueError, match="got 300"):
        detector.detect(astronaut, (300,))


def test_missing_files_raise_an_error_with_the_command(tmp_path):
    with pytest.raises(DetectorMissingError, match="make detector"):
        FaceDetector(tmp_path)
    (tmp_path / "detector.json").write_text('{"sizes": [[256, 192]]}')
    with pytest.raises(DetectorMissingError, match="256x192.*make detector"):
        FaceDetector(tmp_path)


def test_suppression_averages_weighted_by_score_above_half_of_the_best():
    def points(left):
        return np.array([[left, 0], [left + 0.4, 0.4], *[[left, left]] * 4])
    faces = suppress(np.array([points(0.1), points(0), points(0.6)]), np.array([0.6, 0.8, 0.5]), np.full(3, 50))
    assert [face.score for face in faces] == [0.8, 0.5]
    np.testing.assert_allclose(faces[0].box, (0.1 / 3, 0, 0.4, 0.4))
    np.testing.assert_allclose(faces[0].landmarks["mouth"], (0.1 / 3, 0.1 / 3))


def test_suppression_prefers_cells_near_the_best_width():
    def points(left):
        return np.array([[left, 0], [left + 0.4, 0.4], *[[left, left]] * 4])
    positions, scores = np.array([points(0), points(0.1), points(0.12)]), np.array([0.9, 0.6, 0.6])
    face, = suppress(positions, scores, np.array([140, 70, 75]))
    assert face.score == 0.9 and face.landmarks["nose"][0] == pytest.approx(0.11)


@pytest.mark.parametrize("other, expected", [
    ((0, 0, 2, 2), 1), ((2, 0, 2, 2), 0), ((1, 0, 2, 2), 1 / 3), ((0, 0, 0, 0), 0)])
def test_iou(other, expected):
    assert iou((0, 0, 2, 2), other) == pytest.approx(expected)


def test_rotated_image_is_searched_to_both_sides(detector, astronaut, monkeypatch):
    for rotation in (45, -45):
        frame = make_frame(astronaut, 480, rotation)
        candidates, seen = detector._candidates, []

        def rotated_only(image, letterboxes, minimum, candidates=candidates, seen=seen):
            found = candidates(image, letterboxes, minimum)
            seen.append(found)
            return found if letterboxes[0].rotation else [Face((0, 0, 0.1, 0.1), LANDMARKS, 0.15)]
        with monkeypatch.context() as context:
            context.setattr(detector, "_candidates", rotated_only)
            face, = detector.detect(frame, threshold=0.4)
        assert is_centered(face, 480) and len(seen) == 2
