"""The balanced prediction of a votes network: offsets for the card, chosen on PublicTest.

The votes have the prior of FER+'s raters and images. On other photos the frequencies of the expressions differ, so a
second prediction has the frequent labels made more equal (docs/outside.md). It needs no other network.
"""

from ..data.labels import RATED_BY_TEN
from ..evaluate import prior_shift
from ..evaluate.metrics import log_softmax
from ..evaluate.predictions import forward, predict

VOTES_PRIOR = "that of the votes of FER+'s raters for FER2013's training images"


def balance(bundle, faces):
    """The card's {"balanced"} of `bundle`, a bundles.Bundle with calibration; {} if it should not have one.

    faces: the data set, with votes. A bundle has none for labels of one rater, where it gains nothing
    (docs/outside.md), nor if every strength costs too much accuracy.
    """
    if bundle.label_set not in RATED_BY_TEN:
        return {}
    prior = prior_shift.vote_prior(faces.expression_votes[faces.rows("Training")])
    predictions = predict(forward(bundle), faces, bundle.label_set, "PublicTest")
    measured = prior_shift.by_strength(log_softmax(predictions.logits / bundle.temperature), predictions.truth, prior)
    strength = prior_shift.chosen_strength(measured)
    if not strength:
        return {}
    frequent = [label for label, each in zip(bundle.card["labels"], prior, strict=True) if each >= prior_shift.RARE]
    return {"balanced": {
        "offsets": prior_shift.balancing_offsets(prior, strength).round(6).tolist(), "strength": strength,
        "prior": prior.round(6).tolist(), "chosen_on": "PublicTest",
        "rule": f"minus {strength:g} (log prior - mean log prior) for the labels with a prior of at least "
                f"{prior_shift.RARE:g}; the largest strength in steps of 0.25 that costs at most "
                f"{100 * prior_shift.LARGEST_COST:g} % of the agreement with the raters' plurality label",
        "priors": {"votes": VOTES_PRIOR,
                   "balanced": f"the same with the frequencies of {', '.join(frequent)} made equal by "
                               f"{strength:g}, where 1 is equal; those of the other labels stay"},
        "figures": {"by_strength": measured}}}
