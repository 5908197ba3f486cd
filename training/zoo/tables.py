"""The zoo's table: docs/zoo.md and docs/zoo.csv to read, static/zoo.json for the Models page."""

import csv
import json
from pathlib import Path

from .published import BOARD, ROWS, place

COLUMNS = ("document", "network", "recipe", "parameters", "multiply_adds", "bytes", "milliseconds_1",
           "milliseconds_32", "labels", "public", "private", "private_without_twins", "worst_class",
           "worst_class_recall", "calibration_error", "stated", "stated_on", "place_2013", "epochs",
           "epochs_of_recipe", "steps", "share", "cut", "faces", "command")
INTRODUCTION = """# The zoo: the five documents' networks beside ours

Made by `python -m training compare`; the figures behind it are in `training/zoo/results/`, the same table as
[CSV](zoo.csv). Every network was trained on FER2013's Training split by the command in its row; nothing was
chosen on PrivateTest. **Cut** schedules ran the epochs that are named, on two busy CPU cores, of those the
document trained; *of 10 %* is a part of Training that has the same share of each class, with the steps taken.
Their accuracy says where such a run stands, not what the network can reach. *Stated* is the
document's own figure on its own split, which is often another one. Six classes are FER2013's with disgust
told as anger; such a row has no place of 2013. Calibration errors of the zoo are without a temperature, those
of our bundles with the card's. Milliseconds a face are the fastest of some calls of LiteRT
on one thread (the perceptron's: scikit-learn's), on a busy machine: trust the ratios.
"""


def rows(results, bundles):
    """The table's rows, a list of dicts with COLUMNS.

    results: {recipe: result}. bundles: results of our own bundles, with "bundle".
    """
    ours = [_row("Emoscope", result["bundle"], None, "", result) for result in bundles]
    return ours + [_row(row.document, row.network, row.accuracy, row.where, results.get(row.recipe, {}), row.recipe)
                   for row in ROWS]


def write(table, docs=Path("docs"), static=Path("static")):
    """Write the three files; their paths."""
    docs.mkdir(exist_ok=True)
    (docs / "zoo.md").write_text(markdown(table))
    with open(docs / "zoo.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    (static / "zoo.json").write_text(json.dumps({"rows": table, "board_2013": BOARD}, indent=1) + "\n")
    return docs / "zoo.md", docs / "zoo.csv", static / "zoo.json"


def markdown(table):
    """docs/zoo.md."""
    lines = [INTRODUCTION, _heading("Network", "Parameters", "Multiply-adds", "File", "ms a face, batch 1 / 32",
                                    "PublicTest", "PrivateTest", "without twins", "Worst class", "ECE", "Stated",
                                    "Place 2013", "Epochs")]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in table if row["parameters"]]
    lines.append("\n## Commands\n\n| Row | Command |\n|---|---|")
    lines += [f"| {row['document']}: {row['network']} | `{row['command']}` |" for row in table if row["command"]]
    if any(row["public"] is None for row in table):
        lines.append("\n## Not trained yet\n\n" + "\n".join(
            f"- {row['document']}: {row['network']}: `{_to_train(row['recipe'])}`"
            for row in table if row["public"] is None))
    return "\n".join(lines) + "\n"


def _to_train(recipe):
    what = "perceptron" if recipe == "tan.perceptron" else f"fit {recipe}"
    return f"python -m training {what} --data fer2013.csv.gz"


def _row(document, network, stated, where, result, recipe=None):
    public, private = result.get("PublicTest", {}), result.get("PrivateTest", {})
    seven = result.get("label_set") == "fer2013"
    whole = private.get("faces", 0) > 3000
    share = result.get("changed", {}).get("subset")
    return {
        "document": document, "network": network, "recipe": recipe or result["recipe"],
        "parameters": result.get("parameters"), "multiply_adds": result.get("multiply_adds"),
        "bytes": result.get("bytes"), "milliseconds_1": result.get("milliseconds", {}).get("1"),
        "milliseconds_32": result.get("milliseconds", {}).get("32"), "labels": result.get("label_set"),
        "public": public.get("accuracy"), "private": private.get("accuracy"),
        "private_without_twins": private.get("without_twins"),
        "worst_class": private.get("worst_class", {}).get("label"),
        "worst_class_recall": private.get("worst_class", {}).get("recall"),
        "calibration_error": private.get("expected_calibration_error"), "stated": stated, "stated_on": where,
        "place_2013": place(private["accuracy"]) if seven and whole else None,
        "epochs": result.get("epochs"), "epochs_of_recipe": result.get("epochs_of_recipe"),
        "steps": result.get("steps"), "share": share,
        "cut": "epochs" in result and (result["epochs"] < result["epochs_of_recipe"] or share is not None),
        "faces": private.get("faces"), "command": result.get("command", ""),
    }


def _heading(*names):
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def _cells(row):
    def number(key, shape):
        return "" if row[key] is None else format(row[key], shape)

    def per_cent(key):
        return "" if row[key] is None else f"{100 * row[key]:.1f}"

    labels = f" ({row['labels']})" if row["labels"] not in (None, "fer2013") else ""
    few = f" ({row['faces']} faces)" if row["faces"] and row["faces"] < 3000 else ""
    worst = f"{row['worst_class']} {per_cent('worst_class_recall')}" if row["worst_class"] else ""
    place_2013 = "" if row["private"] is None or labels or few else (row["place_2013"] or "below 10")
    epochs = "" if row["epochs"] is None else f"{row['epochs']:g} of {row['epochs_of_recipe']}"
    if row["share"]:
        epochs += f", of {100 * row['share']:g} % ({row['steps']} steps)"
    stated = "" if row["stated"] is None else f"{row['stated']:.1f}"
    if stated and row["stated_on"] != "FER2013":
        stated += f" on {row['stated_on']}"
    adds = "" if row["multiply_adds"] is None else f"{row['multiply_adds'] / 1e6:,.1f} M"
    size = "" if row["bytes"] is None else f"{row['bytes'] / 1e6:,.2f} MB"
    speed = "" if row["milliseconds_1"] is None else f"{row['milliseconds_1']:.3g} / {row['milliseconds_32']:.3g}"
    return [f"{row['document']}: {row['network']}{labels}", number("parameters", ","), adds, size, speed,
            per_cent("public") + few, per_cent("private"), per_cent("private_without_twins"), worst,
            number("calibration_error", ".3f"), stated, str(place_2013), epochs + (", **cut**" if row["cut"] else "")]
