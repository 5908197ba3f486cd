"""`python -m webapp read FOLDER` with one process and with one per core: photos/s, and whether the tables are equal.

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
    print("the tables are", "equal" if measured["equal"] else "NOT equal")


def measure(photos):
    """{"rates": {processes: photos/s}, "equal": whether the tables are the same}."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "photos").mkdir()
        original = make_photo(folder / "photos/0.jpg", 640, 480)
        for number in range(1, photos):
            os.link(original, folder / f"photos/{number}.jpg")
        rates, tables = {}, []
        for count in sorted({1, processes.available()}):
            out, started = folder / f"{count}.csv", time.perf_counter()
            subprocess.run([sys.executable, "-m", "webapp", "read", str(folder / "photos"), "--out", str(out),
                            "--processes", str(count)], cwd=ROOT, check=True, capture_output=True)
            rates[count] = photos / (time.perf_counter() - started)
            tables.append(out.read_bytes())
        return {"rates": rates, "equal": len(set(tables)) == 1}


if __name__ == "__main__":
    main()
