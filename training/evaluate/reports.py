"""Reports: the figures of a bundle as lines of text."""


def lines(split, figures):
    """The figures of one split (see evaluate.figures) as lines of text."""
    yield f"{split}: {figures['faces']} faces, {figures['with_twin_in_training']} with a near-duplicate in Training"
    for name, key in (("all rows", "as_published"), ("without near-duplicates", "without_twins"),
                      ("flip averaging", "flip_averaging"),
                      ("ten-crop averaging", "ten_crop_averaging"),
                      ("FER+'s published protocol, eight classes", "ferplus_protocol"),
                      ("one human rater", "one_rater")):
        if key in figures:
            yield f"  {name}"
            yield from _summary(figures[key])
    yield f"  expected calibration error {figures['expected_calibration_error']:.4f}"
    unsure = figures["unsure"]
    yield f"  unsure on {100 * unsure['share']:.1f} %; error rate of the others {100 * unsure['error_rate']:.1f} %"
    if figures.get("equivalent_jury"):
        jury = figures["equivalent_jury"]
        yield (f"  equivalent jury {equivalent(jury)}: "
               f"{jury['model']:.4f} nats per vote on {jury['faces']} faces; juries of 0 to 9: "
               + " ".join(f"{loss:.3f}" for loss in jury["curve"]))
    yield from _classes(figures)
    yield from _by_entropy(figures.get("by_entropy", []))


def comparison(names, test):
    """McNemar's test as one line."""
    return (f"correct on the same {test['faces']} faces of {test['split']}: only {names[0]} {test['only_a']}, "
            f"only {names[1]} {test['only_b']}; McNemar's exact test p = {test['p']:.3g}")


def serving(measured):
    """Figures through the site's own pipeline (see evaluate.serving_path) as lines of text."""
    yield (f"{measured['split']} through the site's detector and crop: {100 * measured['found']:.1f} % of "
           f"{measured['faces']} faces detected; on those")
    yield from _summary(measured["figures"])


def photos(name, figures):
    """Figures on photos of a labeled folder (see outside.figures) as text, line by line."""
    left_out = ", ".join(f"{count} {label}" for label, count in figures["left_out"].items())
    yield (f"{name}: {figures['photos']} photos, a face found on {_fraction(figures['found'])}, more than one on "
           f"{figures['several_faces']}" + (f"; only for the detector: {left_out}" if left_out else ""))
    yield f"  predicts one of {', '.join(figures['predicts'])}"
    mean = figures["mean_recall"]
    yield f"  accuracy of all {figures['evaluated']:6}     {_fraction(figures['accuracy'])}"
    yield f"  accuracy of the found      {_fraction(figures['accuracy_of_found'])}"
    yield f"  mean recall                {_interval(mean)}, of {', '.join(mean['labels'])}"
    if "balanced" in figures:
        yield (f"  balanced: accuracy of all  {_fraction(figures['balanced']['accuracy'])}, mean recall "
               f"{_interval(figures['balanced']['mean_recall'])}")
    if figures["unsure"]:
        yield (f"  of the found: expected calibration error {figures['expected_calibration_error']:.3f}, unsure "
               f"{_fraction(figures['unsure'])}, error of the sure {_fraction(figures['error_of_sure'])}")
    yield "  label         photos  found  recall of all            recall of the found"
    for each in figures["per_label"]:
        yield (f"    {each['label']:12}{each['photos']:6}{each['found']:7}  {_interval(each['recall']):24} "
               f"{_interval(each['recall_of_found'])}")
    yield "  confusion (rows: label of the folder; columns: predicted label)"
    yield " " * 15 + "".join(f"{label[:9]:>10}" for label in figures["confusion_columns"])
    for each, row in zip(figures["per_label"], figures["confusion"], strict=True):
        yield f"    {each['label']:11}" + "".join(f"{count:10}" for count in row)


def equivalent(jury):
    """An equivalent jury (see jury.equivalent_jury) in words."""
    largest = len(jury["curve"]) - 1
    raters = f"{largest} raters or more" if jury["raters"] >= largest else f"{jury['raters']:.1f} raters"
    return f"{raters} (95 % interval {jury['low']:.1f} to {jury['high']:.1f})"


def _summary(summary):
    for name, each in summary.items():
        value, low, high = each["value"], each["low"], each["high"]
        shown = (f"{value:.4f} ({low:.4f} to {high:.4f})" if "entropy" in name else
                 f"{100 * value:.2f} % ({100 * low:.2f} to {100 * high:.2f})")
        yield f"    {name.replace('_', ' '):26} {shown}, {each['faces']} faces"


def _classes(figures):
    yield f"  {'on ' + figures['classes_on']:22} precision  recall     F1  faces"
    for each in figures["per_class"]:
        yield (f"    {each['label']:20} {100 * each['precision']:8.1f} {100 * each['recall']:8.1f} "
               f"{100 * each['f1']:6.1f} {each['faces']:6}")
    labels = [each["label"] for each in figures["per_class"]]
    yield "  confusion matrix (rows: true label; columns: predicted label)"
    yield " " * 17 + "".join(f"{label[:9]:>10}" for label in labels)
    for label, row in zip(labels, figures["confusion"], strict=True):
        yield f"    {label:13}" + "".join(f"{count:10}" for count in row)


def _by_entropy(bands):
    if bands:
        yield "  by entropy of the ten votes (nats)"
    for band in bands:
        edges = ("all agree" if band["above"] is None else f"above {band['above']:.1f}" if band["to"] is None else
                 f"{band['above']:.1f} to {band['to']:.1f}")
        name = "accuracy" if "accuracy" in band else "agreement_with_plurality"
        yield (f"    {edges:12} {band['faces']:5} faces  {name.replace('_', ' ')} {100 * band[name]:5.1f} %  "
               f"cross-entropy {band['cross_entropy']:.3f}  one human rater {100 * band['one_rater']:5.1f} %")


def _fraction(measured):
    """A fraction as metrics.wilson gives it, with its interval and counts."""
    return f"{_interval(measured)}, {measured['hits']} of {measured['of']}" if measured else "–"


def _interval(measured):
    return f"{100 * measured['value']:.1f} % ({100 * measured['low']:.1f}-{100 * measured['high']:.1f})" \
        if measured else "–"
