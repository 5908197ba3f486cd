"""English texts of files, such as the rules of model cards and the names of networks, in the current language."""

from .catalogues import N_, gettext
from .terms import EXPRESSIONS, expression

TEXTS = (
    N_("no face"),
    # summaries of data sets
    N_("FER2013 with FER+'s votes"),
    N_("FER2013's csv: Kaggle, 'Challenges in Representation Learning: Facial Expression Recognition Challenge'"),
    N_("your own images"), N_("none"), N_("uncertain"), N_("unreadable"),
    N_("t-SNE of the network's embedding"), N_("t-SNE of the images"),
    N_("cleanlab, normalized margin; issues: prune by noise rate and by class"),
    N_("histograms of oriented gradients, Nystroem-approximated Gaussian kernel, ridge regression; 5 folds over all "
       "rows, duplicates and near-duplicates in the same fold"),
    # static/robustness.json
    N_("rotation"), N_("degrees"), N_("shift"), N_("px, right and down"), N_("enlarged"), N_("times"), N_("shrunk"),
    N_("blur"), N_("px sigma"), N_("resolution"), N_("px across"), N_("quality"), N_("noise"), N_("gray levels"),
    N_("low light"), N_("low contrast"),
)


def data_text(text: str) -> str:
    """`text` in the current language, or as it is if the catalogues do not have it."""
    return expression(text) if text in EXPRESSIONS else gettext(text) if text in TEXTS else text
