import math

import cv2
import numpy as np
import pytest

from webapp.vision.crops import LANDMARKS, CropSpec, crop, similarity
from webapp.vision.faces import Face

POINTS = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.6), (0.5, 0.8))
SPEC = CropSpec(48, POINTS)


def _face(points, width, height):
    """A Face with landmarks at `points`, in px."""
    fractions = (np.array(points) / (width, height)).tolist()
    return Face((0, 0, 1, 1), dict(zip(LANDMARKS, fractions, strict=True)), 1.0)


def _drawn(scale, degrees, x, y, size=400):
    """(image, landmarks in px): a smooth pattern under a known similarity."""
    a = scale * np.exp(1j * math.radians(degrees))
    points = [((a * complex(u, v)).real + x, (a * complex(u, v)).imag + y) for u, v in POINTS]
    columns, rows = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    position = ((columns - x) + 1j * (rows - y)) / a
    image = _pattern(position.real, position.imag)
    return np.repeat(np.round(image).astype(np.uint8)[..., None], 3, axis=2), points


def _pattern(u, v):
    """Gray value at (u, v), in fractions of the crop."""
    return 128 + 60 * np.sin(7 * u + 1) + 50 * np.cos(9 * v + 4 * u)


@pytest.mark.parametrize("scale, degrees", [(30, 0), (48, 0), (100, 15), (150, -30), (230, 60), (200, 180)])
def test_crop_under_a_known_similarity(scale, degrees):
    image, points = _drawn(scale, degrees, 180, 170, 700)
    found = crop(image, _face(points, 700, 700), SPEC)
    centers = (np.arange(48) + 0.5) / 48
    expected = _pattern(*np.meshgrid(centers, centers))
    assert found.shape == (48, 48) and found.dtype == np.float32
    inside = slice(2, -2) if degrees == 0 else slice(14, -14)
    assert np.abs(found - expected)[inside, inside].max() < (6 if scale < 48 else 2)


def test_similarity_is_the_least_squares_fit():
    random = np.random.default_rng(0)
    source = random.uniform(0, 100, (4, 2))
    target = random.uniform(0, 48, (4, 2))
    a, b = similarity(source, target)

    def error(a, b):
        return sum(abs(a * complex(*p) + b - complex(*q)) ** 2 for p, q in zip(source, target, strict=True))
    for step in (1e-3, -1e-3, 1e-3j, -1e-3j):
        assert error(a + step, b) > error(a, b) and error(a, b + step) > error(a, b)


def test_similarity_contains_no_reflection():
    a, b = similarity([(1, 0), (-1, 0), (0, 1), (0, 2)], [(-1, 0), (1, 0), (0, 1), (0, 2)])
    assert abs(a) < 1 and np.isfinite(abs(b))


def test_crop_is_invariant_to_image_scale(astronaut):
    points = np.array([(203, 101), (248, 103), (224, 128), (223, 147)])
    large = cv2.resize(astronaut, (2048, 2048), interpolation=cv2.INTER_CUBIC)
    small = crop(astronaut, _face(points, 512, 512), SPEC)
    assert np.abs(small - crop(large, _face(4 * points, 2048, 2048), SPEC)).mean() < 1.5


def test_flipped_image_gives_the_flipped_crop(astronaut):
    points = np.array([(203, 101), (248, 103), (224, 128), (223, 147)])
    flipped_points = np.array([(512 - points[i][0], points[i][1]) for i in (1, 0, 2, 3)])
    plain = crop(astronaut, _face(points, 512, 512), SPEC)
    flipped = crop(np.ascontiguousarray(astronaut[:, ::-1]), _face(flipped_points, 512, 512), SPEC)
    assert np.abs(plain - flipped[:, ::-1]).max() < 20 and np.abs(plain - flipped[:, ::-1]).mean() < 1


def test_gray_is_rec_601():
    image = np.full((100, 100, 3), (200, 100, 50), np.uint8)
    found = crop(image, _face([(30, 35), (70, 35), (50, 60), (50, 80)], 100, 100), SPEC)
    np.testing.assert_allclose(found, 0.299 * 200 + 0.587 * 100 + 0.114 * 50, atol=1e-4)


def test_edges_are_replicated_beyond_the_image():
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :50] = 200
    found = crop(image, _face([(-40, -65), (0, -65), (-20, -40), (-20, -20)], 100, 100), SPEC)
    np.testing.assert_allclose(found, 200, atol=1e-4)
    corner = crop(image, _face([(120, 135), (160, 135), (140, 160), (140, 180)], 100, 100), SPEC)
    np.testing.assert_allclose(corner, 0, atol=1e-4)


def test_arithmetic_matches_the_module_docstring():
    """The three steps of the docstring, pixel by pixel."""
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (150, 170, 3), np.uint8)
    face = _face([(60, 50), (121, 58), (88, 95), (80, 131)], 170, 150)
    a, b = similarity([(60, 50), (121, 58), (88, 95), (80, 131)], [(48 * x, 48 * y) for x, y in POINTS])
    block = max(1, math.floor(1 / abs(a) / 2 + 0.5))

    def reduced(i, j):
        return sum(float(np.dot(image[min(max(y, 0), 149), min(max(x, 0), 169)], (0.299, 0.587, 0.114)))
                   for y in range(block * j, block * (j + 1)) for x in range(block * i, block * (i + 1))) / block ** 2

    def sample(u, v):
        p = (complex(u, v) - b) / a / block - complex(0.5, 0.5)
        i, j = math.floor(p.real), math.floor(p.imag)
        s, t = p.real - i, p.imag - j
        return ((1 - t) * ((1 - s) * reduced(i, j) + s * reduced(i + 1, j))
                + t * ((1 - s) * reduced(i, j + 1) + s * reduced(i + 1, j + 1)))
    found = crop(image, face, SPEC)
    for u, v in [(0, 0), (47, 0), (0, 47), (47, 47), (20, 31), (24, 24)]:
        expected = sum(sample(u + du, v + dv) for du in (0.25, 0.75) for dv in (0.25, 0.75)) / 4
        assert found[v, u] == pytest.approx(expected, abs=1e-4)
    assert block == 1 or block == 2


def test_coinciding_landmarks_raise_value_error():
    with pytest.raises(ValueError, match="coincide"):
        crop(np.zeros((9, 9, 3), np.uint8), _face([(4, 4)] * 4, 9, 9), SPEC)


@pytest.mark.parametrize("points", [
    [(70, 80), (30, 80), (50, 55), (50, 35.000001)],        # rotated by 180 degrees: still a face
    [(1e7, 0), (-1e7, 0), (0, 1e7), (0, 2e7)],
    [(0, 0), (1e9, 1e9), (2, 5), (-1e8, 7)],
    [(math.nan, 0), (1, 0), (0, 1), (0, 2)],
    [(30, 80), (70, 80), (50, 55), (50, 35)],               # mirrored: the similarity is almost zero
])
def test_implausible_landmarks_give_a_crop_or_a_value_error(points):
    face = _face(points, 100, 100)
    try:
        assert crop(np.zeros((100, 100, 3), np.uint8), face, SPEC).shape == (48, 48)
    except ValueError as error:
        assert "face" in str(error)


def test_crop_spec_from_card():
    card = {"input": {"size": 48}, "crop": {"points": {name: list(point) for name, point in
                                                        reversed(list(zip(LANDMARKS, POINTS, strict=True)))}}}
    assert CropSpec.from_card(card) == SPEC
