"""What the five documents state, and what was stated in 2013: the yardsticks of the zoo's table."""

from typing import NamedTuple


class Stated(NamedTuple):
    """One row of the table. accuracy: per cent, on the document's own split; None where it states none."""

    recipe: str
    document: str
    network: str
    accuracy: float | None
    where: str


FER2013_TEST, NAMAS, AFFECTNETS = "FER2013", "20 % of FER2013, six classes", "10 % of AffectNet, eight classes"

#: The rows of the table, in the order of the documents.
ROWS = (
    Stated("razzano", "Razzano", "CNN", 53.0, FER2013_TEST),
    Stated("razzano.neutral", "Razzano", "neutral or not", None, "films of classmates"),
    Stated("nama", "Nama", "32-64-128", 60.3, NAMAS),
    Stated("nama.ten-epochs", "Nama", "32-64-128, 10 epochs", 53.8, NAMAS),
    Stated("nama.mini-xception", "Nama", "mini-XCEPTION", 64.5, NAMAS),
    Stated("nama.seven", "Nama", "32-64-128, seven classes", None, ""),
    Stated("nama.mini-xception-seven", "Nama", "mini-XCEPTION, seven classes", None, ""),
    Stated("hameed", "Hameed", "Adam 1e-4, batch 64, 30 epochs", 56.9, FER2013_TEST),
    Stated("hameed.sgd", "Hameed", "SGD", 33.5, FER2013_TEST),
    Stated("hameed.epochs-50", "Hameed", "50 epochs", None, FER2013_TEST),
    Stated("hameed.epochs-75", "Hameed", "75 epochs", 60.7, FER2013_TEST),
    Stated("hameed.batch-32", "Hameed", "batch 32", None, FER2013_TEST),
    Stated("hameed.batch-16", "Hameed", "batch 16", 61.1, FER2013_TEST),
    Stated("hameed.batch-8", "Hameed", "batch 8", None, FER2013_TEST),
    Stated("hameed.rate-0.0002", "Hameed", "rate 2e-4", 61.7, FER2013_TEST),
    Stated("hameed.rate-0.0005", "Hameed", "rate 5e-4", None, FER2013_TEST),
    Stated("hameed.rate-0.001", "Hameed", "rate 1e-3", None, FER2013_TEST),
    Stated("hameed.rate-0.002", "Hameed", "rate 2e-3", None, FER2013_TEST),
    Stated("tan.perceptron", "Tan and others", "perceptron (300)", 25.0, FER2013_TEST),
    Stated("tan", "Tan and others", "default CNN", 46.3, FER2013_TEST),
    Stated("tan.improved", "Tan and others", "improved", 51.3, FER2013_TEST),
    Stated("tan.dropout", "Tan and others", "dropout .4, 20 epochs", 53.9, FER2013_TEST),
    Stated("tan.dropout-50", "Tan and others", "dropout .4, 50 epochs", 56.8, FER2013_TEST),
    Stated("tan.more-dropout", "Tan and others", "more dropout", 58.1, FER2013_TEST),
    Stated("tan.swish", "Tan and others", "Swish", 53.7, FER2013_TEST),
    Stated("tan.normalised", "Tan and others", "input normalised", 57.0, FER2013_TEST),
    Stated("tan.components", "Tan and others", "input from 98 % components", 57.0, FER2013_TEST),
    Stated("valero-preparation", "Valero", "baseline, 48x48", 57.5, FER2013_TEST),
    Stated("valero-preparation.equalise", "Valero", "histogram equalisation", 56.5, FER2013_TEST),
    Stated("valero-preparation.difference-of-gaussians", "Valero", "difference of Gaussians", 24.0, FER2013_TEST),
    Stated("valero-preparation.gamma-0.75", "Valero", "gamma .75", 54.9, FER2013_TEST),
    Stated("valero-preparation.size-98", "Valero", "resized to 98", 52.9, FER2013_TEST),
    Stated("valero.baseline-fer2013", "Valero", "baseline, 224x224", 62.8, AFFECTNETS),
    Stated("valero.enhanced-fer2013", "Valero", "enhanced", 63.0, AFFECTNETS),
    Stated("valero.cao-fer2013", "Valero", "X.Cao", 68.6, AFFECTNETS),
    Stated("valero.two-streams-fer2013", "Valero", "X.Cao, two streams", 75.4, AFFECTNETS),
    Stated("valero.fractal-fer2013", "Valero", "fractal", 69.2, AFFECTNETS),
    Stated("valero.googlenet-fer2013", "Valero", "GoogLeNet", 68.9, AFFECTNETS),
    Stated("valero.mobilenet-fer2013", "Valero", "MobileNet", 47.3, AFFECTNETS),
)

#: The best ten of the 2013 Kaggle challenge on PrivateTest, per cent (Goodfellow et al. 2013, table 1).
BOARD = (71.162, 69.267, 68.821, 67.484, 65.255, 65.090, 64.475, 64.224, 63.110, 62.190)


def place(accuracy):
    """The place that `accuracy`, a share of PrivateTest, would have had among the first ten of 2013; None below."""
    better = sum(100 * accuracy < theirs for theirs in BOARD)
    return better + 1 if better < len(BOARD) else None
