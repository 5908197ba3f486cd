"""Steps that the tests of the photo page share."""

import time

# Playwright cannot control the browser's save dialog; without it the page starts a download.
NO_PICKER = """delete window.showSaveFilePicker;
    window.print = () => { window.printed = true; }"""


def add_files(page, files, timeout=120_000):
    page.set_input_files("#pick-files", [str(file) for file in files])
    wait_until(page, "document.getElementById('progress-status').textContent.startsWith('Done')", timeout)


def wait_until(page, condition, timeout=30_000):
    """Wait until the JavaScript `condition` holds; the Content-Security-Policy of the page blocks wait_for_function."""
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def stored_counts(page):
    """{store: number of entries} of the page's IndexedDB."""
    return page.evaluate("""async () => {
        const open = indexedDB.open("emoscope-photos");
        const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const counts = {};
        for (const name of base.objectStoreNames) {
            const request = base.transaction(name).objectStore(name).count();
            counts[name] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        }
        base.close();
        return counts;
    }""")
