"""Published accuracies: of the five source documents, and of the 2013 Kaggle challenge."""

from typing import NamedTuple


class Published(NamedTuple):
    """One row of the table. accuracy: percent, on the document's own split; None if it gives none.

    reasons: why our accuracy can differ from it, keys of REASONS.
    """

    recipe: str
    document: str
    network: str
    accuracy: float | None
    split: str
    reasons: tuple[str, ...] = ()


#: Why the accuracy of a row can differ from its document's. The first five follow from
#: the figures.
REASONS = ("untrained", "needs-affectnet", "cut", "chance", "nothing", "layers", "own-videos", "own-split",
           "own-validation", "majority", "filter", "plain-sgd", "affectnet", "schedule")

FER2013_TEST, NAMAS, AFFECTNETS = "FER2013", "20 % of FER2013, six classes", "10 % of AffectNet, eight classes"
AFFECTNET = "AffectNet, eight classes"

#: The rows of the table, in the order of the documents.
ROWS = (
    Published("razzano", "Razzano", "CNN", 53.0, FER2013_TEST, ("layers", "schedule")),
    Published("razzano.neutral", "Razzano", "neutral or not", None, "videos of classmates", ("own-videos", "schedule")),
    Published("nama", "Nama", "32-64-128", 60.3, NAMAS, ("own-split",)),
    Published("nama.ten-epochs", "Nama", "32-64-128, 10 epochs", 53.8, NAMAS, ("own-split",)),
    Published("nama.mini-xception", "Nama", "mini-XCEPTION", 64.5, NAMAS, ("own-split",)),
    Published("nama.seven", "Nama", "32-64-128, seven classes", None, ""),
    Published("nama.mini-xception-seven", "Nama", "mini-XCEPTION, seven classes", None, ""),
    Published("hameed", "Hameed", "Adam 1e-4, batch 64, 30 epochs", 56.9, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.sgd", "Hameed", "SGD", 33.5, FER2013_TEST, ("plain-sgd", "own-validation", "layers")),
    Published("hameed.epochs-50", "Hameed", "50 epochs", None, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.epochs-75", "Hameed", "75 epochs", 60.7, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.batch-32", "Hameed", "batch 32", None, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.batch-16", "Hameed", "batch 16", 61.1, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.batch-8", "Hameed", "batch 8", None, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.rate-0.0002", "Hameed", "rate 2e-4", 61.7, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.rate-0.0005", "Hameed", "rate 5e-4", None, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.rate-0.001", "Hameed", "rate 1e-3", None, FER2013_TEST, ("own-validation", "layers")),
    Published("hameed.rate-0.002", "Hameed", "rate 2e-3", None, FER2013_TEST, ("own-validation", "layers")),
    Published("tan.perceptron", "Tan et al.", "MLP (300)", 25.0, FER2013_TEST, ("majority",)),
    Published("tan", "Tan et al.", "default CNN", 46.3, FER2013_TEST, ("layers",)),
    Published("tan.improved", "Tan et al.", "improved", 51.3, FER2013_TEST, ("layers",)),
    Published("tan.dropout", "Tan et al.", "dropout .4, 20 epochs", 53.9, FER2013_TEST, ("layers",)),
    Published("tan.dropout-50", "Tan et al.", "dropout .4, 50 epochs", 56.8, FER2013_TEST, ("layers",)),
    Published("tan.more-dropout", "Tan et al.", "more dropout", 58.1, FER2013_TEST, ("layers",)),
    Published("tan.swish", "Tan et al.", "Swish", 53.7, FER2013_TEST, ("layers",)),
    Published("tan.normalised", "Tan et al.", "input normalized", 57.0, FER2013_TEST, ("layers",)),
    Published("tan.components", "Tan et al.", "input from 98 % components", 57.0, FER2013_TEST, ("layers",)),
    Published("valero-preparation", "Valero", "baseline, 48x48", 57.5, FER2013_TEST, ("schedule",)),
    Published("valero-preparation.equalise", "Valero", "histogram equalization", 56.5, FER2013_TEST, ("schedule",)),
    Published("valero-preparation.difference-of-gaussians", "Valero", "difference of Gaussians", 24.0, FER2013_TEST,
              ("majority", "filter", "schedule")),
    Published("valero-preparation.gamma-0.75", "Valero", "gamma .75", 54.9, FER2013_TEST, ("schedule",)),
    Published("valero-preparation.size-98", "Valero", "resized to 98", 52.9, FER2013_TEST, ("schedule",)),
    Published("valero.baseline-fer2013", "Valero", "baseline, 96x96", 62.8, AFFECTNETS, ("affectnet", "schedule")),
    Published("valero.enhanced-fer2013", "Valero", "enhanced", 63.0, AFFECTNETS, ("affectnet", "schedule")),
    Published("valero.cao-fer2013", "Valero", "X.Cao", 68.6, AFFECTNETS, ("affectnet", "schedule")),
    Published("valero.two-streams-fer2013", "Valero", "X.Cao, two streams", 75.4, AFFECTNETS,
              ("affectnet", "schedule")),
    Published("valero.fractal-fer2013", "Valero", "fractal", 69.2, AFFECTNETS, ("affectnet", "schedule")),
    Published("valero.googlenet-fer2013", "Valero", "GoogLeNet", 68.9, AFFECTNETS, ("affectnet", "schedule")),
    Published("valero.mobilenet-fer2013", "Valero", "MobileNet", 47.3, AFFECTNETS, ("affectnet", "schedule")),
)

#: Valero's rows on AffectNet itself. They are trained where `--data` is AffectNet.
AFFECTNET_ROWS = (
    Published("valero", "Valero", "baseline, 224x224", 62.8, AFFECTNETS),
    Published("valero.enhanced", "Valero", "enhanced", 63.0, AFFECTNETS),
    Published("valero.cao", "Valero", "X.Cao", 68.6, AFFECTNETS),
    Published("valero.two-streams", "Valero", "X.Cao, two streams", 75.4, AFFECTNETS),
    Published("valero.two-streams-whole", "Valero", "X.Cao, two streams", 75.1, AFFECTNET),
    Published("valero.fractal", "Valero", "fractal", 69.2, AFFECTNETS),
    Published("valero.googlenet", "Valero", "GoogLeNet", 68.9, AFFECTNETS),
    Published("valero.mobilenet", "Valero", "MobileNet", 47.3, AFFECTNETS),
)


def rows_of(label_set):
    """The rows that a data set trains. label_set: of its labels."""
    return AFFECTNET_ROWS if label_set == "affectnet" else ROWS


class Sweep(NamedTuple):
    """Rows of one document that differ in one setting: a figure of the page *The documents*.

    points: (value, recipe), the row that the others are compared with first. reducible: whether the document varies a
    setting of one network, so that its rows can be compared at a common fraction of their epochs.
    """

    document: str
    name: str
    title: str
    points: tuple[tuple[str, str], ...]
    reducible: bool = False


SWEEPS = (
    Sweep("Nama", "networks", "Networks", (
        ("32-64-128", "nama"), ("10 epochs", "nama.ten-epochs"), ("mini-XCEPTION", "nama.mini-xception"))),
    Sweep("Hameed", "optimizer", "Optimizer", (("Adam", "hameed"), ("SGD", "hameed.sgd")), True),
    Sweep("Hameed", "epochs", "Epochs", (("30", "hameed"), ("50", "hameed.epochs-50"), ("75", "hameed.epochs-75")),
          True),
    Sweep("Hameed", "batch", "Batch size", (("64", "hameed"), ("32", "hameed.batch-32"), ("16", "hameed.batch-16"),
                                            ("8", "hameed.batch-8")), True),
    Sweep("Hameed", "rate", "Learning rate", (("1e-4", "hameed"), ("2e-4", "hameed.rate-0.0002"),
                                              ("5e-4", "hameed.rate-0.0005"), ("1e-3", "hameed.rate-0.001"),
                                              ("2e-3", "hameed.rate-0.002")), True),
    Sweep("Tan et al.", "series", "From the MLP to more dropout", (
        ("MLP", "tan.perceptron"), ("default", "tan"), ("improved", "tan.improved"), ("dropout, 20", "tan.dropout"),
        ("dropout, 50", "tan.dropout-50"), ("more dropout", "tan.more-dropout"))),
    Sweep("Tan et al.", "input", "Activation and input", (
        ("ReLU", "tan.dropout"), ("Swish", "tan.swish"), ("as is", "tan.more-dropout"),
        ("normalized", "tan.normalised"), ("98 % components", "tan.components"))),
    Sweep("Valero", "preprocessing", "Preprocessing of FER2013", (
        ("none", "valero-preparation"), ("equalization", "valero-preparation.equalise"),
        ("difference of Gaussians", "valero-preparation.difference-of-gaussians"),
        ("gamma .75", "valero-preparation.gamma-0.75"), ("98 px", "valero-preparation.size-98"))),
    Sweep("Valero", "networks", "Networks", (
        ("baseline", "valero.baseline-fer2013"), ("enhanced", "valero.enhanced-fer2013"),
        ("X.Cao", "valero.cao-fer2013"), ("two streams", "valero.two-streams-fer2013"),
        ("fractal", "valero.fractal-fer2013"), ("GoogLeNet", "valero.googlenet-fer2013"),
        ("MobileNet", "valero.mobilenet-fer2013"))),
)

#: The top ten of the 2013 Kaggle challenge on PrivateTest, percent (Goodfellow et al. 2013, table 1).
BOARD = (71.162, 69.267, 68.821, 67.484, 65.255, 65.090, 64.475, 64.224, 63.110, 62.190)


def place(accuracy):
    """The rank of `accuracy`, a fraction of PrivateTest, among the top ten of 2013; None if it is lower."""
    better = sum(100 * accuracy < other for other in BOARD)
    return better + 1 if better < len(BOARD) else None
