"""Distributed training: several processes reach the losses and weights of one process."""

import os
import subprocess
import sys

import numpy as np
import pytest

from training.data.fer2013 import SPLITS
from training.errors import TrainingError
from training.fit.distributed import Workers, _environment, _without_launch_option, find_workers


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path):
    rng = np.random.default_rng(0)
    with open(tmp_path / "faces.csv", "w") as file:
        file.write("emotion,pixels,Usage\n")
        for number in range(90):
            pixels = " ".join(map(str, rng.integers(0, 256, 48 * 48)))
            file.write(f"{number % 7},{pixels},{SPLITS[int(number >= 80)]}\n")
    runs = {}
    for processes in ("1", "2"):
        command = [sys.executable, "-m", "training", "fit", "valero-preparation", "--data", tmp_path / "faces.csv",
                   "--any-md5", "--set", "batch_size=16", "--set", "epochs=2", "--processes", processes,
                   "--out", tmp_path / processes]
        environment = os.environ | {"EMOSCOPE_INSTANCE": str(tmp_path / "instance")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.count("epoch 2 step 10") == 1
        with np.load(tmp_path / processes / "checkpoint.npz") as state:
            runs[processes] = dict(state)
    assert runs["1"]["step"] == runs["2"]["step"] == 10
    for name, weights in runs["1"].items():
        if name.startswith("weights_"):
            assert np.allclose(weights, runs["2"][name], atol=1e-4)
    losses = [[float(line.split(",")[4]) for line in (tmp_path / each / "curve.csv").read_text().splitlines()[1:]]
              for each in ("1", "2")]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)


def test_there_are_no_workers_without_tf_config(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert find_workers() is None


@pytest.mark.parametrize("config", ["", "{}", "[]", '{"cluster": {"worker": ["a:1"]}}'])
def test_invalid_tf_config_raises_training_error(config):
    with pytest.raises(TrainingError, match="TF_CONFIG"):
        Workers(config)


def test_each_process_sees_one_visible_gpu(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [_environment(["a:1", "b:2"], index)["CUDA_VISIBLE_DEVICES"] for index in (0, 1)] == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,3")
    assert [_environment(["a:1", "b:2"], index)["CUDA_VISIBLE_DEVICES"] for index in (0, 1)] == ["5", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert _environment(["a:1", "b:2"], 1)["CUDA_VISIBLE_DEVICES"] == ""


def test_launch_option_is_removed_from_the_arguments():
    assert _without_launch_option(["fit", "x", "--processes", "2", "--data", "d"]) == ["fit", "x", "--data", "d"]
    assert _without_launch_option(["fit", "x", "--processes=2", "--smoke"]) == ["fit", "x", "--smoke"]
