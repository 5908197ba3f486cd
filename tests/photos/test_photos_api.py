"""The API with the real detector and network: explanations, previews, memory, and that nothing is stored."""

import io
import logging
import os
import sys
import tempfile
from pathlib import Path

import pytest
import skimage.data
import stubs
from PIL import Image

from webapp import create_app
from webapp.settings import ROOT

LANDMARKS = ('{"right_eye": [0.399, 0.199], "left_eye": [0.484, 0.203], "nose": [0.441, 0.254], '
             '"mouth": [0.439, 0.293]}')


@pytest.fixture(scope="module", params=["in process", "ray"])
def real(request):
    app = request.getfixturevalue("ray_app") if request.param == "ray" else create_app({})
    return app.test_client()


def astronaut(kind="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, kind, **options)
    return file.getvalue()


def send(client, path, data=None, **form):
    data = astronaut() if data is None else data
    return client.post(f"/api/v1/{path}", data={"picture": (io.BytesIO(data), "a.jpg"), **form})


def send_raw(client, path, data):
    """Like `send`, but encodes the form here: the test client would write a large one to a temporary file."""
    head = (b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n")
    return client.post(f"/api/v1/{path}", data=head + data + b"\r\n--edge--\r\n",
                       content_type="multipart/form-data; boundary=edge")


def test_explanation_returns_crop_and_occlusion_map(real):
    response = send(real, "explanations").json
    assert response["expression"] == "happiness"
    assert len(response["crop"]) == len(response["crop"][0]) == 48
    assert len(response["map"]) == len(response["map"][0]) == 12
    by_landmarks = send(real, "explanations", landmarks=LANDMARKS, expression="surprise").json
    assert by_landmarks["expression"] == "surprise"
    assert abs(by_landmarks["crop"][20][20] - response["crop"][20][20]) < 60


@pytest.mark.parametrize(("form", "status", "code"), [
    ({"face": "1"}, 404, "no_such_face"), ({"face": "-1"}, 400, "bad_face"), ({"landmarks": "{}"}, 400, "bad_face"),
    ({"landmarks": LANDMARKS.replace("0.399", "1e99")}, 400, "bad_face"), ({"expression": "joy"}, 404, "no_such_face"),
    ({"landmarks": LANDMARKS.replace("0.484, 0.203", "0, NaN")}, 400, "bad_face"),
    ({"model": "none"}, 400, "unknown_model")])
def test_invalid_explanation_request_is_rejected(real, form, status, code):
    response = send(real, "explanations", **form)
    assert (response.status_code, response.json["error"]["code"]) == (status, code)


def test_coincident_landmarks_are_rejected(real):
    same = '{"right_eye": [0.4, 0.4], "left_eye": [0.4, 0.4], "nose": [0.4, 0.4], "mouth": [0.4, 0.4]}'
    assert send(real, "explanations", landmarks=same).status_code == 400


def test_preview_is_upright_and_small(real):
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new("RGB", (3000, 2000), "navy").save(file, "JPEG", exif=exif)
    response = send(real, "previews", file.getvalue())
    assert response.content_type == "image/jpeg"
    assert Image.open(io.BytesIO(response.data)).size == (853, 1280)


def test_preview_of_invalid_data_is_rejected(real):
    response = send(real, "previews", b"text")
    assert (response.status_code, response.json["error"]["code"]) == (400, "not_a_picture")


def test_nothing_is_stored(tmp_path, monkeypatch, caplog):
    """No file is opened for writing while images are read, and nothing of them is logged."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    client = create_app({}).test_client()
    client.get("/photos")
    written = []

    def watch(event, arguments):
        if event == "open" and watching and _writes(*arguments):
            written.append(arguments[0])
        if event in ("os.rename", "os.mkdir", "os.link", "os.symlink") and watching:
            written.append(event)

    watching = False
    sys.addaudithook(watch)
    caplog.set_level(logging.DEBUG)
    large = astronaut("PNG", compress_level=0)          # larger than what Werkzeug keeps in memory by default
    assert len(large) > 600_000
    watching = True
    try:
        responses = [send_raw(client, "readings", large), send_raw(client, "explanations", astronaut()),
                   send_raw(client, "previews", large), send_raw(client, "readings", b"secret words, not an image")]
    finally:
        watching = False
    assert [response.status_code for response in responses] == [200] * 4
    assert written == []
    assert list(tmp_path.iterdir()) == []
    text = caplog.text
    assert "secret" not in text and "a.jpg" not in text and "JFIF" not in text


def _writes(path, mode, flags):
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    write_flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    return (isinstance(mode, str) and any(letter in mode for letter in "wax+")) or bool((flags or 0) & write_flags)


def test_peak_memory_is_bounded(real):
    """Decoding an image of the maximum size needs little more than its pixels: 4 bytes per pixel, 256 MB."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = io.BytesIO()
    Image.new("1", (8000, 8000)).save(file, "PNG")
    response = send(real, "readings", file.getvalue()).json["readings"][0]
    assert response["reading"]["picture"] == {"width": 8000, "height": 8000}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 450_000     # kB


def test_multiple_images_keep_order_and_have_individual_errors(real):
    data = {"picture": [(io.BytesIO(astronaut()), "a.jpg"), (io.BytesIO(b"x"), "b.jpg"),
                        (io.BytesIO(stubs.jpeg(1, 1)), "c.jpg")]}
    readings = real.post("/api/v1/readings", data=data).json["readings"]
    assert [one["name"] for one in readings] == ["a.jpg", "b.jpg", "c.jpg"]
    assert readings[0]["reading"]["faces"][0]["expression"] == "happiness"
    assert readings[1]["error"]["code"] == "not_a_picture"
    assert readings[2]["reading"]["faces"] == []


def test_photo_page_has_its_elements(client):
    page = client.get("/photos").text
    for element in ("pick-files", "pick-folder", "chips", "votes", "grid", "single", "contact-sheet", "videos"):
        assert f'id="{element}"' in page
    assert Path(ROOT / "static" / "js" / "pages" / "photos.js").is_file()
