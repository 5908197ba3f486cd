"""The nine sections of a bundle's model card, written from its recorded figures.

Mitchell et al. 2019, "Model Cards for Model Reporting". Plain text; an empty line separates paragraphs.
"""

from ..evaluate.reports import equivalent

TRAINING_IMAGES = "28,709"


def sections(card):
    """{section: text} for a card with figures."""
    votes = card["label_set"] == "ferplus"
    return {"model_details": _details(card),
            "intended_use": _use(votes),
            "factors": _factors(card),
            "metrics": _metrics(card, votes),
            "evaluation_data": _evaluation_data(votes),
            "training_data": _training_data(card, votes),
            "quantitative_analyses": _analyses(card, votes),
            "ethical_considerations": _ethics(),
            "caveats_and_recommendations": _caveats(votes)}


def _details(card):
    training = card["training"]
    members = _members(card)
    scratch = "" if any("start" in each for each in members) else ", trained from scratch"
    structure = ""
    if "members" in training:
        structure += f" It is an ensemble of {len(members)} networks; their log-probabilities are averaged."
    if "mirrored" in training:
        structure += " The output is averaged over the image and its mirror image."
    size = card["input"]["size"]
    return (f"{card['name']} {card['version']} is a convolutional network with {card['parameters']:,} parameters and "
            f"{card['multiply_adds'] / 1e6:.1f} million multiply-adds per face{scratch}. Its input is a gray face of "
            f"{size}x{size} pixels, 0-255, aligned so that the eyes, nose and mouth are at the positions in the card's "
            f"crop. Its output is one logit for each of {', '.join(card['labels'])}.{structure}\n\n"
            f"{'; '.join(_recipe(each) for each in members)}. The weights are an exponential moving average over the "
            f"training steps. Command: {training['command']}. The probabilities are softmax(logits / "
            f"{card['calibration']['temperature']:.3f}); the temperature was chosen on "
            f"{card['calibration']['chosen_on']}. License of code and weights: {card['licence']}.")


def _members(card):
    """The training records of the runs in the bundle."""
    return card["training"].get("members", [card["training"]])


def _recipe(run):
    """Recipe, seed, epochs, initial weights and interpolation of one run."""
    start = ""
    if "start" in run:
        start = f", initialized with the weights of {run['start']['origin']} (license {run['start']['licence']})"
    interpolation = ""
    if "interpolation" in run:
        fraction = run["interpolation"]["fraction"]
        interpolation = (f", then interpolated: {1 - fraction:g} times its weights plus {fraction:g} times those of "
                         f"{run['interpolation']['with']} (Wortsman et al. 2022)")
    if "statistics_images" in run:
        interpolation += (f", with the statistics of batch normalization recomputed on "
                          f"{run['statistics_images']:,} training images (Izmailov et al. 2018)")
    return f"Recipe {run['recipe']}, seed {run['seed']}, {run['epochs']:g} epochs{start}{interpolation}"


def _use(votes):
    task = ("predicts how ten raters would vote on the expression of a face" if votes else
            "predicts which of FER2013's seven labels the expression of a face would get")
    return (f"The network {task}. It is intended for live demonstrations, sorting one's own photos, teaching, and "
            "research on expression recognition and its limits.\n\n"
            "It must not be used for decisions about people: hiring, education, policing, border control, insurance, "
            "health, or tests of attention or honesty. It must not be used to monitor people who have not consented. "
            "An expression is not a feeling: a face reveals little about what a person feels, and the network was "
            "not trained on what people feel.")


def _factors(card):
    return ("Predictions depend on the size, sharpness and lighting of the face, on pose (faces turned or tilted far "
            "are detected and classified less reliably), on occlusion (glasses, masks, hands, beards), and on how "
            "much an image differs from the training images, which are mostly posed or striking faces from a web "
            "image search.\n\n"
            "The age, gender, skin color and origin of the people in the training images are not recorded. How the "
            "figures differ between groups of people is therefore unknown, and nothing here shows that they are "
            "equal. The agreement of the raters has the largest effect: see the figures by entropy of the votes. "
            f"Rare labels have the lowest recall{_lowest_recalls(card)}.")


def _lowest_recalls(card):
    for split in ("PrivateTest", "PublicTest"):
        if card["figures"][split]:
            classes = [each for each in card["figures"][split]["per_class"] if each["faces"]]
            lowest = sorted(classes, key=lambda each: each["recall"])[:2]
            return f": on {split}, " + " and ".join(
                f"{_percent(each['recall'])} for {each['label']} ({each['faces']} faces)" for each in lowest)
    return ""


def _metrics(card, votes):
    if votes:
        text = ("Agreement with the majority is the fraction of faces for which the network predicts the majority "
                "label. It counts only faces on which more than half of the votes other than 'not a face' are for one "
                "expression. Agreement with the plurality is the same for the raters' plurality label, on every face "
                "with a vote for an expression. Soft cross-entropy is the mean cross-entropy of the raters' votes, in "
                "nats; the entropy of the votes is its minimum. The expected calibration error uses 15 bins and "
                "compares the largest probability with the fraction of raters who chose that expression. The "
                "equivalent jury is the number of raters whose averaged votes predict the other raters' votes as well "
                "as the network does. The figures of one rater give how often one human agrees with the other raters "
                "of the same face.")
        reference = "the raters' plurality label"
    else:
        text = ("Accuracy is the fraction of faces for which the network predicts FER2013's label. The expected "
                "calibration error uses 15 bins and compares the largest probability with the accuracy. Precision, "
                "recall and F1 are given for each label.")
        reference = "FER2013's label"
    unsure = card["unsure"]
    return (f"{text}\n\nIntervals are 95 % bootstrap intervals over faces. All figures are of a single forward pass, "
            "as served; flip averaging is reported separately. The network is unsure about a face if the largest "
            f"probability is below {unsure['threshold']:.2f}. This threshold was chosen on {unsure['chosen_on']}. "
            f"There the network is unsure about {_percent(unsure['share'])} of the faces, and "
            f"{_percent(unsure['error_rate'])} of its other predictions differ from {reference}.{_promise(votes)}"
            f"{_balanced(card)}{_unlike(card)}")


def _balanced(card):
    """A paragraph on the balanced prediction, or an empty string."""
    if "balanced" not in card:
        return ""
    balanced = card["balanced"]
    measured = {each["strength"]: each for each in balanced["figures"]["by_strength"]}
    votes, chosen = measured[0.0], measured[balanced["strength"]]
    return (f"\n\nThe votes have a prior: {balanced['priors']['votes']}. The balanced prediction is not votes. Its "
            f"prior is {balanced['priors']['balanced']}. It is for photos where frequent expressions are rarer than "
            f"there. Its log-probabilities are those of the votes plus the card's offsets: {balanced['rule']}, chosen "
            f"on {balanced['chosen_on']}. There {_percent(chosen['accuracy'])} of its predictions agree with the "
            f"plurality, of the votes' {_percent(votes['accuracy'])}; the mean recall of the labels is "
            f"{_percent(chosen['mean_recall'])} and {_percent(votes['mean_recall'])}.")


def _unlike(card):
    """A paragraph on the sign *unlike the training data*, or an empty string."""
    if "unlike" not in card:
        return ""
    sign = card["unlike"]
    return (f"\n\nThe second output is a distance. A face is {sign['rule']} ({sign['threshold']:.3f}, chosen on "
            f"{sign['chosen_on']}). The sign marks images without a face and strong blur, not drawings "
            "(docs/outside.md).")


def _promise(votes):
    """Where the error rate of the unsure threshold holds; measured in docs/outside.md."""
    if not votes:
        return " This rate is that of FER2013's images and labels; on other photos it must be measured again."
    return (" This rate is promised for images like FER2013's, against the plurality label of ten raters. On other "
            "photos more of these predictions differ from the photo's label: for jury-live 1.0.0 on news photos twice "
            "as many, about a third of them because the label is wrong (docs/outside.md).")


def _evaluation_data(votes):
    labels = (" The votes are those of FER+ (Barsoum et al. 2016): ten raters per image. Rows without a vote for an "
              "expression are left out." if votes else "")
    return (f"FER2013's PublicTest and PrivateTest, 3,589 rows each (Goodfellow et al. 2013).{labels} All choices were "
            "made on PublicTest; PrivateTest was evaluated once per published version. About a tenth of the images of "
            "each split have an exact or near-duplicate in Training (correlation above .95). The figures without "
            "near-duplicates are the better estimate for new images.")


def _training_data(card, votes):
    members = _members(card)
    if votes:
        targets = ("the fractions of the ten raters' votes for the eight expressions, as soft labels. Each face is "
                   "weighted by the number of its votes for an expression")
    elif any(each["label_smoothing"] for each in members):
        targets = "FER2013's labels, with label smoothing"
    else:
        targets = "FER2013's labels"
    return (f"FER2013's Training split, {TRAINING_IMAGES} rows of 48x48 gray pixels (md5 of the csv: "
            f"{card['training']['data_md5']}). This head was trained on {targets}. The trunk was trained on FER2013's "
            f"labels and FER+'s votes jointly.{_distillation(members)} The images come from a web image search for "
            "emotion words. They are licensed for research only and are not part of this project. Some show no face, "
            "some are drawings, and many are posed. The two label sets agree on 63 % of the faces, so the labels are "
            "noisy.")


def _distillation(members):
    """A sentence per distilled run, or an empty string."""
    return "".join(f" {each['recipe']} was distilled from {', '.join(each['teachers'])}: its targets are "
                   f"{each['teaching']:g} times the teachers' mean probabilities for the "
                   f"{'image without augmentation' if each.get('teachers_see') == 'clean' else 'same image'} plus "
                   f"{1 - each['teaching']:g} times the labels." for each in members if "teachers" in each)


def _analyses(card, votes):
    parts = [_split(name, card["figures"][name], votes) for name in ("PrivateTest", "PublicTest")
             if card["figures"][name]]
    if not card["figures"]["PrivateTest"]:
        parts.append("This version was not evaluated on PrivateTest: it is not a published version.")
    path = card["figures"].get("serving_path")
    if path:
        parts.append(f"Through the site's face detector and crop, {path['split']}: the detector finds "
                     f"{_percent(path['found'])} of the faces; on those: {_summary(path['figures'])}.")
    return "\n\n".join(parts)


def _split(name, split, votes):
    text = (f"{name}, {split['faces']:,} faces: {_summary(split['as_published'])}. Without the "
            f"{split['with_twin_in_training']} faces with a near-duplicate in Training: "
            f"{_summary(split['without_twins'])}. "
            f"Expected calibration error: {split['expected_calibration_error']:.3f}.")
    if votes and split.get("one_rater"):
        majority, plurality = (split["one_rater"][f"agreement_with_{label}"]["value"]
                               for label in ("majority", "plurality"))
        text += (f" One human rater: agreement with the majority {_percent(majority)}, "
                 f"with the plurality {_percent(plurality)}.")
    if split.get("equivalent_jury"):
        text += f" Equivalent jury: {equivalent(split['equivalent_jury'])}."
    if split.get("flip_averaging"):
        text += f" With flip averaging: {_summary(split['flip_averaging'])}."
    return text


def _ethics():
    return ("Expression recognition affects people who did not ask for it. The people in the training images "
            "never gave consent; none of the images is published here. Systems that claim to read feelings from "
            "faces have caused harm, and science does not support the claim (Barrett et al. 2019, 'Emotional "
            "Expressions Reconsidered'): people scowl without anger and smile without joy, and expressions differ "
            "between cultures. The output is therefore presented as votes on an expression, with its uncertainty, "
            "never as a person's feeling. FER+'s raters are few, paid, and of unknown background, and their biases "
            "are in the votes. Laws may prohibit this use in workplaces and education (European Union, Regulation "
            "2024/1689, article 5).")


def _caveats(votes):
    labels = ("Contempt, disgust and fear received few votes, and the network rarely predicts them. " if votes else
              "FER2013 has no label for contempt, and its single labels are often disputed: the raters' plurality "
              "label differs for a third of the faces. ")
    return (f"{labels}Real photos differ from FER2013's images: test the network on your own images before relying on "
            "a figure in this card. Show the whole distribution rather than the top label alone, and show when the "
            "network is unsure. Smooth over time in videos. The network does not work for faces below about 30 "
            "pixels, in profile, upside down or covered. Evaluate it again, by group of people, before any use that "
            "affects them.")


def _summary(summary):
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


def _percent(fraction):
    return f"{100 * fraction:.1f} %"
