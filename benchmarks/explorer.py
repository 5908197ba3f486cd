"""Query times of the data explorer at 35,887, 400,000 and 5,000,000 rows, and the frame rate of its map.

    python -m benchmarks.explorer [--rows 35887 400000 5000000] [--repeat 15] [--map]

The larger sets repeat the committed bundle's rows with noise, in a temporary folder. Each run of a query uses
different filters, as a visitor would. CPU ms is the median CPU time of all threads, which does not depend on
other load. The map is drawn in headless Chromium; without a GPU, that is a software renderer.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "static" / "datasets" / "fer2013"


def enlarge(folder, rows, seed=0):
    """Write a bundle of `rows` rows to `folder` that repeats the committed one with noise."""
    import pyarrow as pa
    from pyarrow import parquet

    from training.data.bundle import ROW_GROUP, packing

    source = parquet.read_table(SOURCE / "samples.parquet")
    size, rng = source.num_rows, np.random.default_rng(seed)
    folder.mkdir(parents=True)
    writer, done = None, 0
    while done < rows:
        copy = source.slice(0, min(size, rows - done))
        for name in ("brightness", "contrast", "sharpness", "entropy", "label_quality", "x", "y",
                     *(column for column in source.column_names if column.endswith(".confidence"))):
            index = copy.column_names.index(name)
            values = copy.column(name).to_numpy(zero_copy_only=False).astype(np.float32)
            noisy = np.round(values * (1 + rng.normal(0, 0.02, len(values))), 4).astype(np.float32)
            copy = copy.set_column(index, name, pa.array(noisy, pa.float32(), mask=np.isnan(noisy)))
        numbers = np.arange(done, done + copy.num_rows, dtype=np.uint32)
        copy = copy.set_column(copy.column_names.index("row"), "row", pa.array(numbers))
        writer = writer or parquet.ParquetWriter(folder / "samples.parquet", copy.schema, **packing(rows))
        writer.write_table(copy, row_group_size=ROW_GROUP)
        done += copy.num_rows
    writer.close()
    summary = json.loads((SOURCE / "summary.json").read_text()) | {"rows": rows, "name": folder.name}
    (folder / "summary.json").write_text(json.dumps(summary))


def queries(dataset, parse):
    """{name: function of a random generator that runs the query once}."""
    summary = dataset.summary
    model = summary["models"][0]["name"] if summary["models"] else None

    def filters(rng):
        chosen = [("label", str(rng.choice(summary["labels"])))]
        if rng.random() < 0.5:
            chosen.append(("split", str(rng.choice(summary["splits"]))))
        low = rng.uniform(20, 120)
        chosen.append(("brightness", f"{low:.2f}..{low + 80:.2f}"))
        if model and rng.random() < 0.5:
            chosen.append(("right", str(rng.choice(["yes", "no"]))))
        return chosen

    sorts = ["row", "-entropy", "label_quality", "-brightness", "confidence"]

    def view(rng, *more):
        return parse([*filters(rng), *more], summary)

    def page(rng, number=1):
        return dataset.page(view(rng, ("sort", str(rng.choice(sorts))), ("page", str(number))))

    def deep(rng):
        chosen = filters(rng)
        pages = max(1, dataset.count(parse(chosen, summary)) // 60)
        return dataset.page(parse([*chosen, ("sort", "row"), ("page", str(rng.integers(1, pages + 1)))], summary))

    def lasso(rng):
        x, y = rng.uniform(-0.6, 0.6, 2)
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        corners = ";".join(f"{x + 0.2 * np.cos(a):.3f},{y + 0.2 * np.sin(a):.3f}" for a in angles)
        return dataset.page(parse([("lasso", corners)], summary))

    return {
        "filter + first page": page, "filter + any page, by row": deep, "area of the map + first page": lasso,
        "one sample": lambda rng: dataset.sample(int(rng.integers(summary["rows"])), parse([], summary)),
        "rows before and after": lambda rng: dataset.adjacent_rows(view(rng, ("sort", "-entropy")),
                                                            int(rng.integers(summary["rows"]))),
        "counts for the filters": lambda rng: dataset.facets(view(rng)),
        "overview": lambda rng: dataset.overview(view(rng)),
        "evaluate a model": lambda rng: dataset.evaluate(parse([("split", "PrivateTest")], summary), model),
        "points of the map": lambda rng: dataset.points(parse([], summary)),
    }


def measure(folder, repeat):
    """Run every query on the bundle in `folder`: ({query: [ms]}, {query: [CPU ms]}, peak memory in MB)."""
    from webapp.explorer.queries import DataSet, parse

    started = time.perf_counter()
    dataset = DataSet(folder)
    times, work = {"open": [1000 * (time.perf_counter() - started)]}, {}
    rng = np.random.default_rng(1)
    for name, run in queries(dataset, parse).items():
        run(rng)
        times[name], work[name] = [], []
        for _ in range(repeat if name not in ("points of the map",) else 3):
            started, worked = time.perf_counter(), time.process_time()
            run(rng)
            times[name].append(1000 * (time.perf_counter() - started))
            work[name].append(1000 * (time.process_time() - worked))
    return times, work, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def draw_map(folder, seconds=6):
    """Frame rate of the map of the bundle in `folder`.

    Counts drawings of all points, as reported by the drawing library, and displayed frames while the map is dragged,
    from the browser's trace. If drawing is slow, the page draws fewer points while the map moves
    (static/js/explorer/map-interaction.js); their number is returned, too.
    """
    from threading import Thread

    from playwright.sync_api import sync_playwright
    from werkzeug.serving import make_server

    from webapp import create_app

    app = create_app({"datasets": str(folder.parent)})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        import shutil
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{server.port}/data/{folder.name}/map")
        page.wait_for_selector("[data-ready]", timeout=120_000)
        renderer = page.evaluate("""() => {
            const gl = document.createElement('canvas').getContext('webgl');
            return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info').UNMASKED_RENDERER_WEBGL);}""")
        stamps = page.evaluate("""async (seconds) => {
            const stamps = [performance.now()];
            while (stamps.at(-1) - stamps[0] < 1000 * seconds) {
                await new Promise((drawn) => { emoscopeMap.subscribe('draw', drawn, 1); emoscopeMap.redraw(); });
                stamps.push(performance.now());
            }
            return stamps;}""", seconds)
        box = page.locator("#map").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + 100
        page.mouse.move(x, y)
        page.mouse.down()

        def drag():
            end, step = time.monotonic() + seconds, 0
            while time.monotonic() < end:
                step += 1
                page.mouse.move(x + 60 * np.sin(step / 10), y + 60 * np.cos(step / 10))

        drag()    # lets the page measure its speed
        browser.start_tracing(page=page, categories=["-*", "disabled-by-default-devtools.timeline.frame",
                                                     "devtools.timeline.frame"])
        drag()
        moving = page.evaluate("""() => emoscopeMap.get('isPointsFiltered') ? emoscopeMap.get('filteredPoints').length
            : Number(document.querySelector('#map').dataset.ready)""")
        page.mouse.up()
        trace = json.loads(browser.stop_tracing())["traceEvents"]
        shown = [event["ts"] / 1000 for event in trace if event["name"] == "DrawFrame"]
        count = page.get_attribute("#map", "data-ready")
        browser.close()
    server.shutdown()
    return {"points": int(count), "drawings_per_second": _rate(stamps), "moving": moving,
            "frames_per_second": _rate(shown), "renderer": renderer}


def _rate(stamps):
    """Events per second; stamps: ms."""
    return round(1000 * (len(stamps) - 1) / (max(stamps) - min(stamps)), 1) if len(stamps) > 1 else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[35_887, 400_000, 5_000_000])
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--map", action="store_true", help="draw the map of the first set of at least 400,000 rows")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--draw", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(Path(options.measure), options.repeat)))
    elif options.draw:
        print(json.dumps(draw_map(Path(options.draw))))
    else:
        _compare(options)


def _compare(options):
    with tempfile.TemporaryDirectory() as temporary:
        drawn = False
        for rows in options.rows:
            folder = Path(temporary) / f"rows-{rows}"
            enlarge(folder, rows)
            size = (folder / "samples.parquet").stat().st_size / 1e6
            times, work, memory = _run_separately("--measure", folder, "--repeat", str(options.repeat))
            print(f"{rows:,} rows, {size:.0f} MB of Parquet, peak memory of the process {memory:.0f} MB")
            print(f"  {'query':28}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms':>10}")
            for name, values in times.items():
                shown = [*np.percentile(values, (50, 95)), np.median(work.get(name, [np.nan]))]
                print(f"  {name:28}" + "".join(f"{value:10.1f}" for value in shown), flush=True)
            if options.map and not drawn and rows >= 400_000:
                drawn = True
                found = _run_separately("--draw", folder)
                print(f"  map of {found['points']:,} points: {found['drawings_per_second']} drawings/s of all; while "
                      f"dragged, {found['moving']:,} points: {found['frames_per_second']} frames/s in the "
                      f"browser's trace ({found['renderer']})")
            (folder / "samples.parquet").unlink()


def _run_separately(*arguments):
    """Run one part in its own process, to measure its memory separately."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.explorer", *map(str, arguments)], cwd=ROOT, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
