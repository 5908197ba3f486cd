"""The experiments of five documents redone: what the page *The documents* shows of static/documents.json.

The file is written by `python -m training compare` and `python -m training zoo run`. It names rows, sweeps and reasons
by key or in English; their texts are here.
"""

import json
from pathlib import Path

from ..languages.catalogues import N_, gettext

FILE = "documents.json"

#: What each document built.
ABOUT = {
    "razzano": N_("A Keras CNN for FER2013, and a first network that tells a neutral face from any other, trained on "
                  "videos of classmates."),
    "nama": N_("Six classes, with disgust merged into anger: a CNN of widths 32, 64 and 128, then mini-XCEPTION, with "
               "augmentation on the fly."),
    "hameed": N_("One CNN of six convolutions, and sweeps over its optimizer, number of epochs, batch size and "
                 "learning rate."),
    "tan": N_("An MLP and a series of CNNs, each with one idea more: batch normalization, dropout, Swish, normalized "
              "or reconstructed input."),
    "valero": N_("Seven networks for AffectNet at 224 × 224 pixels, and a comparison of preprocessings on FER2013."),
}

#: Names of documents, rows, sweeps and their points, as the file has them.
NAMES = frozenset((
    N_("Razzano"), N_("Nama"), N_("Hameed"), N_("Tan et al."), N_("Valero"), N_("CNN"), N_("mini-XCEPTION"), N_("SGD"),
    N_("Adam"), N_("MLP"), N_("MLP (300)"), N_("ReLU"), N_("Swish"), N_("X.Cao"), N_("GoogLeNet"), N_("MobileNet"),
    N_("neutral or not"), N_("32-64-128, 10 epochs"), N_("32-64-128, seven classes"),
    N_("mini-XCEPTION, seven classes"), N_("Adam 1e-4, batch 64, 30 epochs"), N_("50 epochs"),
    N_("75 epochs"), N_("batch 32"), N_("batch 16"), N_("batch 8"), N_("rate 2e-4"),
    N_("rate 5e-4"), N_("rate 1e-3"), N_("rate 2e-3"), N_("default CNN"), N_("improved"), N_("dropout .4, 20 epochs"),
    N_("dropout .4, 50 epochs"), N_("more dropout"), N_("input normalized"), N_("input from 98 % components"),
    N_("baseline, 48x48"), N_("histogram equalization"), N_("difference of Gaussians"), N_("gamma .75"),
    N_("resized to 98"), N_("baseline, 96x96"), N_("baseline, 224x224"), N_("enhanced"), N_("X.Cao, two streams"),
    N_("fractal"),
    N_("videos of classmates"), N_("20 % of FER2013, six classes"), N_("10 % of AffectNet, eight classes"),
    N_("AffectNet, eight classes"),
    N_("Networks"), N_("Optimizer"), N_("Epochs"), N_("Batch size"), N_("Learning rate"),
    N_("From the MLP to more dropout"), N_("Activation and input"), N_("Preprocessing of FER2013"), N_("10 epochs"),
    N_("default"), N_("dropout, 20"), N_("dropout, 50"), N_("as is"), N_("normalized"), N_("98 % components"),
    N_("none"), N_("equalization"), N_("98 px"), N_("baseline"), N_("two streams")))

#: Why an accuracy differs from the document's, by the keys of training/zoo/published.py.
REASONS = {
    "untrained": N_("This row has not been trained yet."),
    "needs-affectnet": N_("AffectNet is given to researchers who request it; the row's command trains it for whoever "
                          "has the data."),
    "cut": N_("The run is shorter than the document's, so its accuracy is not what the network can reach."),
    "chance": N_("The difference is within the 95 % interval that 3,589 images allow."),
    "nothing": N_("The document gives no accuracy for this row."),
    "layers": N_("The document does not list all layers; those here are inferred."),
    "own-videos": N_("The document's network was trained on videos that are not published; this one on FER2013."),
    "own-split": N_("The document splits FER2013 itself and chooses the epoch on the 20 % that it reports; here the "
                    "epoch is chosen on PublicTest and PrivateTest is reported."),
    "own-validation": N_("The document trains on 29,068 images, nine tenths of Training and PublicTest; here it is "
                         "Training alone, 28,709."),
    "majority": N_("The document's figure is about what calling every face happy reaches on FER2013, 24.5 %."),
    "filter": N_("The document does not describe its filter; here the difference is added to middle gray."),
    "plain-sgd": N_("SGD is assumed to have the learning rate of Adam and no momentum; with these the network hardly "
                    "learns in 30 epochs."),
    "affectnet": N_("The document's figure is of AffectNet with eight classes at 224 × 224 pixels, this one of FER2013 "
                    "with seven, its images enlarged from 48 × 48 to 96 × 96."),
    "schedule": N_("The document's optimizer, batch size and number of epochs are not known; those here are assumed."),
}


def overview(static: Path | str) -> list[dict]:
    """The documents in order: {"id", "name", "about", "rows", "whole"}; [] without the file.

    static: folder of the site's static files. rows, whole: number of experiments, and of those with their whole
    schedule.
    """
    return [{"id": one["id"], "name": name(one["name"]), "about": _about(one["id"]), "rows": len(one["rows"]),
             "whole": sum(_is_whole(row) for row in one["rows"])} for one in _read(static)["documents"]]


def document(static: Path | str, identifier: str) -> dict | None:
    """The document called `identifier`, as in the file, with texts in the current language; None if there is none.

    `cores` is the number of CPU cores that the hours left are for. Each row also has `title`, `tested_on` (None for
    FER2013 itself), `why` (sentences), and `anchor`, its id on the page.
    """
    stored = _read(static)
    found = next((one for one in stored["documents"] if one["id"] == identifier), None)
    if found is None:
        return None
    rows = [row | {"title": name(row["network"]), "anchor": row["recipe"].replace(".", "-"),
                   "tested_on": name(row["stated_on"]) if row["stated_on"] not in ("", "FER2013") else None,
                   "why": [gettext(REASONS[key]) for key in row["reasons"] if key in REASONS]}
            for row in found["rows"]]
    sweeps = [sweep | {"title": name(sweep["title"]),
                       "points": [point | {"value": name(point["value"])} for point in sweep["points"]]}
              for sweep in found["sweeps"]]
    return found | {"name": name(found["name"]), "about": _about(identifier), "rows": rows, "sweeps": sweeps,
                    "cores": stored["cores"]}


def name(text: str) -> str:
    """A name of the file in the current language; as it is where it is not in NAMES."""
    return gettext(text) if text in NAMES else text


def _about(identifier: str) -> str:
    return gettext(ABOUT[identifier]) if identifier in ABOUT else ""


def _is_whole(row: dict) -> bool:
    return row["private"] is not None and not row["cut"]


def _read(static: Path | str) -> dict:
    path = Path(static) / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"documents": [], "cores": None}
