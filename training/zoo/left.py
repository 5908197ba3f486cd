"""What the queue has left to train, stored for the tables in training/zoo/left.json."""

import json
from pathlib import Path

from ..backend import threads
from .published import rows_of

PATH = Path(__file__).parent / "left.json"
#: A row that takes more hours than this is one for a GPU.
LIMIT = 40


def store(jobs, label_set, device):
    """Store the hours of the `jobs`, a list of plan.Job, that are rows; others of the same data set are done.

    label_set: of the data set that the jobs train on. device: as of `backend.device`. A row whose speed is not known
    now keeps the hours that were stored for the same device.
    """
    left = stored()
    kept = {name: hours for name, hours in left["rows"].items()
            if name not in {row.recipe for row in rows_of(label_set)}}
    before = left["rows"] if left["device"] == device else {}
    now = {job.name: {"hours": round(job.seconds / 3600, 2), "measured": job.measured} if job.rate
           else before.get(job.name, {"hours": None, "measured": False}) for job in jobs if not job.whole}
    PATH.write_text(json.dumps({"device": device, "cores": threads(), "rows": kept | now}, indent=1) + "\n")


def stored():
    """{"device", "cores", "rows": {recipe: {"hours", "measured"}}} as last stored; without rows where nothing is."""
    return json.loads(PATH.read_text()) if PATH.is_file() else {"device": "", "cores": None, "rows": {}}


def summary(left):
    """What is left as a sentence of Markdown; "" where nothing is stored."""
    known = [row["hours"] for row in left["rows"].values() if row["hours"] is not None]
    if not known:
        return ""
    unknown = len(left["rows"]) - len(known)
    text = (f"**Left**: {len(left['rows'])} rows with {sum(known):,.0f} hours of training on this project's machine "
            f"({left['device']}), {sum(hours <= LIMIT for hours in known)} of them with at most {LIMIT} hours each")
    return text + (f"; {unknown} have not been measured." if unknown else ".")
