import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from webapp.vision.batching import Batcher, Busy


def test_each_caller_gets_its_own_rows():
    sizes = []

    def double(rows):
        sizes.append(len(rows))
        time.sleep(0.002)
        return rows * 2
    batcher = Batcher(double)

    def ask(number):
        rows = np.arange(1 + number % 4) + 1000.0 * number
        answers, times = batcher.submit(rows)
        assert times["wait"] >= 0 and times["network"] > 0
        return np.array_equal(answers, rows * 2)
    with ThreadPoolExecutor(24) as threads:
        assert all(threads.map(ask, range(400)))
    assert sum(sizes) == sum(1 + number % 4 for number in range(400))
    assert max(sizes) <= 32 and len(sizes) < 400, "requests that wait share a run"


def test_a_batch_never_passes_its_limit():
    sizes = []
    batcher = Batcher(lambda rows: sizes.append(len(rows)) or rows, max_batch=4)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: batcher.submit(np.zeros(3)), range(50)))
    assert set(sizes) == {3}
    assert len(batcher.submit(np.zeros(9))[0]) == 9     # one caller's rows stay together


def test_an_error_reaches_its_caller_and_the_thread_lives_on():
    def picky(rows):
        if (rows < 0).any():
            raise ZeroDivisionError("negative")
        return rows
    batcher = Batcher(picky)
    with pytest.raises(ZeroDivisionError, match="negative"):
        batcher.submit(np.array([-1.0]))
    assert batcher.submit(np.array([1.0]))[0].tolist() == [1.0]


def test_a_full_queue_says_so():
    started, release = threading.Event(), threading.Event()

    def slow(rows):
        started.set()
        assert release.wait(30)
        return rows
    batcher = Batcher(slow, max_waiting=2)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(batcher.submit, np.zeros(1))]
        assert started.wait(30)
        asked += [threads.submit(batcher.submit, np.zeros(1)) for _ in range(2)]
        until = time.monotonic() + 30
        while batcher._waiting.qsize() < 2 and time.monotonic() < until:
            time.sleep(0.001)
        with pytest.raises(Busy, match="try again"):
            batcher.submit(np.zeros(1))
        release.set()
        assert all(len(one.result()[0]) == 1 for one in asked)
