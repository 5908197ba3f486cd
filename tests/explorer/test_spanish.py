"""The data pages in Spanish: filters, choices, numbers and errors; URL parameters, JSON and CSV stay the same."""

import re

import pytest

SPANISH = {"Accept-Language": "es"}


@pytest.fixture
def spanish(site):
    """spanish(path): the response to a Spanish browser, with the path under the data set's."""
    return lambda path: site.get(f"/data/drawn{path}", headers=SPANISH)


@pytest.mark.parametrize(("view", "texts"), [
    ("", ["Resumen", "Imágenes por etiqueta y partición"]), ("/map", ["Mapa", "Colorear por"]),
    ("/models", ["Matriz de confusión", "exhaustividad"]), ("/issues", ["Etiquetas dudosas", "Por etiqueta:"]),
    ("/samples/4", ["Fila 4", "Votos de los evaluadores"]), ("/you-against-ten?seed=1", ["¿Qué expresión ves?"])])
def test_page(spanish, view, texts):
    page = spanish(view)
    assert page.headers["Content-Language"] == "es" and all(text in page.text for text in texts)


def test_filters_keep_their_parameters_and_have_spanish_names(spanish):
    page = spanish("/browse?label=happiness,fear&twin=none&majority=none&surplus=no&confidence=0.5..1").text
    chips = re.findall(r'class="chip".*?<span>(.*?): <b>(.*?)</b>', page)
    assert chips == [("etiqueta", "alegría, miedo"), ("duplicado en otra partición", "sin duplicado"),
                     ("etiqueta mayoritaria", "ninguna"), ("duplicado de una fila anterior", "no"),
                     ("confianza de jury-drawn", "0.5..1")]
    assert '<option value="-label_quality">calidad de la etiqueta, descendente</option>' in page
    assert "label=happiness" in page and "label=alegr" not in page


def test_numbers_of_charts_are_spanish(spanish):
    cells = re.findall(r'<td class="number">([\d,.]+)</td>', spanish("").text)
    assert any("," in cell for cell in cells) and not any("." in cell for cell in cells)


def test_errors_are_spanish_on_pages_and_english_for_programs(site, spanish):
    page = spanish("/browse?page=0")
    assert page.status_code == 400 and "debe ser un número entero de 1 a 10000000" in page.text
    error = spanish("/browse.json?page=0").json["error"]["message"]
    assert error == "`page` must be an integer from 1 to 10000000, got '0'"
    assert "no tiene la fila 999999" in spanish("/samples/999999").text
    missing = site.get("/data/other", headers=SPANISH)
    assert missing.status_code == 404 and "No existe el conjunto de datos" in missing.text


def test_unusable_data_set_is_reported_in_spanish(make_client, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "summary.json").write_text('{"schema": 0}')
    client = make_client(tmp_path, tmp_path / "none")
    for path in ("/data", "/data/broken"):
        assert "se encontró la versión anterior 0" in client.get(path, headers=SPANISH).text
    assert "got the older version 0" in client.get("/data.json", headers=SPANISH).json["unusable"]["broken"]
