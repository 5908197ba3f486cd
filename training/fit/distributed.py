"""One run on several processes: one per GPU of a machine, or on several machines.

Uses TensorFlow's MultiWorkerMirroredStrategy: each worker takes its shard of every batch, gradients are
averaged over the workers, and all take the same step. Batch normalization uses the statistics of a
worker's own shard. The environment variable TF_CONFIG names the workers, as TensorFlow documents it;
`launch` sets it for processes of this machine.
"""

import json
import os
import socket
import subprocess
import sys

from ..errors import TrainingError

#: Option of `fit` that only the launching process uses.
LAUNCH_OPTION = "--processes"


class Workers:
    """The processes of a run, of which this is one."""

    def __init__(self, config):
        """config: the text of TF_CONFIG. Raises TrainingError for an invalid one."""
        try:
            values = json.loads(config)
            self.count, self.index = len(values["cluster"]["worker"]), int(values["task"]["index"])
        except (ValueError, KeyError, TypeError):
            raise TrainingError('TF_CONFIG must be {"cluster": {"worker": ["host:port", …]}, "task": {"type": '
                                f'"worker", "index": n}}}}, got {config!r}') from None
        import keras
        if keras.backend.backend() != "tensorflow":
            raise TrainingError("several processes need the TensorFlow backend of Keras, got "
                                f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow")
        import tensorflow as tf
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    @property
    def is_chief(self):
        """Whether this is the process that reports progress and writes files."""
        return self.index == 0

    def shard(self, values):
        """This worker's rows of `values`, an array of a whole batch or a dict of such."""
        if isinstance(values, dict):
            return {name: self.shard(value) for name, value in values.items()}
        size = len(values) // self.count
        return values[self.index * size:(self.index + 1) * size]

    def step_function(self, model):
        """A function of (images, targets, sample weights), this worker's shard, that takes one step of all workers.

        It returns the mean loss over the workers, a float.
        """
        import tensorflow as tf

        @tf.function
        def distributed_step(*shard):
            # train_on_batch cannot average a number over workers (keras 3.15); train_step can run in the strategy
            logs = self.strategy.run(model.train_step, args=(shard,))
            return self.strategy.reduce("MEAN", logs["loss"], axis=None)

        def step(images, targets, weights):
            model.reset_metrics()
            return float(distributed_step(*(tf.nest.map_structure(tf.convert_to_tensor, each)
                                            for each in (images, targets, weights))))
        return step


def find_workers():
    """The Workers that TF_CONFIG names; None where it is not set or names one worker."""
    config = os.environ.get("TF_CONFIG")
    if not config:
        return None
    workers = Workers(config)
    return workers if workers.count > 1 else None


def launch(processes, arguments):
    """Run `python -m training ARGUMENTS` in `processes` processes of this machine; the first failing exit status.

    Each process sees one GPU, if there are any. When one process fails, the others are terminated.
    """
    arguments = _without_launch_option(arguments)
    addresses = [f"localhost:{port}" for port in _free_ports(processes)]
    started = [subprocess.Popen([sys.executable, "-m", "training", *arguments], env=_environment(addresses, index))
               for index in range(processes)]
    try:
        running = list(started)
        while running:
            for process in list(running):
                try:
                    status = process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
                running.remove(process)
                if status:
                    return status
        return 0
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _environment(addresses, index):
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    environment = os.environ | {"TF_CONFIG": json.dumps(config)}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = [str(number) for number in range(len(addresses))] if visible is None else visible.split(",")
    environment["CUDA_VISIBLE_DEVICES"] = gpus[index] if index < len(gpus) else ""
    return environment


def _without_launch_option(arguments):
    remaining, skip = [], False
    for argument in arguments:
        if not skip and argument.partition("=")[0] != LAUNCH_OPTION:
            remaining.append(argument)
        skip = argument == LAUNCH_OPTION
    return remaining


def _free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
