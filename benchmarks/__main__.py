"""The speed of everything, in one run, beside other programs: prints one Markdown table.

    python -m benchmarks [--full] [--fer PYTHON] [--deepface PYTHON] [--faces FOLDER] [--write]

--full measures longer. --fer, --deepface: the Python interpreter of an environment with that package (peers.py).
--faces: a folder of images, each of which one face fills, to count how many are found. --write also saves the table to
docs/benchmarks.md, above the first section there. The limit of a photo is the processor time of the parts nothing can
be read without: decoding and the networks that have run. The share is the limit divided by all processor time. The
limit of a folder is what as many separate commands give at once, each with one process. The processor time of the live
socket is the server's, per frame.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import detector, folders, photos, startup

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("fer", "deepface")
AIMS = {"640 x 480": 12, "12 megapixels": 50, "48 megapixels": 50}      # ms per photo
HEAD = ("", "aim", "reached", "processor ms", "limit, processor ms", "share of the limit", *PEERS)


def main():
    options = arguments()
    load = os.getloadavg()[0]
    rows = [*photo_rows(options), *folder_rows(options), *startup_rows(options), *live_rows(options)]
    if options.faces:
        rows.append(recall_row(options.faces))
    about = (f"`{command(options)}`: {os.cpu_count()} CPU cores ({platform.machine()}), "
             f"Python {platform.python_version()}, load before {load:.1f}. On a busy machine compare processor times "
             "and ratios. The peers' cells are their milliseconds per photo, and by how much Emoscope is faster in "
             "processor time.")
    report = "\n".join(["# Speed", "", about, "", table(rows), ""])
    print(report)
    if options.write:
        page = ROOT / "docs" / "benchmarks.md"
        _, heading, explanation = page.read_text().partition("\n## ")
        page.write_text(report + heading + explanation)


def command(options):
    given = [f"--{name}" for name in ("full",) if getattr(options, name)]
    given += [f"--{name} {value}" for name, value in (*((peer, "PYTHON") for peer in PEERS), ("faces", "FOLDER"))
              if getattr(options, name)]
    return " ".join(["python -m benchmarks", *given])


def photo_rows(options):
    runs = 30 if options.full else 10
    with tempfile.TemporaryDirectory() as folder:
        files = {name: photos.make_photo(Path(folder) / f"{name}.jpg", *size) for name, size in photos.SIZES.items()}
        measured = photos.measure(files, runs)
        peers = {peer: photos.measure_peer(peer, getattr(options, peer), files, max(2, runs // 5))
                 for peer in PEERS if getattr(options, peer)}
    for name, one in measured.items():
        limit = one["limit_cpu_ms"]
        yield (f"a photo of {name}", f"{AIMS[name]} ms", f"{one['ms']:.1f} ms", f"{one['cpu_ms']:.1f}", f"{limit:.1f}",
               f"{limit / one['cpu_ms']:.0%}", *(peer_cell(peers.get(peer, {}).get(name), one) for peer in PEERS))


def peer_cell(peer, own):
    if peer is None:
        return "not run"
    faces = f", {peer['faces']} faces" if peer["faces"] != own["faces"] else ""
    return f"{peer['ms']:.0f}: {peer['cpu_ms'] / own['cpu_ms']:.1f} ×{faces}"


def folder_rows(options):
    measured = folders.measure(800 if options.full else 300)
    rates = measured["rates"]
    most = max(rates)
    yield ("`read FOLDER`, photos/s: " + ", ".join(f"{count} process{'es' * (count > 1)}" for count in rates),
           "1.8 × with two", ", ".join(f"{rate:.1f}" for rate in rates.values())
           + f": {rates[most] / rates[1]:.2f} ×, tables {'equal' if measured['equal'] else 'not equal'}",
           "", f"{measured['limit'] / rates[1]:.2f} ×", f"{rates[most] / measured['limit']:.0%}")


def startup_rows(options):
    runs = [startup.measure() for _ in range(3 if options.full else 1)]
    best = min(runs, key=lambda one: one["ready"])
    yield "start-up: first answer", "2 s", f"{best['answers']:.1f} s", f"{1000 * best['processor']:.0f}"
    yield "start-up: ready", "5 s", f"{best['ready']:.1f} s", f"{1000 * best['processor']:.0f}"
    yield "memory of all processes (PSS)", "250 MB", f"{best['pss']:.0f} MB"


def live_rows(options):
    """The rows of the report of benchmarks/live.py."""
    done = subprocess.run([sys.executable, "benchmarks/live.py", "--seconds", "10" if options.full else "3"], cwd=ROOT,
                          check=True, stdout=subprocess.PIPE, text=True)
    tables = [[cell.strip() for cell in line.strip("| ").split("|")] for line in done.stdout.splitlines()
              if line.startswith("| ")]
    head, *rows = tables
    rate, delay, processor = (next(i for i, name in enumerate(head) if word in name)
                              for word in ("rames/s", "p95", "Processor"))
    for row in rows:
        kind = " ".join(row[1:rate])
        yield (f"live: {row[0]} client{'s' * (row[0] != '1')}{', ' * bool(kind)}{kind}", "",
               f"{row[rate]} frames/s, p95 {row[delay]} ms", row[processor])


def recall_row(folder):
    columns = [detector.load(ROOT, "photo")]
    images = list(detector.images(folder))
    return f"faces of {len(images)} found / more than one, %", "", detector.found(images, columns)[0]


def table(rows):
    lines = [HEAD, ["---", *["--:"] * (len(HEAD) - 1)], *rows]
    return "\n".join(f"| {' | '.join([*line, *[''] * (len(HEAD) - len(line))])} |" for line in lines)


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    for peer in PEERS:
        parser.add_argument(f"--{peer}", metavar="PYTHON")
    parser.add_argument("--faces", metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
