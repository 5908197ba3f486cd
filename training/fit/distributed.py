"""One run on several processes: the GPUs of one machine, one a process, or several machines.

By TensorFlow's MultiWorkerMirroredStrategy: each worker takes its part of every batch, the gradients
are averaged over the workers, and all take the same step; batch normalisation takes its statistics
from a worker's own part. Who is there is said by the environment variable TF_CONFIG, as TensorFlow
documents it; `launch` sets it for processes of this machine.
"""

import json
import os
import socket
import subprocess
import sys

from ..errors import TrainingError

#: Arguments of `fit` that only the launching process needs.
LAUNCHER = "--processes"


class Workers:
    """The processes of a run, of which this is one. Raises TrainingError for a TF_CONFIG that is wrong."""

    def __init__(self, config):
        """config: the text of TF_CONFIG."""
        try:
            values = json.loads(config)
            self.count, self.index = len(values["cluster"]["worker"]), int(values["task"]["index"])
        except (ValueError, KeyError, TypeError):
            raise TrainingError("TF_CONFIG: {\"cluster\": {\"worker\": [\"host:port\", …]}, \"task\": {\"type\": "
                                "\"worker\", \"index\": n}} is meant") from None
        import keras
        if keras.backend.backend() != "tensorflow":
            raise TrainingError(f"several processes need Keras on TensorFlow; it is on {keras.backend.backend()}")
        import tensorflow as tf
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    @property
    def chief(self):
        """Whether this process is the one that speaks and writes."""
        return self.index == 0

    def part(self, values):
        """This worker's rows of `values`, an array of a whole batch or a dict of such."""
        if isinstance(values, dict):
            return {name: self.part(value) for name, value in values.items()}
        size = len(values) // self.count
        return values[self.index * size:(self.index + 1) * size]

    def stepper(self, model):
        """A function of (pictures, targets, weights), this worker's part: one step of all; the mean loss of it."""
        import tensorflow as tf

        @tf.function
        def step(*part):
            # train_on_batch cannot average a number over workers (keras 3.15); the train_step in it can be run there
            logs = self.strategy.run(model.train_step, args=(part,))
            return self.strategy.reduce("MEAN", logs["loss"], axis=None)

        def one(images, targets, weights):
            model.reset_metrics()
            return float(step(*(tf.nest.map_structure(tf.convert_to_tensor, each)
                                for each in (images, targets, weights))))
        return one


def workers():
    """The Workers that TF_CONFIG names; None where it is not set or names one worker."""
    config = os.environ.get("TF_CONFIG")
    if not config:
        return None
    found = Workers(config)
    return found if found.count > 1 else None


def launch(processes, arguments):
    """Run `python -m training ARGUMENTS` in so many processes of this machine; the chief's exit status.

    With GPUs each process sees one. All are ended when one fails.
    """
    arguments = _without_launcher(arguments)
    addresses = [f"localhost:{port}" for port in _free_ports(processes)]
    running = [subprocess.Popen([sys.executable, "-m", "training", *arguments], env=_environment(addresses, index))
               for index in range(processes)]
    try:
        left = list(running)
        while left:
            for each in list(left):
                try:
                    status = each.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
                left.remove(each)
                if status:
                    return status
        return 0
    finally:
        for each in running:
            if each.poll() is None:
                each.terminate()
                each.wait()


def _environment(addresses, index):
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    environment = os.environ | {"TF_CONFIG": json.dumps(config)}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = [str(number) for number in range(len(addresses))] if visible is None else visible.split(",")
    environment["CUDA_VISIBLE_DEVICES"] = gpus[index] if index < len(gpus) else ""
    return environment


def _without_launcher(arguments):
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument.partition("=")[0] != LAUNCHER:
            kept.append(argument)
        skip = argument == LAUNCHER
    return kept


def _free_ports(count):
    held = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
