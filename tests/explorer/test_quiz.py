"""You against ten: which faces are drawn, and what the page and its JSON contain."""

import pytest

from webapp.explorer import queries

URL = "/data/drawn/you-against-ten"


def test_a_seed_gives_the_same_twenty_faces_of_the_last_split(site, dataset):
    found = site.get(f"{URL}.json?seed=7").json
    assert found == site.get(f"{URL}.json?seed=7").json
    assert found["faces"] != site.get(f"{URL}.json?seed=8").json["faces"]
    assert len({face["row"] for face in found["faces"]}) == 20
    splits = {row["split"] for row in dataset.rows([face["row"] for face in found["faces"]], _view(dataset))}
    assert splits == {"PrivateTest"} == {dataset.summary["splits"][-1]}


def test_faces_have_ten_votes_and_the_models_prediction(site, dataset):
    found = site.get(f"{URL}.json?model=seven-drawn").json
    assert found["model"] == "seven-drawn"
    for face in found["faces"]:
        row = dataset.sample(face["row"], _view(dataset))["sample"]
        assert face["answer"] == row["seven-drawn.answer"]
        assert face["votes"] == {name: row[f"votes_{name}"] for name in dataset.summary["vote_names"]}
        assert sum(face["votes"].values()) == 10


def test_filters_restrict_the_faces(site):
    found = site.get(f"{URL}.json?label=fear&split=Training").json
    assert found["filters"] == {"label": "fear", "split": "Training"} and 0 < len(found["faces"]) <= 20
    assert all(face["votes"]["fear"] > 0 for face in found["faces"])
    assert site.get(f"{URL}.json?label=fear&entropy=5..").json["faces"] == []


def test_constant_images_are_left_out(site):
    faces = site.get(f"{URL}.json?split=Training&row=2,3,4").json["faces"]
    assert sorted(face["row"] for face in faces) == [2, 4]


def test_page_without_a_seed_redirects_to_random_faces_and_keeps_the_filters(site):
    response = site.get(f"{URL}?label=fear")
    assert response.status_code == 302
    assert "label=fear" in response.location and "seed=" in response.location
    page = site.get(response.location)
    assert page.status_code == 200 and 'data-label="contempt"' in page.text and 'data-label="nf"' not in page.text


def test_page_without_images_says_how_to_install_them(bare_site):
    text = bare_site.get(f"{URL}?seed=1").text
    assert "How to install them" in text and "/models/raters" in text and "explorer-quiz.js" not in text


@pytest.mark.parametrize("seed", ["0", "-1", "x", "1000000", "1.5"])
def test_invalid_seeds_are_rejected(site, seed):
    response = site.get(f"{URL}.json?seed={seed}")
    assert response.status_code == 400
    assert "`seed` must be an integer from 1 to 999999" in response.json["error"]["message"]


def _view(dataset):
    return queries.parse([], dataset.summary)
