"""Steps that tests of the photo page share."""

import time

# A browser's own dialogue for saving cannot be driven; without it the page hands over a download.
NO_PICKER = """delete window.showSaveFilePicker;
    window.confirm = () => true;
    window.print = () => { window.printed = true; }"""


def give(page, files, timeout=120_000):
    page.set_input_files("#pick-files", [str(file) for file in files])
    until(page, "document.getElementById('progress-words').textContent.startsWith('Done')", timeout)


def until(page, condition, timeout=30_000):
    """Wait until the JavaScript `condition` holds; the page's policy allows no wait_for_function."""
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def stored(page):
    """{store: number of entries} of the page's database."""
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
