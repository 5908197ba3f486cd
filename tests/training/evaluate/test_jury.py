"""The equivalent jury, on simulated raters with known distributions."""

from itertools import permutations

import numpy as np
import pytest

from training.evaluate import jury

PRIOR = np.array([8, 7, 4, 4, 3, 1, 1, 0.5])
AGREEMENT = 2.0     # of the simulated faces: how close their distributions are to the prior


def simulated(faces, seed):
    """Faces with random vote distributions: the distributions, and the counts of ten votes."""
    rng = np.random.default_rng(seed)
    distributions = rng.dirichlet(AGREEMENT * PRIOR / PRIOR.sum(), faces)
    return distributions, np.stack([rng.multinomial(10, row / row.sum()) for row in distributions])


@pytest.fixture(scope="module")
def juries():
    return jury.Juries(simulated(4000, 1)[1], PRIOR)


@pytest.mark.parametrize("raters", [1, 3, 5, 8])
def test_model_made_of_k_raters_is_an_equivalent_jury_of_k(juries, raters):
    distributions, counts = simulated(6000, 2)
    rng = np.random.default_rng(3)
    others = np.stack([rng.multinomial(raters, row / row.sum()) for row in distributions])
    predicted = (others + AGREEMENT * PRIOR / PRIOR.sum()) / (raters + AGREEMENT)
    losses = -(counts / 10 * np.log(predicted)).sum(1)
    found = jury.equivalent_jury(juries, counts, losses, times=100)
    assert found["raters"] == pytest.approx(raters, abs=0.25 + 0.08 * raters)
    assert found["low"] < found["raters"] < found["high"]


def test_model_that_predicts_the_prior_is_an_equivalent_jury_of_zero(juries):
    _, counts = simulated(3000, 4)
    losses = -(counts / 10 * np.log(PRIOR / PRIOR.sum())).sum(1)
    assert jury.equivalent_jury(juries, counts, losses, times=50)["raters"] == pytest.approx(0, abs=0.02)


def test_model_that_knows_the_distributions_is_an_equivalent_jury_of_nine(juries):
    distributions, counts = simulated(3000, 5)
    losses = -(counts / 10 * np.log(np.maximum(distributions, 1e-9))).sum(1)
    assert jury.equivalent_jury(juries, counts, losses, times=50)["raters"] == 9


def test_chosen_smoothing_matches_the_simulation(juries):
    assert juries.smoothing[3] == pytest.approx(AGREEMENT, rel=0.15)


def test_larger_juries_have_lower_losses(juries):
    curve = juries.curve(simulated(2000, 6)[1]).mean(0)
    assert (np.diff(curve) < 0).all()


def test_losses_equal_the_mean_over_random_draws():
    votes = (0, 0, 0, 0, 1, 1, 2, 2, 2, 4)
    counts = np.bincount(votes, minlength=8)
    juries = jury.Juries.__new__(jury.Juries)
    juries.prior = PRIOR / PRIOR.sum()
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(20_000):
        order = rng.permutation(votes)
        predicted = (np.bincount(order[:3], minlength=8) + 0.7 * juries.prior) / 3.7
        drawn.append(-np.log(predicted[order[3:]]).mean())
    exact = juries.losses(counts[None], 3, 0.7)[0]
    assert exact == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(len(drawn)))


def test_one_rater_on_hand_computed_votes():
    votes = np.zeros((3, 10), int)
    votes[0, 1] = 10                        # all agree
    votes[1, [1, 2]] = 6, 4                 # six of ten agree with the others
    votes[2, [0, jury.UNKNOWN, jury.NOT_A_FACE]] = 4, 4, 2      # eight see a face, half of them neutral
    np.testing.assert_allclose(jury.one_rater(votes), [1, 0.6, 0.5])


def test_one_rater_averages_over_raters():
    people = (0, 0, 0, 1, 1, 1, 2, 2, 3, 3)
    votes = np.bincount(people, minlength=10)[None]
    hits = [np.bincount(people[:i] + people[i + 1:], minlength=8).argmax() == people[i] for i in range(10)]
    assert jury.one_rater(votes)[0] == pytest.approx(np.mean(hits))


def test_majority_is_more_than_half_of_the_votes_for_a_face():
    votes = np.zeros((4, 10), int)
    votes[0, [0, 1]] = 6, 4
    votes[1, [0, 1]] = 5, 5
    votes[2, [0, 1, jury.NOT_A_FACE]] = 5, 4, 1
    votes[3, [0, jury.UNKNOWN]] = 4, 6
    assert jury.has_majority(votes).tolist() == [True, False, True, False]


def test_equivalent_jury_is_interpolated():
    curve = [2.0, 1.5, 1.25, 1.2]
    assert [jury.equivalent(curve, loss) for loss in (2.5, 2.0, 1.75, 1.25, 1.225, 1.0)] == pytest.approx(
        [0, 0, 0.5, 2, 2.5, 3])


def test_draws_are_weighted_by_their_probability():
    drawn, weight = jury._draws((3, 2, 0), 2)
    counted = {}
    for order in set(permutations((0, 0, 0, 1, 1))):
        key = tuple(np.bincount(order[:2], minlength=3))
        counted[key] = counted.get(key, 0) + 1
    total = sum(counted.values())
    weights = zip(drawn.tolist(), weight, strict=True)
    assert {tuple(row): pytest.approx(probability) for row, probability in weights} == {
        key: count / total for key, count in counted.items()}


@pytest.mark.parametrize(("votes", "kept", "label"), [
    ((6, 4, 0, 0, 0, 0, 0, 0, 0, 0), True, 0),
    ((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), False, 0),                 # half is no majority
    ((0, 5, 1, 1, 1, 1, 1, 0, 0, 0), True, 1),                  # single votes are dropped first
    ((0, 0, 4, 2, 2, 0, 0, 0, 2, 0), False, 2),
    ((0, 0, 0, 0, 3, 0, 0, 0, 7, 0), False, 8),                 # unknown
    ((4, 0, 0, 0, 0, 0, 0, 0, 0, 6), False, 9),                 # not a face
    ((4, 1, 1, 0, 0, 0, 0, 0, 0, 4), False, 0),                 # votes for "not a face" count in the sum
])
def test_the_rows_of_the_published_protocol(votes, kept, label):
    rows, labels = jury.ferplus_protocol(np.array([votes]))
    assert (rows.tolist(), labels.tolist()) == ([kept], [label])
