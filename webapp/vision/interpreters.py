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
        interpreter = self._idle.get()
        try:
            interpreter = interpreter or self._create()
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
            interpreter.invoke()
            return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]
        finally:
            self._idle.put(interpreter)

    def warm_up(self):
        """Create an interpreter."""
        interpreter = self._idle.get()
        self._idle.put(interpreter or self._create())

    def _create(self):
        from ai_edge_litert.interpreter import Interpreter
        interpreter = Interpreter(num_threads=self._threads, **self._model)
        interpreter.allocate_tensors()
        return interpreter
