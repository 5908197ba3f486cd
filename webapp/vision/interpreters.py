"""LiteRT interpreters of one network, which many threads share."""

import os
import queue


class InterpreterPool:
    """One interpreter per core, created when it is first needed, each used by one thread at a time."""

    def __init__(self, threads: int, **model):
        """threads: per run. model: what LiteRT's Interpreter takes, `model_path` or `model_content`."""
        self._threads, self._model = threads, model
        self._idle: queue.LifoQueue = queue.LifoQueue()     # the one used last has its memory in the cache
        for _ in range(os.cpu_count() or 1):
            self._idle.put(None)

    def run(self, values):
        """The outputs of the network, a list of arrays, for its only input."""
        own = self._idle.get()
        try:
            own = own or self._create()
            interpreter, given, outputs = own
            interpreter.set_tensor(given, values)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in outputs]
        finally:
            self._idle.put(own)

    def warm_up(self):
        """Create an interpreter."""
        own = self._idle.get()
        self._idle.put(own or self._create())

    def _create(self):
        """(interpreter, index of the input, indices of the outputs)."""
        from ai_edge_litert.interpreter import Interpreter
        interpreter = Interpreter(num_threads=self._threads, **self._model)
        interpreter.allocate_tensors()
        (given,), outputs = interpreter.get_input_details(), interpreter.get_output_details()
        return interpreter, given["index"], [output["index"] for output in outputs]
