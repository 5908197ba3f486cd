"""Reading FER2013 and FER+: contents, storage, and one-line errors that name the row."""

import gzip

import numpy as np
import pytest

from training.data import fer2013
from training.errors import TrainingError


def test_images_labels_votes_and_splits_are_read(faces):
    assert faces.images.shape == (96, 48, 48) and faces.images.dtype == np.uint8
    assert [len(faces.rows(split)) for split in fer2013.SPLITS] == [64, 16, 16]
    assert faces.labels[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert (faces.votes.sum(1) == 10).all()


def test_gzip_is_read_like_the_plain_file(synthetic, faces):
    synthetic.csv = synthetic.csv.with_suffix(".csv.gz")
    synthetic.write()
    again = fer2013.load(synthetic.csv, any_md5=True)
    assert again.md5 == faces.md5
    np.testing.assert_array_equal(again.images, faces.images)


def test_stored_images_are_loaded_without_parsing(synthetic, faces, tmp_path, monkeypatch):
    fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    monkeypatch.setattr(fer2013, "_parse", None)
    again = fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    np.testing.assert_array_equal(again.images, faces.images)


def test_changed_csv_is_parsed_again(synthetic, tmp_path):
    fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    synthetic.rows.pop()
    synthetic.write()
    assert len(fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True).images) == 95


@pytest.mark.parametrize("row, message", [
    ("3,1 2 x,Training", "row 3: pixels must be integers"),
    ("3,1 2 3", "row 3: expected 3 fields, got 2"),
    ("3," + " ".join(["9"] * 2303) + ",Training", "row 3: expected 2304 pixels, got 2303"),
    ("7," + " ".join(["9"] * 2304) + ",Training", "row 3: label '7'"),
    ("," + " ".join(["9"] * 2304) + ",Training", "row 3: label ''"),
    ("3," + " ".join(["256"] * 2304) + ",Training", "row 3: pixels must be 0-255"),
    ("3," + " ".join(["-1"] * 2304) + ",Training", "row 3: pixels must be 0-255"),
    ("3," + " ".join(["9"] * 2304) + ",Validation", "row 3: split 'Validation'"),
    ("3,99999999999999999999,Training", "row 3: pixels must be integers"),
])
def test_invalid_row_is_reported_by_its_number(synthetic, run_command, row, message):
    synthetic.rows[2] = row
    synthetic.write()
    status, _, err = run_command("fit", "jury-live", *synthetic.arguments)
    assert status == 2 and message in err and err.count("\n") == 1


@pytest.mark.parametrize("content, message", [
    (b"", "no rows"),
    (b"emotion,pixels,Usage\n", "no rows"),
    (b"label,image\n1,2\n", "got 'label,image'"),
    (b"\x89PNG\r\n\x1a\n\xff\xff", "the first line must be"),
])
def test_other_file_is_rejected(synthetic, run_command, content, message):
    synthetic.csv.write_bytes(content)
    status, _, err = run_command("fit", "jury-live", *synthetic.arguments)
    assert status == 2 and message in err and err.count("\n") == 1


@pytest.mark.parametrize("damage", [lambda whole: whole[:len(whole) // 2], lambda whole: b"no gzip",
                                    lambda whole: whole[:200] + b"\0" * 50 + whole[250:]])
def test_damaged_gzip_is_reported(synthetic, run_command, damage):
    whole = gzip.compress(synthetic.csv.read_bytes())
    synthetic.csv = synthetic.csv.with_suffix(".csv.gz")
    synthetic.csv.write_bytes(damage(whole))
    status, _, err = run_command("fit", "jury-live", *synthetic.arguments)
    assert status == 2 and "cannot be read" in err and err.count("\n") == 1


def test_missing_file_is_reported(synthetic, run_command, tmp_path):
    status, _, err = run_command("fit", "jury-live", "--data", tmp_path / "nowhere.csv")
    assert status == 2 and "no such file" in err and err.count("\n") == 1


def test_memory_mapped_images_survive_an_update_of_the_store(synthetic, faces, tmp_path):
    fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    mapped = fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    synthetic.rows = synthetic.rows[:5]
    synthetic.write()
    fer2013.load(synthetic.csv, store=tmp_path / "store", any_md5=True)
    np.testing.assert_array_equal(mapped.images, faces.images)


def test_unofficial_csv_needs_any_md5(synthetic, run_command):
    status, _, err = run_command("fit", "jury-live", "--data", synthetic.csv)
    assert status == 2 and "is not the official FER2013 csv" in err and "--any-md5" in err


def test_number_of_votes_must_match_the_images(synthetic, run_command):
    synthetic.vote_rows.pop()
    synthetic.write()
    status, _, err = run_command("fit", "jury-live", *synthetic.arguments)
    assert status == 2 and "95 rows of votes for 96 images" in err


def test_votes_with_other_splits_are_rejected(synthetic, run_command):
    synthetic.vote_rows[0], synthetic.vote_rows[-1] = synthetic.vote_rows[-1], synthetic.vote_rows[0]
    synthetic.write()
    status, _, err = run_command("fit", "jury-live", *synthetic.arguments)
    assert status == 2 and "row 1: " in err and "row-aligned" in err


@pytest.mark.parametrize("row, message", [
    ("Training,a.png,1,2,3", "row 2: votes"),
    ("Training,a.png,11,0,0,0,0,0,0,0,0,0", "row 2: votes"),
    ("Training,a.png,x,0,0,0,0,0,0,0,0,0", "row 2: votes"),
])
def test_invalid_row_of_votes_is_reported(synthetic, row, message):
    synthetic.vote_rows[1] = row
    synthetic.write()
    with pytest.raises(TrainingError, match=message):
        fer2013.load(synthetic.csv, synthetic.votes, any_md5=True)


def test_votes_without_a_column_are_rejected(synthetic):
    synthetic.votes.write_text("neutral,happiness\n1,2\n")
    with pytest.raises(TrainingError, match="no column 'surprise'"):
        fer2013.load(synthetic.csv, synthetic.votes, any_md5=True)


def test_ferplus_head_needs_votes(synthetic, run_command, tmp_path, tiny):
    synthetic.votes.unlink()
    status, _, err = run_command("fit", "tiny", *synthetic.arguments)
    assert status == 2 and "--votes" in err
