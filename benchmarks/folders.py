"""`python -m webapp read FOLDER` with one process and with one per core: photos/s, and whether the tables are equal.

The limit is what the machine gives to as many separate commands at once, each with one process.

    python -m benchmarks.folders [--photos 300]

The photos have 640 x 480 px. The start of the processes is included, so the ratio grows with the number of photos.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.photos import make_photo
from webapp.photos import processes

ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=300, help="number of photos (default: 300)")
    measured = measure(parser.parse_args().photos)
    for count, rate in measured["rates"].items():
        print(f"{count} processes: {rate:.1f} photos/s")
    print(f"{max(measured['rates'])} separate commands: {measured['limit']:.1f} photos/s")
    print("the tables are", "equal" if measured["equal"] else "NOT equal")


def measure(photos):
    """{"rates": {processes: photos/s}, "limit": photos/s, "equal": whether the tables are the same}."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "photos").mkdir()
        original = make_photo(folder / "photos/0.jpg", 640, 480)
        for number in range(1, photos):
            os.link(original, folder / f"photos/{number}.jpg")
        rates, tables = {}, []
        for count in sorted({1, processes.available()}):
            out, started = folder / f"{count}.csv", time.perf_counter()
            finish(read(folder / "photos", out, count))
            rates[count] = photos / (time.perf_counter() - started)
            tables.append(out.read_bytes())
        count, started = max(rates), time.perf_counter()
        for each in [read(folder / "photos", folder / f"separate-{number}.csv", 1) for number in range(count)]:
            finish(each)
        limit = count * photos / (time.perf_counter() - started)
        return {"rates": rates, "limit": limit, "equal": len(set(tables)) == 1}


def read(photos, out, processes):
    """Start the command."""
    return subprocess.Popen([sys.executable, "-m", "webapp", "read", str(photos), "--out", str(out), "--processes",
                             str(processes)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def finish(process):
    """Wait for the command."""
    if process.wait():
        raise SystemExit(f"error: {' '.join(process.args)} failed with status {process.returncode}")


if __name__ == "__main__":
    main()
