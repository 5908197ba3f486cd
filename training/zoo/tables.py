"""Write the zoo's table: docs/zoo.md, docs/zoo.csv, and static/zoo.json for the Models page."""

import csv
import json
from pathlib import Path

from . import left
from .published import AFFECTNET_ROWS, BOARD, ROWS, place

COLUMNS = ("document", "network", "recipe", "size", "parameters", "multiply_adds", "bytes", "milliseconds_1",
           "milliseconds_32", "labels", "public", "private", "private_without_twins", "worst_class",
           "worst_class_recall", "calibration_error", "stated", "stated_on", "place_2013", "epochs",
           "epochs_of_recipe", "steps", "share", "cut", "faces", "command", "seeds", "private_lowest",
           "private_highest")
INTRODUCTION = """# The zoo: networks of five documents compared with ours

`python -m training compare` regenerates this page and the same table as [CSV](zoo.csv) from the results in
`training/zoo/results/`. Every network was trained on FER2013's Training split with the command in its row. No choice
was made on PrivateTest.

- **Cut** marks a run with a shorter schedule than the document's. *Epochs* gives the epochs of the run and of the
  document (those of Razzano and Valero are assumed), *of 10 %* a stratified subset of Training, with the number of
  steps. The accuracy of a cut run is not what the network can reach.
- The page *Models → The documents* of the site shows each row beside its document's figure, with learning curves,
  confusion matrices and a reason for the difference.
- *h left* is what the document's whole schedule still takes on this project's machine, by the images per second of the
  fastest step measured (`python -m training zoo left`).
- *Published* is the document's own accuracy, often on another split.
- *Six classes* merge disgust into anger. These rows have no 2013 rank.
- The *2013 rank* is the rank that PrivateTest accuracy would have had in the Kaggle challenge of 2013.
- *N seeds* gives the lowest and the highest accuracy of runs that differ in their seed alone; the figure before it is
  of the first. Rows that take less than an hour on one core have three seeds (`python -m training zoo run ROW --data
  fer2013.csv.gz --seeds 3`); some others were trained with three on a GPU, where they take less than an hour.
- *Input* is the width and height in pixels. Valero's networks on FER2013 take 96 instead of 224, since its images have
  48; those that end in a dense layer on the feature map have fewer parameters then.
- The expected calibration error (ECE) of our bundles includes their temperature; the other networks have none.
- *File* is the size of the LiteRT file. Its weights are float16 where every probability on 64 images of PublicTest
  stays within 0.001 of the network's, else float32. It is empty where a run was made without TensorFlow.
- Milliseconds per face are of the fastest LiteRT call on one thread (the MLP: scikit-learn) of a busy machine, at
  different times: only large differences between rows count. `python -m training compare ROW ROW --data
  fer2013.csv.gz` measures rows with a run one after the other.
"""
NOTHING_LEFT = {"device": "", "cores": None, "rows": {}}
UNTRAINED = """
## Not trained yet

*h left* as above. AffectNet is given to researchers who request it. Its rows train on a folder in either published
layout, `AFFECTNET` below ([how](training.md#affectnet)).
"""


def rows(results, bundles):
    """The table's rows, a list of dicts with the keys COLUMNS.

    results: {recipe: result}. bundles: results of our own bundles, as of `compare.bundle_result`.
    """
    return own_rows(bundles) + document_rows(results)


def own_rows(bundles):
    """The rows of our own bundles; their results are as of `compare.bundle_result`."""
    return [_row("Emoscope", result["bundle"], None, "", result) for result in bundles]


def document_rows(results):
    """The rows of the documents, of AffectNet only those with a result. results: {recipe: result}."""
    return [table_row(row, results) for row in (*ROWS, *(row for row in AFFECTNET_ROWS if row.recipe in results))]


def table_row(row, results):
    """The table's row of `row`, a published.Published. results: {recipe: result}."""
    return _row(row.document, row.network, row.accuracy, row.split, results.get(row.recipe, {}), row.recipe)


def stored_own_rows(static=Path("static")):
    """The rows of our own bundles in the table as it was last written; [] without one."""
    if not (static / "zoo.json").is_file():
        return []
    stored = json.loads((static / "zoo.json").read_text())["rows"]
    return [dict.fromkeys(COLUMNS) | row for row in stored if row["document"] == "Emoscope"]


def write(table, remaining=NOTHING_LEFT, docs=Path("docs"), static=Path("static")):
    """Write the three files of the table; their paths. remaining: as of `left.stored`."""
    docs.mkdir(exist_ok=True)
    (docs / "zoo.md").write_text(markdown(table, remaining))
    with open(docs / "zoo.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    (static / "zoo.json").write_text(json.dumps({"rows": table, "board_2013": BOARD}, indent=1) + "\n")
    return docs / "zoo.md", docs / "zoo.csv", static / "zoo.json"


def markdown(table, remaining=NOTHING_LEFT):
    """The content of docs/zoo.md. remaining: as of `left.stored`."""
    summary = left.summary(remaining)
    lines = [INTRODUCTION, *([summary, ""] if summary else []),
             _heading("Network", "Input", "Parameters", "Multiply-adds", "File", "ms per face, batch 1 / 32",
                      "PublicTest", "PrivateTest", "without near-duplicates", "Lowest recall", "ECE", "Published",
                      "2013 rank", "Epochs")]
    lines += ["| " + " | ".join(_cells(row, remaining)) + " |" for row in table if row["parameters"]]
    lines.append("\n## Commands\n\n| Row | Command |\n|---|---|")
    lines += [f"| {row['document']}: {row['network']} | `{row['command']}` |" for row in table if row["command"]]
    untrained = [row for row in table if row["public"] is None]
    known = {row["recipe"] for row in table}
    lines.append(UNTRAINED)
    lines += [f"- {row['document']}: {row['network']}: `{to_train(row['recipe'])}`{_cost(row, remaining)}"
              for row in untrained]
    lines += [f"- {row.document}: {row.network}, on {row.split}: `{to_train(row.recipe)}`"
              for row in AFFECTNET_ROWS if row.recipe not in known]
    return "\n".join(lines) + "\n"


def to_train(recipe):
    """The command that trains a row's whole schedule."""
    command = "mlp" if recipe == "tan.perceptron" else f"fit {recipe}"
    data = "AFFECTNET" if recipe in {row.recipe for row in AFFECTNET_ROWS} else "fer2013.csv.gz"
    return f"python -m training {command} --data {data}"


def _row(document, network, published, split, result, recipe=None):
    public, private = result.get("PublicTest", {}), result.get("PrivateTest", {})
    seven = result.get("label_set") == "fer2013"
    complete = private.get("faces", 0) > 3000
    subset = result.get("changed", {}).get("subset")
    return {
        "document": document, "network": network, "recipe": recipe or result["recipe"],
        "size": result.get("size"), "parameters": result.get("parameters"),
        "multiply_adds": result.get("multiply_adds"), "bytes": result.get("bytes"),
        "milliseconds_1": result.get("milliseconds", {}).get("1"),
        "milliseconds_32": result.get("milliseconds", {}).get("32"), "labels": result.get("label_set"),
        "public": public.get("accuracy"), "private": private.get("accuracy"),
        "private_without_twins": private.get("without_twins"),
        "worst_class": private.get("worst_class", {}).get("label"),
        "worst_class_recall": private.get("worst_class", {}).get("recall"),
        "calibration_error": private.get("expected_calibration_error"), "stated": published, "stated_on": split,
        "place_2013": place(private["accuracy"]) if seven and complete else None,
        "epochs": result.get("epochs"), "epochs_of_recipe": result.get("epochs_of_recipe"),
        "steps": result.get("steps"), "share": subset,
        "cut": is_cut(result), "faces": private.get("faces"), "command": result.get("command", ""),
        **_seeds(result),
    }


def is_cut(result):
    """Whether a result is of a shorter schedule than the document's; not if the optimizer converged before its end."""
    if "epochs" not in result:
        return False
    short = result["epochs"] < result["epochs_of_recipe"] and not result.get("converged")
    return short or result.get("changed", {}).get("subset") is not None


def _seeds(result):
    """How many seeds were trained, and the lowest and highest PrivateTest accuracy among them; None for one.

    None also before the first one is trained, which another process may still do.
    """
    further = [each["PrivateTest"] for each in result.get("seeds", {}).values()]
    if not further or "PrivateTest" not in result:
        return {"seeds": None, "private_lowest": None, "private_highest": None}
    reached = [result["PrivateTest"]["accuracy"], *further]
    return {"seeds": len(reached), "private_lowest": min(reached), "private_highest": max(reached)}


def _heading(*names):
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def _cells(row, remaining):
    def number(key, shape):
        return "" if row[key] is None else format(row[key], shape)

    def percent(key):
        return "" if row[key] is None else f"{100 * row[key]:.1f}"

    labels = f" ({row['labels']})" if row["labels"] not in (None, "fer2013") else ""
    sample = f" ({row['faces']} faces)" if row["faces"] and row["faces"] < 3000 else ""
    spread = ""
    if row["seeds"]:
        spread = f" ({row['seeds']} seeds: {percent('private_lowest')}–{percent('private_highest')})"
    lowest_recall = f"{row['worst_class']} {percent('worst_class_recall')}" if row["worst_class"] else ""
    rank_2013 = "" if row["private"] is None or labels or sample else (row["place_2013"] or "below 10")
    mark = ", **cut**" + _cost(row, remaining) if row["cut"] else ""
    epochs = "" if row["epochs"] is None else f"{row['epochs']:g} of {row['epochs_of_recipe']}"
    if row["share"]:
        epochs += f", of {100 * row['share']:g} % ({row['steps']} steps)"
    published = "" if row["stated"] is None else f"{row['stated']:.1f}"
    if published and row["stated_on"] != "FER2013":
        published += f" on {row['stated_on']}"
    adds = "" if row["multiply_adds"] is None else f"{row['multiply_adds'] / 1e6:,.1f} M"
    size = "" if row["bytes"] is None else f"{row['bytes'] / 1e6:,.2f} MB"
    speed = "" if row["milliseconds_1"] is None else f"{row['milliseconds_1']:.3g} / {row['milliseconds_32']:.3g}"
    return [f"{row['document']}: {row['network']}{labels}", number("size", "d"), number("parameters", ","), adds,
            size, speed, percent("public") + sample, percent("private") + spread, percent("private_without_twins"),
            lowest_recall, number("calibration_error", ".3f"), published, str(rank_2013), epochs + mark]


def _cost(row, remaining):
    """What the rest of a cut row's schedule costs, as its mark says it."""
    hours = remaining["rows"].get(row["recipe"], {}).get("hours")
    return "" if hours is None else f", {hours:.2g} h left" if hours < 10 else f", {hours:,.0f} h left"
