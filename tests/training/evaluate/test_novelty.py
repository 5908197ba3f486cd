import numpy as np

from training.evaluate import novelty


def test_energy_is_the_negative_logsumexp():
    logits = np.array([[0.0, 0.0], [1000.0, 0.0]])
    assert np.allclose(novelty.energy(logits), [-np.log(2), -1000])
    assert np.allclose(novelty.energy(logits, 2.0), [-2 * np.log(2), -1000])
    assert novelty.max_logit(logits).tolist() == [0, -1000]
    assert np.allclose(novelty.max_probability(logits), [-0.5, -1])


def test_distances_grow_away_from_the_training_data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    features = rng.normal(0, 1, (400, 4)) * (1, 1, 1, 0.1) + 5 * np.eye(4)[labels]
    far, scaled = features + (0, 0, 9, 0), features + (0, 0, 0, 1)
    distance = novelty.Mahalanobis(features, labels)
    assert distance(features).mean() < distance(far).mean() and distance(scaled).min() > distance(features).mean()
    for near in (novelty.NearestNeighbors(features, k=5), novelty.Prototypes(features, count=4)):
        assert near(features).mean() < near(far).mean()


def test_the_threshold_flags_the_fraction_it_promises():
    scores = np.arange(1000.0)
    assert (scores > novelty.threshold(scores, 0.01)).mean() == 0.01
