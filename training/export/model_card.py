"""The nine sections of a bundle's model card, filled from what was measured.

Mitchell et al. 2019, "Model Cards for Model Reporting". Plain text, paragraphs parted by an empty line.
"""

from ..evaluate.reports import equivalent

TRAINING_FACES = "28,709"


def sections(card):
    """{section: text} for a card whose figures are filled in."""
    raters = card["label_set"] == "ferplus"
    return {"model_details": _details(card),
            "intended_use": _use(raters),
            "factors": _factors(card),
            "metrics": _metrics(card, raters),
            "evaluation_data": _evaluation(card, raters),
            "training_data": _training(card, raters),
            "quantitative_analyses": _quantities(card, raters),
            "ethical_considerations": _ethics(),
            "caveats_and_recommendations": _caveats(card, raters)}


def _details(card):
    made = card["training"]
    several = ""
    if "members" in made:
        several += f" It is {len(made['members'])} networks, whose logarithms of probabilities are averaged."
    if "mirrored" in made:
        several += " Each face is read with its mirror image, and the two answers are averaged."
    return (f"{card['name']} {card['version']}: a convolutional network of {card['parameters']:,} parameters and "
            f"{card['multiply_adds'] / 1e6:.1f} million multiply-adds a face{_scratch(made)}. It takes a "
            f"grey face of {card['input']['size']}x{card['input']['size']} pixels, 0-255, with eyes, nose and mouth "
            f"brought to the places the card states, and answers one logit for each of {', '.join(card['labels'])}."
            f"{several}\n\n"
            f"{_recipes(made)}; weights averaged over the steps. Made by: {made['command']}. The probabilities are "
            f"softmax(logits / {card['calibration']['temperature']:.3f}), the temperature chosen on "
            f"{card['calibration']['chosen_on']}. Licence of code and weights: "
            f"{card['licence']}.")


def _scratch(made):
    return "" if any("start" in each for each in made.get("members", [made])) else ", trained from scratch"


def _recipes(made):
    """Each run's recipe, seed and epochs, and the published weights that it began with."""
    return "; ".join(f"Recipe {each['recipe']}, seed {each['seed']}, {each['epochs']:g} epochs" +
                     (f" from the weights of {each['start']['origin']}, licence {each['start']['licence']}"
                      if "start" in each else "") for each in made.get("members", [made]))


def _use(raters):
    what = ("how ten people would name the expression a face shows, as ten votes" if raters else
            "which of FER2013's seven labels the expression of a face would be given")
    return (f"Made to say {what}: for live demonstrations, for sorting one's own photos, for teaching, and for "
            "research on expression recognition and its limits.\n\n"
            "Not made, and not to be used, for decisions about people: hiring, schooling, policing, border control, "
            "insurance, health, attention or honesty checks. Not for watching people who have not agreed. An "
            "expression is not a feeling: what a face shows says little about what a person feels, and this network "
            "has never learnt anything of the latter.")


def _factors(card):
    return ("What changes the answers: size, sharpness and light of the face, pose (faces turned or tilted far are "
            "found and read less well), covering (glasses, masks, hands, beards), and how far a picture is from those "
            "learnt from: mostly posed or striking faces from a web image search.\n\n"
            "Age, gender, skin colour and origin of the faces learnt from are not recorded, so how the figures differ "
            "between groups of people is not known, and nothing here shows that they are equal. How much raters agree "
            f"matters most: see the figures by entropy of the votes. The rarest labels are learnt worst"
            f"{_rarest(card)}.")


def _rarest(card):
    split = _best_split(card)
    if split is None:
        return ""
    classes = [each for each in split[1]["per_class"] if each["faces"]]
    worst = sorted(classes, key=lambda each: each["recall"])[:2]
    named = " and ".join(f"{each['label']} ({_percent(each['recall'])} of {each['faces']} found)" for each in worst)
    return f": on {split[0]}, {named}"


def _metrics(card, raters):
    if raters:
        text = ("Agreement with the majority: share of the faces on which more than half of the raters chose one "
                "expression (votes for 'not a face' left out) that are given this expression. Agreement with the "
                "plurality: the same for the raters' first choice on all faces. Soft cross-entropy: mean cross-entropy "
                "in nats of the raters' votes on all faces; the entropy of the votes is the least it can be. Expected "
                "calibration error: 15 bins, the largest probability against the share of raters who chose that "
                "expression. Equivalent jury: how many raters, averaged, predict the other raters' votes as well as "
                "the network does. One rater: how often one human agrees with the other raters of the same face.")
    else:
        text = ("Accuracy: share of faces given FER2013's one label. Expected calibration error: 15 bins, the largest "
                "probability against the share of right answers. Precision, recall and F1 of each label.")
    unsure = card["unsure"]
    return (f"{text}\n\nIntervals are 95 %, by bootstrap over faces. All figures are of one forward pass, as served; "
            f"flip averaging is stated apart. The network says it is unsure below a largest probability of "
            f"{unsure['threshold']:.2f}, chosen on {unsure['chosen_on']} so that {_percent(unsure['error_rate'])} "
            f"of the answers it does give differ from {unsure['against']}; there it is silent on "
            f"{_percent(unsure['share'])} "
            "of the faces.")


def _evaluation(card, raters):
    extra = (" The votes are those of FER+ (Barsoum et al. 2016): ten raters a face; rows without a vote for an "
             "expression are left out." if raters else "")
    return (f"FER2013's PublicTest and PrivateTest, 3,589 rows each (Goodfellow et al. 2013).{extra} Everything was "
            "chosen on PublicTest; PrivateTest was computed once for each released version. About a tenth of "
            "either split's "
            "pictures are in Training too, exactly or nearly (correlation above .95); the figures without these twins "
            "are the more honest ones.")


def _training(card, raters):
    made = card["training"].get("members", [card["training"]])
    smoothed = ", smoothed" if any(each["label_smoothing"] for each in made) else ""
    share = ("the shares of the ten raters' votes on the eight expressions as soft labels, each face weighted by how "
             "many of its votes those are" if raters else f"FER2013's one label a face{smoothed}")
    return (f"FER2013's Training split, {TRAINING_FACES} rows of 48x48 grey pixels, md5 of the csv "
            f"{card['training']['data_md5']}. This head learnt {share}; the trunk learnt from FER2013's labels and "
            f"FER+'s votes together.{_taught(made)} The pictures were gathered by a web image search for words that "
            "name feelings: they are for research only and none is part of this project. Some are no faces, some are "
            "drawn, many are posed; the two label sets agree on 63 % of the faces, so the labels are noisy.")


def _taught(made):
    """Who taught the runs: sentences, or nothing."""
    return "".join(f" Beside these {each['recipe']} learnt, weighted {each['teaching']:g} to "
                   f"{1 - each['teaching']:g}, the mean answer of {', '.join(each['teachers'])} to the same picture."
                   for each in made if "teachers" in each)


def _quantities(card, raters):
    parts = [_split_text(name, card["figures"][name], raters) for name in ("PrivateTest", "PublicTest")
             if card["figures"][name]]
    if not card["figures"]["PrivateTest"]:
        parts.append("This version was not judged on PrivateTest: it is not a release.")
    path = card["figures"].get("serving_path")
    if path:
        parts.append(f"Through the site's own path (face detector and crop), {path['split']}: the detector finds "
                     f"{_percent(path['found'])} of the faces; on those {_measure(path['figures'])}.")
    return "\n\n".join(parts)


def _split_text(name, split, raters):
    text = (f"{name}, {split['faces']:,} faces: {_measure(split['as_published'])}. Without the "
            f"{split['with_twin_in_training']} faces that have a twin in Training: {_measure(split['without_twins'])}. "
            f"Expected calibration error {split['expected_calibration_error']:.3f}.")
    if raters and split.get("one_rater"):
        rater = split["one_rater"]
        text += (f" One human rater: {_percent(rater['agreement_with_majority']['value'])} with the majority, "
                 f"{_percent(rater['agreement_with_plurality']['value'])} with the plurality.")
    if split.get("equivalent_jury"):
        worth = split["equivalent_jury"]
        text += f" Equivalent jury: {equivalent(worth)}."
    if split.get("flip_averaging"):
        text += f" With flip averaging: {_measure(split['flip_averaging'])}."
    return text


def _ethics():
    return ("Reading faces touches people who did not ask for it. The pictures learnt from show people who were never "
            "asked whether their faces may teach a machine; none is published here. Machines that claim to know "
            "feelings from faces have done harm, and the science does not carry the claim (Barrett et al. 2019, "
            "'Emotional "
            "Expressions Reconsidered'): people scowl without anger and smile without joy, and differ by culture. So "
            "answers are given as people's votes about an expression, with their doubt, never as a person's feeling. "
            "The raters of FER+ are few, paid, and of unknown background; their habits are in the votes. Laws may "
            "forbid this use where people work or learn (European Union, Regulation 2024/1689, article 5).")


def _caveats(card, raters):
    votes = ("Contempt, disgust and fear were seldom voted for, and the network seldom says them. " if raters else
             "FER2013 labels no contempt, and its single labels are often disputed: raters would overturn a third. ")
    return (f"{votes}Real photos differ from FER2013's crops: try the network on your own pictures before relying on a "
            "figure here. Show the whole spread of the answer, not the first word alone, and let it say that it is "
            "unsure. In films, smooth over time. Faces below about 30 pixels, in profile, upside down or covered are "
            "beyond it. Measure it anew, by group of people, before any use that touches them.")


def _measure(summary):
    parts = []
    for name, words in (("accuracy", "accuracy"), ("agreement_with_majority", "agreement with the majority"),
                        ("agreement_with_plurality", "with the plurality")):
        if name in summary:
            each = summary[name]
            parts.append(f"{words} {_percent(each['value'])} ({100 * each['low']:.1f} to {100 * each['high']:.1f}; "
                         f"{each['faces']:,} faces)")
    if "soft_cross_entropy" in summary:
        parts.append(f"soft cross-entropy {summary['soft_cross_entropy']['value']:.3f} nats "
                     f"(entropy of the votes {summary['entropy_of_votes']['value']:.3f})")
    return ", ".join(parts)


def _best_split(card):
    for name in ("PrivateTest", "PublicTest"):
        if card["figures"][name]:
            return name, card["figures"][name]
    return None


def _percent(share):
    return f"{100 * share:.1f} %"
