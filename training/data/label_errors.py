"""Which labels look wrong, ranked by cleanlab from predictions that did not see the row.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels".
"""

import numpy as np


def label_errors(labels, probabilities):
    """Quality of each label, float32 (n,), 0 (surely wrong) to 1; and bool (n,), thought to be wrong.

    labels: uint8 (n,). probabilities: float32 (n, labels), out of sample, rows sum to 1.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    labels = labels.astype(np.int64)
    score = get_label_quality_scores(labels, probabilities, method="normalized_margin")
    issues = find_label_issues(labels, probabilities, filter_by="both", n_jobs=1)
    return score.astype(np.float32), issues


def against_votes(score, wrong, face):
    """How well a low score finds the labels that the raters disagree with: {figure: value}.

    score: float32 (n,). wrong: bool (n,), the raters' plurality is another label. face: bool (n,).
    """
    from sklearn.metrics import roc_auc_score

    score, wrong = score[face], wrong[face]
    if wrong.all() or not wrong.any():
        return {}
    order = np.argsort(score, kind="stable")
    return {"auroc": round(float(roc_auc_score(wrong, -score)), 4),
            "share_of_all": round(float(wrong.mean()), 4),
            **{f"share_of_first_{count}": round(float(wrong[order[:count]].mean()), 4)
               for count in (100, 1000) if count <= len(score)}}
