"""The networks in batches, and how many live sessions they carry: python -m benchmarks.gpu [--engine keras]

Measures, on a GPU or on TensorFlow's CPU: inputs per second against the batch, memory, the processor time of a frame
outside the networks, and the largest number of live sessions, each with 10 frames per second, whose 95th percentile is
at most 150 ms. Sessions are threads that call the reader, without a socket, and follow faces as the live page does.
Computes from the networks' graphs what a frame costs on a card. Prints Markdown.
"""

import argparse
import math
import os
import platform
import resource
import statistics
import threading
import time

import numpy as np

from webapp import bundles, settings
from webapp.live.followed_faces import faces_of
from webapp.readers import Readers
from webapp.vision import engines, graph_model
from webapp.vision.batching import BATCH_SIZES
from webapp.vision.following import Following

from .live import HEIGHT, WIDTH, make_frames

FRAMES_PER_SECOND = 10
P95 = 150           # ms
LATE = 1000         # ms; a session that is this late stops the measurement
THRESHOLD = 0.4
KINDS = {"searched": 0.25, "followed": 0.75}    # share of the frames, at FRAMES_PER_SECOND
# H200 SXM: NVIDIA, "H200 Tensor Core GPU", data sheet: 4.8 TB/s, 67 TFLOPS of float32, PCIe Gen5 of 128 GB/s both ways.
BANDWIDTH, FLOPS, PCIE = 4.8e12, 67e12, 64e9
LAUNCH = 6e-6       # s per operator of a graph, an assumption: TensorFlow's executor and the launch of a kernel
FREE = ("Const", "Placeholder", "ReadVariableOp", "Identity", "NoOp", "Shape", "StridedSlice", "Reshape")
SHARE = 0.4         # of the card's peak, an assumption


def main():
    options = arguments()
    readers = load(options)
    tf = engines.import_tensorflow() if readers.engine == "keras" else None
    gpus = tf.config.list_physical_devices("GPU") if tf else []
    device = tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "CPU"
    print(f"Engine {readers.engine} on {device}; {os.cpu_count()} CPU cores ({platform.machine()}), load before "
          f"{os.getloadavg()[0]:.1f}; {options.model}; frames of 640 x 480.\n")
    reader = readers.get()
    frame = make_frames(1)[0]
    inputs = {kind: record(reader, frame, kind == "followed") for kind in KINDS}
    if tf:
        print(batches(reader, inputs, options.seconds))
        print(arithmetic(tf, options, inputs))
    host = {kind: processor_milliseconds(reader, frame, kind == "followed", inputs[kind]) for kind in KINDS}
    print(table([["processor ms per frame", *KINDS], ["---", "--:", "--:"],
                 ["in all", *(f"{total:.1f}" for total, _ in host.values())],
                 ["without the networks", *(f"{total - networks:.1f}" for total, networks in host.values())]]))
    print(f"Sessions with p95 <= {P95} ms: {sessions(reader, frame, options.seconds)}; "
          f"with networks that cost nothing: {sessions(replayed(reader, inputs), frame, options.seconds)}.\n")
    print(memory(tf, gpus))


def load(options):
    given = settings.load({"engine": options.engine, "model": options.model}, environ={})
    return Readers(given, bundles.find(given.path("models")))


def record(reader, frame, follows):
    """{network: inputs} of the networks that a frame needs: ("detector", size) and "expressions"."""
    inputs = {}
    faces = faces_of(reader.read(frame, threshold=THRESHOLD)["faces"])
    networks = reader.detector._networks
    originals = {size: network.run for size, network in networks.items()}

    def recorder(size):
        def run(pixels):
            inputs.setdefault(("detector", size), []).append(pixels)
            return originals[size](pixels)
        return run

    for size, network in networks.items():
        network.run = recorder(size)
    read(reader, frame, faces if follows else [])
    for size, network in networks.items():
        network.run = originals[size]
    side = reader.classifier.crop.size
    return inputs | {"expressions": [np.zeros((len(faces), side, side), np.float32)]}


def read(reader, frame, faces):
    """The reading of a frame, in which `faces` are followed if there are any."""
    return reader.read(frame, threshold=THRESHOLD, **({"follow": faces} if faces else {}))


def batches(reader, inputs, seconds):
    """A table of inputs per second: a row per network, a column per batch."""
    rows = [["inputs/s", *BATCH_SIZES], ["---"] + ["--:"] * len(BATCH_SIZES)]
    for key in merged(inputs):
        run = reader.classifier._network if key == "expressions" else reader.detector._networks[key[1]].guard
        one = example(inputs, key)
        one = one[..., None] if key == "expressions" else one
        rows.append([name(key), *(f"{rate(run, np.repeat(one, batch, axis=0), seconds / 2):,.0f}"
                                  for batch in BATCH_SIZES)])
    return table(rows)


def merged(inputs):
    """The networks, those of the detector by size."""
    return sorted({key for each in inputs.values() for key in each}, key=lambda key: (len(key) > 2, key))


def example(inputs, key):
    return next(each[key][0] for each in inputs.values() if key in each)


def rate(run, rows, seconds):
    """Inputs per second, from the median run."""
    run(rows)
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 3:
        started = time.perf_counter()
        run(rows)
        taken.append(time.perf_counter() - started)
    return len(rows) / statistics.median(taken)


def arithmetic(tf, options, inputs):
    """A table, computed: what a frame costs on a card, by its graphs' operators, each of which runs by itself."""
    rows = [["computed", *KINDS, "million multiply-adds", "MB moved in memory", "operators", "kB to the card",
             "kB back", "µs per input in batches of 8", "of 32"], ["---"] + ["--:"] * 9]
    totals = {kind: np.zeros(5) for kind in KINDS}
    for key in merged(inputs):
        graph, shape = graph_of(tf, options, key, example(inputs, key).shape[1:])
        adds, moved, operators = cost(tf, graph)
        sent, back = 4 * math.prod(shape), 4 * sum(math.prod(output.shape[1:]) for output in graph.outputs)
        taken = [seconds(adds, moved, operators, batch) for batch in (8, 32)]
        counts = {kind: len(inputs[kind].get(key, ())) for kind in KINDS}
        rows.append([name(key), *counts.values(), f"{adds / 1e6:.1f}", f"{moved / 1e6:.1f}", operators,
                     f"{sent / 1e3:.0f}", f"{back / 1e3:.0f}", *(f"{1e6 * each:.0f}" for each in taken)])
        for kind, count in counts.items():
            totals[kind] += count * np.array([adds, moved, sent + back, *taken])
    totals["both, as at 10 frames/s"] = sum(share * totals[kind] for kind, share in KINDS.items())
    frames = [["computed, per frame", "million multiply-adds", "MB moved in memory", "MB over PCIe",
               "frames/s in batches of 8", "of 32", "over PCIe"], ["---"] + ["--:"] * 6]
    for kind, (adds, moved, transferred, of_8, of_32) in totals.items():
        frames.append([kind, f"{adds / 1e6:.0f}", f"{moved / 1e6:.0f}", f"{transferred / 1e6:.2f}", f"{1 / of_8:,.0f}",
                       f"{1 / of_32:,.0f}", f"{PCIE * SHARE / transferred:,.0f}"])
    return (f"Computed for {BANDWIDTH / 1e12:g} TB/s, {FLOPS / 1e12:g} TFLOPS and PCIe of {PCIE / 1e9:g} GB/s, of each "
            f"of which {SHARE:.0%} are reached, and {1e6 * LAUNCH:g} µs per operator of a batch:\n\n"
            f"{table(rows)}\n{table(frames)}")


def graph_of(tf, options, key, shape):
    """(graph of a network for one input, its shape)."""
    if key == "expressions":
        import keras
        network = keras.models.load_model(settings.ROOT / "static/models" / options.model / "model.keras")
        shape = (*shape, 1)
    else:
        network = graph_model.load(settings.ROOT / "static/detector/tfjs")
    function = tf.function(network, autograph=False, input_signature=[tf.TensorSpec((1, *shape), tf.float32)])
    return function.get_concrete_function().graph, shape


def cost(tf, graph):
    """(multiply-adds, bytes read and written, operators) of a graph with fixed shapes."""
    profile = tf.compat.v1.profiler
    options = profile.ProfileOptionBuilder(profile.ProfileOptionBuilder.float_operation()).with_empty_output().build()
    operations = [one for one in graph.get_operations() if one.type not in FREE]
    tensors = [tensor for one in operations for tensor in (*one.inputs, *one.outputs)]
    moved = sum(4 * math.prod(tensor.shape) for tensor in tensors
                if tensor.dtype == tf.float32 and tensor.shape.is_fully_defined())
    return profile.profile(graph, options=options).total_float_ops / 2, moved, len(operations)


def seconds(adds, moved, operators, batch):
    """Per input."""
    return operators * LAUNCH / batch + max(moved / BANDWIDTH, 2 * adds / FLOPS) / SHARE


def replayed(reader, inputs):
    """The reader with networks that return what they returned before."""
    for network in reader.detector._networks.values():
        network.run = replaying(network.run)
    outputs, times = reader._batcher.submit(example(inputs, "expressions"))
    reader._batcher.submit = lambda crops: (outputs, times)
    return reader


def replaying(run):
    """`run`, which runs once for each input."""
    outputs = {}

    def run_once(pixels):
        key = sample(pixels)
        if key not in outputs:
            outputs[key] = run(pixels)
        return outputs[key]

    return run_once


def sample(pixels):
    """What distinguishes an input from the others of the same frame."""
    return pixels[0, ::8, ::8].tobytes()


def processor_milliseconds(reader, frame, follows, inputs, runs=50):
    """Median processor time in ms of (a frame, its networks by themselves), measured in turns."""
    faces = faces_of(reader.read(frame, threshold=THRESHOLD)["faces"]) if follows else []

    def networks():
        for key, recorded in inputs.items():
            for each in recorded:
                if key == "expressions":
                    reader._batcher.submit(each)
                else:
                    reader.detector._networks[key[1]].run(each)

    taken = [[], []]
    for _ in range(runs):
        for function, times in zip((lambda: read(reader, frame, faces), networks), taken, strict=True):
            started = time.process_time()
            function()
            times.append(1000 * (time.process_time() - started))
    return [statistics.median(times) for times in taken]


def sessions(reader, frame, seconds):
    """The largest number of sessions whose 95th percentile is at most P95: doubled, then by bisection."""
    carried, refused = 0, 1
    while quantile(reader, frame, refused, seconds) <= P95 and refused < 4096:
        carried, refused = refused, 2 * refused
    while refused - carried > max(1, carried // 16):
        middle = (carried + refused) // 2
        if quantile(reader, frame, middle, seconds) <= P95:
            carried = middle
        else:
            refused = middle
    return carried


def quantile(reader, frame, count, seconds):
    """The 95th percentile in ms of the delay after the time at which a frame is due."""
    delays, begin = [], time.perf_counter() + 0.2

    def work(number):
        due, state = begin + number / count / FRAMES_PER_SECOND, Following(1)
        while due < begin + seconds:
            time.sleep(max(0, due - time.perf_counter()))
            reading = read(reader, frame, faces_of(state.next((WIDTH, HEIGHT), 1000 * due)))
            state.update(reading["faces"], [face["score"] for face in reading["faces"]], reading.get("followed", False))
            delays.append(1000 * (time.perf_counter() - due))
            if delays[-1] > LATE:
                return
            due += 1 / FRAMES_PER_SECOND

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return float(np.quantile(delays, 0.95))


def memory(tf, gpus):
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    card = [f"{tf.config.experimental.get_memory_info(f'GPU:{n}')['peak'] / 1e6:,.0f} MB at most on the GPU"
            for n in range(len(gpus))]
    return f"Memory: {', '.join([f'{resident:,.0f} MB resident at most', *card])}.\n"


def name(key):
    return "expression network" if key == "expressions" else "detector, {} x {} px".format(*key[1])


def table(rows):
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="keras", choices=engines.ENGINES, help="default: keras")
    parser.add_argument("--model", default="jury-live", help="model bundle (default: jury-live)")
    parser.add_argument("--seconds", type=float, default=2, help="duration of a measurement (default: 2)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
