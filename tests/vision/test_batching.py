import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from webapp.vision.batching import Batcher, OverloadedError


def test_each_caller_receives_the_outputs_for_its_own_rows():
    sizes = []

    def double(rows):
        sizes.append(len(rows))
        time.sleep(0.002)
        return rows * 2
    batcher = Batcher(double)

    def submit(number):
        rows = np.arange(1 + number % 4) + 1000.0 * number
        outputs, times = batcher.submit(rows)
        assert times["wait"] >= 0 and times["network"] > 0
        return np.array_equal(outputs, rows * 2)
    with ThreadPoolExecutor(24) as threads:
        assert all(threads.map(submit, range(400)))
    assert sum(sizes) == sum(1 + number % 4 for number in range(400))
    assert max(sizes) <= 32 and len(sizes) < 400, "waiting requests share a run"


def test_batch_size_stays_within_the_limit():
    sizes = []
    batcher = Batcher(lambda rows: sizes.append(len(rows)) or rows, max_batch=4)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: batcher.submit(np.zeros(3)), range(50)))
    assert set(sizes) == {3}
    assert len(batcher.submit(np.zeros(9))[0]) == 9     # the rows of one caller are never split


def test_error_is_raised_to_the_caller_and_the_thread_continues():
    def reject_negative(rows):
        if (rows < 0).any():
            raise ZeroDivisionError("negative")
        return rows
    batcher = Batcher(reject_negative)
    with pytest.raises(ZeroDivisionError, match="negative"):
        batcher.submit(np.array([-1.0]))
    assert batcher.submit(np.array([1.0]))[0].tolist() == [1.0]


def test_full_queue_raises_overloaded_error():
    started, release = threading.Event(), threading.Event()

    def slow(rows):
        started.set()
        assert release.wait(30)
        return rows
    batcher = Batcher(slow, max_waiting=2)
    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(batcher.submit, np.zeros(1))]
        assert started.wait(30)
        futures += [threads.submit(batcher.submit, np.zeros(1)) for _ in range(2)]
        deadline = time.monotonic() + 30
        while batcher._waiting.qsize() < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        with pytest.raises(OverloadedError, match="try again"):
            batcher.submit(np.zeros(1))
        release.set()
        assert all(len(one.result()[0]) == 1 for one in futures)


def test_closed_batcher_ends_its_thread_and_serves_what_waits_and_what_comes_late():
    started, release = threading.Event(), threading.Event()

    def slow(rows):
        started.set()
        assert release.wait(30)
        return rows + 1
    batcher = Batcher(slow)
    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(batcher.submit, np.zeros(1))]
        assert started.wait(10)
        futures += [threads.submit(batcher.submit, np.zeros(1)) for _ in range(2)]
        while batcher._waiting.qsize() < 2:
            time.sleep(0.001)
        batcher.close()
        release.set()
        assert [future.result(10)[0].tolist() for future in futures] == [[1.0]] * 3
    batcher._thread.join(10)
    assert not batcher._thread.is_alive()
    assert batcher.submit(np.zeros(2))[0].tolist() == [1.0, 1.0]
