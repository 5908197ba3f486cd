"""One costly image at a time, a bounded number waits, the rest are refused."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from webapp.vision import images, reading
from webapp.vision.batching import OverloadedError
from webapp.vision.decoding_queue import DecodingQueue
from webapp.vision.reading import AbandonedError, Reader


def test_one_holds_the_queue_others_wait_and_the_rest_are_refused():
    queue, release, finished = DecodingQueue(max_waiting=3), threading.Event(), threading.Semaphore(0)
    inside, counts = [], []

    def work(_):
        try:
            with queue:
                inside.append(1)
                counts.append(len(inside))
                release.wait(10)
                inside.pop()
            return "decoded"
        except OverloadedError:
            return "refused"
        finally:
            finished.release()

    with ThreadPoolExecutor(12) as pool:
        results = [pool.submit(work, number) for number in range(12)]
        for _ in range(8):          # all but the one inside and the three that wait
            assert finished.acquire(timeout=10)
        release.set()
        results = [result.result() for result in results]
    assert sorted(results) == ["decoded"] * 4 + ["refused"] * 8
    assert counts == [1] * 4


def test_queue_is_usable_after_an_error():
    queue = DecodingQueue(max_waiting=0)
    for _ in range(3):
        with pytest.raises(KeyError), queue:
            raise KeyError


class _Reader(Reader):
    def __init__(self):
        self.detected = 0

    def read_pixels(self, *_):
        self.detected += 1
        return {"milliseconds": {"wait": 0.0}}


@pytest.mark.parametrize("size, costly", [((64, 48), False), ((5000, 4000), True)])
def test_abandoned_image_is_not_searched_for_faces_and_not_decoded_if_costly(monkeypatch, size, costly):
    decoded, reader, to_rgb = [], _Reader(), images._to_rgb
    monkeypatch.setattr(images, "_to_rgb", lambda *arguments: decoded.append(1) or to_rgb(*arguments))
    with pytest.raises(AbandonedError):
        reader.read(_png(size), abandoned=lambda: True)
    assert (len(decoded), reader.detected) == (0 if costly else 1, 0)
    reader.read(_png(size))
    assert reader.detected == 1


def test_readers_share_one_queue(monkeypatch):
    monkeypatch.setattr(reading, "COSTLY_IMAGES", DecodingQueue(max_waiting=0))
    with reading.COSTLY_IMAGES, pytest.raises(OverloadedError):
        _Reader().read(_png((5000, 4000)))
    _Reader().read(_png((64, 48)))


def _png(size):
    file = io.BytesIO()
    Image.new("L", size).save(file, "PNG")
    return file.getvalue()
