"""The queue of the zoo: order, resumption, a stop that loses nothing, tables after each row, hours left."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from training import cli, recipes
from training.backend import device
from training.data.fer2013 import Faces
from training.errors import TrainingError
from training.fit.loop import Run
from training.zoo import compare, documents, left, plan, published, queue, speed, tables
from training.zoo.published import Published

CHEAP, DEAR = "nama.seven", "razzano"
OPTIONS = ("--data", "faces.csv", "--any-md5", "--seeds", "1")


def run(*words):
    return cli.main([*map(str, words)])


@pytest.fixture
def zoo(site, monkeypatch):
    """The site with a zoo of two rows, two epochs and one epoch long, of known size."""
    rows = (Published(CHEAP, "Nama", "cheap", 60.0, "FER2013"), Published(DEAR, "Razzano", "dear", 53.0, "FER2013"))
    for module in (published, tables, documents):
        monkeypatch.setattr(module, "ROWS", rows)
        monkeypatch.setattr(module, "AFFECTNET_ROWS", ())
    monkeypatch.setattr(documents, "SWEEPS", ())
    real = recipes.load
    epochs = {CHEAP: 1, DEAR: 2}
    monkeypatch.setattr(recipes, "load", lambda name, **changes: real(
        name, **{"epochs": epochs[name], "batch_size": 16, **changes}))
    compare.write(CHEAP, {"multiply_adds": 5_500_000, "milliseconds": {"1": 1.0, "32": 1.0}})
    compare.write(DEAR, {"multiply_adds": 9_600_000, "milliseconds": {"1": 1.0, "32": 1.0}})
    monkeypatch.setattr(speed, "PROBE_SECONDS", 0.0)
    return site


def stored(name):
    return compare.results()[name]


def rates(folder):
    return speed.Rates(folder / "instance" / "runs" / speed.FILE, device())


def test_rows_are_trained_cheapest_first_and_the_tables_written_after_each(zoo, capsys, monkeypatch):
    rates(zoo).put(CHEAP, 1000.0)
    written = []
    real = cli.zoo._write_tables
    monkeypatch.setattr(cli.zoo, "_write_tables", lambda own: written.append(sorted(
        name for name, each in compare.results().items() if "PrivateTest" in each)) or real(own))
    assert run("zoo", "run", *OPTIONS) == 0
    out = capsys.readouterr().out
    assert out.index(f"finished {CHEAP}") < out.index(f"finished {DEAR}")
    assert out.rstrip().endswith("nothing is left")
    assert written[:2] == [[CHEAP], sorted([CHEAP, DEAR])]
    result = stored(DEAR)
    assert result["epochs"] == 2 and result["milliseconds"] == {"1": 1.0, "32": 1.0}
    assert result["curve"]["epoch"] == [1, 2] and len(result["curve"]["public_accuracy"]) == 2
    matrix = result["PrivateTest"]["confusion"]
    assert sum(map(sum, matrix)) == 20
    assert sum(matrix[i][i] for i in range(7)) / 20 == pytest.approx(result["PrivateTest"]["accuracy"])
    table = json.loads((zoo / "static" / "zoo.json").read_text())["rows"]
    assert next(row for row in table if row["recipe"] == DEAR)["cut"] is False
    assert run("zoo", "left", *OPTIONS) == 0
    assert capsys.readouterr().out.strip() == "nothing is left"


def test_on_a_gpu_the_dearest_row_is_first(zoo):
    rates(zoo).put(CHEAP, 1000.0)
    left = _queue(zoo).left()
    assert [job.name for job in left] == [CHEAP, DEAR]
    assert [job.measured for job in left] == [True, False]
    assert left[1].rate == pytest.approx(1000 * 5.5 / 9.6)
    assert left[1].seconds == pytest.approx(left[1].images / left[1].rate)
    assert [job.name for job in _queue(zoo, on_gpu=True).left()] == [DEAR, CHEAP]


def _queue(folder, **changes):
    from training.data import fer2013
    from training.evaluate.test_set import TestSet
    faces = fer2013.load(folder / "faces.csv", None, any_md5=True)
    return queue.Queue(TestSet(faces), folder / "instance" / "runs", rates(folder), lambda: None,
                       **{"seeds": 1, "report": lambda line: None} | changes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_queue_with_a_checkpoint_and_it_resumes(zoo, capsys, monkeypatch, number):
    real = Run.train_step

    def signaled(run_, batch):
        if run_.recipe.name == DEAR and run_.step == 4:
            os.kill(os.getpid(), number)
        return real(run_, batch)

    monkeypatch.setattr(Run, "train_step", signaled)
    rates(zoo).put(CHEAP, 1000.0)
    before = signal.getsignal(signal.SIGTERM)
    assert run("zoo", "run", *OPTIONS, "--any-md5") == 130
    out, err = capsys.readouterr()
    assert "run the same command to resume" in err
    assert "left: 1 row" in out.splitlines()[-1]
    assert signal.getsignal(signal.SIGTERM) is before
    assert "PrivateTest" in stored(CHEAP) and "PrivateTest" not in stored(DEAR)
    assert (zoo / "docs" / "zoo.md").is_file()
    monkeypatch.setattr(Run, "train_step", real)
    assert run("zoo", "run", *OPTIONS) == 0
    assert "resuming at step" in capsys.readouterr().out
    assert stored(DEAR)["epochs"] == 2


def test_processes_share_the_queue(zoo, capsys):
    rates(zoo).put(CHEAP, 1000.0)
    folder = zoo / "instance" / "runs" / CHEAP
    with queue._lock(folder / queue.RUN_LOCK, wait=False) as locked:        # as another process holds it
        assert locked
        assert run("zoo", "run", *OPTIONS) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("left: 1 row")
        assert "PrivateTest" in stored(DEAR) and "PrivateTest" not in stored(CHEAP)
    assert run("zoo", "run", *OPTIONS) == 0
    assert "PrivateTest" in stored(CHEAP)


def test_a_row_done_before_its_lock_was_taken_is_not_done_again(zoo, monkeypatch):
    here, there = _queue(zoo), _queue(zoo)
    before = here.left()
    there.run()
    answers = [before]
    real = here.left
    monkeypatch.setattr(here, "left", lambda: answers.pop() if answers else real())
    monkeypatch.setattr(here, "_do", lambda job: pytest.fail(f"{job.title} is done twice"))
    here.run()


def test_rates_of_several_processes_are_kept(zoo):
    here, there = rates(zoo), rates(zoo)
    here.put(CHEAP, 10.0)
    there.put(DEAR, 20.0)
    assert rates(zoo).measured == {CHEAP: 10.0, DEAR: 20.0}


def test_what_is_left_includes_rows_that_were_not_chosen(zoo):
    rates(zoo).put(CHEAP, 1000.0)
    assert run("zoo", "run", DEAR, *OPTIONS) == 0
    assert list(left.stored()["rows"]) == [CHEAP]


def test_hours_stored_for_the_same_device_are_kept_where_the_speed_is_unknown(zoo):
    rates(zoo).put(CHEAP, 1000.0)
    _queue(zoo).write()
    before = left.stored()
    assert before["rows"][DEAR]["hours"] is not None
    (zoo / "instance" / "runs" / speed.FILE).unlink()
    _queue(zoo).write()
    assert left.stored() == before
    left.PATH.write_text(json.dumps(before | {"device": "another"}))
    _queue(zoo).write()
    assert left.stored()["rows"][DEAR] == {"hours": None, "measured": False}


def test_a_row_that_fails_is_reported_and_the_others_go_on(zoo, capsys):
    folder = zoo / "instance" / "runs" / CHEAP
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").write_bytes(b"no archive")
    rates(zoo).put(DEAR, 1000.0)
    assert run("zoo", "run", *OPTIONS) == 2
    assert "not a readable checkpoint" in capsys.readouterr().err


def test_a_run_of_another_recipe_is_left_out(zoo, capsys):
    assert run("fit", CHEAP, "--data", "faces.csv", "--any-md5", "--set", "learning_rate=0.5") == 0
    assert run("zoo", "run", *OPTIONS) == 0
    out = capsys.readouterr().out
    assert f"failed: {CHEAP}: " in out and "is from another recipe" in out
    assert stored(DEAR)["epochs"] == 2


def test_cheap_rows_get_further_seeds_once_they_are_whole(zoo, monkeypatch):
    write_litert, converted = compare.write_litert, []
    monkeypatch.setattr(compare, "write_litert", lambda *args: converted.append(args) or write_litert(*args))
    assert run("zoo", "run", DEAR, "--data", "faces.csv", "--any-md5", "--seeds", "3") == 0
    assert len(converted) == 1, "the first seed's alone, as only its file's size is recorded"
    result = stored(DEAR)
    assert sorted(result["seeds"]) == ["1", "2"]
    assert set(result["seeds"]["1"]) == {"PublicTest", "PrivateTest", "epochs"}
    table = json.loads((zoo / "static" / "zoo.json").read_text())["rows"]
    row = next(row for row in table if row["recipe"] == DEAR)
    assert row["seeds"] == 3
    assert row["private_lowest"] <= row["private"] <= row["private_highest"]
    assert "3 seeds: " in (zoo / "docs" / "zoo.md").read_text()


WHOLE = {"multiply_adds": 9_600_000, "epochs": 2, "curve": {"epoch": [1, 2]},
         "PublicTest": {"accuracy": 0.4}, "PrivateTest": {"accuracy": 0.5, "confusion": []}}


def test_where_no_speed_is_known_further_seeds_are_left_and_measured_first(zoo, monkeypatch):
    compare.write(DEAR, WHOLE)
    lines = []
    waiting = _queue(zoo, seeds=3, only=(DEAR,), report=lines.append)
    assert [(job.title, job.rate) for job in waiting.left()] == [(f"{DEAR}, seed 1", None), (f"{DEAR}, seed 2", None)]
    assert queue.summary(waiting.left()).endswith("2 further runs for records and seeds, 0.0 hours and 2 not measured")
    monkeypatch.setattr(waiting, "_do_first", lambda: False)
    waiting.run()
    assert [line.split(":")[0] for line in lines] == [DEAR, "left"], "measured once for both"
    assert [job.title for job in waiting.left()] == [f"{DEAR}, seed 1", f"{DEAR}, seed 2"]
    monkeypatch.setattr(plan, "SEVERAL_SEEDS_BELOW", 1e-9)
    assert waiting.left() == []


def test_seeds_of_a_row_whose_speed_cannot_be_measured_are_left_out(zoo, monkeypatch):
    compare.write(DEAR, WHOLE)

    def fails(*args):
        raise TrainingError("too few steps")

    monkeypatch.setattr(speed, "measure", fails)
    lines = []
    _queue(zoo, seeds=3, only=(DEAR,), report=lines.append).run()
    assert lines == ["nothing is left", *(f"failed: {DEAR}, seed {seed}: too few steps" for seed in (1, 2))]


def test_further_seeds_before_the_first_are_kept_and_not_shown(zoo):
    accuracy = {"PublicTest": {"accuracy": 0.4}, "PrivateTest": {"accuracy": 0.5}, "epochs": 2}
    compare.record(DEAR, 1, accuracy)
    assert run("zoo", "left", *OPTIONS, "--write") == 0
    rows = json.loads((zoo / "static" / "zoo.json").read_text())["rows"]
    assert next(row for row in rows if row["recipe"] == DEAR)["seeds"] is None
    assert run("zoo", "run", DEAR, *OPTIONS) == 0
    assert stored(DEAR)["seeds"]["1"]["PrivateTest"] == 0.5 and "PrivateTest" in stored(DEAR)


def test_seeds_are_stored_in_their_order_whichever_ends_first(zoo):
    compare.write(DEAR, WHOLE)
    accuracy = {"PublicTest": {"accuracy": 0.4}, "PrivateTest": {"accuracy": 0.5}, "epochs": 2}
    for seed in (10, 2, 1):
        compare.record(DEAR, seed, accuracy)
    assert list(stored(DEAR)["seeds"]) == ["1", "2", "10"]


def test_speed_measures_every_row_left(zoo, capsys):
    assert run("zoo", "speed", *OPTIONS) == 0
    assert set(rates(zoo).measured) == {CHEAP, DEAR}
    out = capsys.readouterr().out
    assert "images/s" in out and "estimated" not in out and "left: 2 rows" in out
    assert not list((zoo / "instance" / "runs").glob("*/checkpoint.npz"))


def test_sweeps_can_be_trained_for_a_common_fraction():
    folder = Path("nowhere")
    jobs = plan.jobs(_faces("fer2013"), folder, {}, speed.Rates(folder, "tensorflow cpu"), sweep_fraction=0.2)
    epochs = {job.name: job.epochs for job in jobs}
    assert epochs["hameed"] == 30                       # the row every sweep starts from stays whole
    assert epochs["hameed.sgd"] == epochs["hameed.rate-0.001"] == 6
    assert epochs["hameed.epochs-75"] == 15
    assert epochs["nama"] == 30


def _faces(label_set, count=640):
    labels = np.arange(count) % 7
    return Faces(np.zeros((count, 2, 2), np.uint8), labels.astype(np.uint8), np.zeros(count, np.uint8), None, "",
                 label_set=label_set)


def test_affectnet_has_rows_of_its_own_on_a_tenth_of_it():
    folder = Path("nowhere")
    jobs = plan.jobs(_faces("affectnet", 3500), folder, {}, speed.Rates(folder, "tensorflow cpu"))
    steps = {job.name: job.steps_per_epoch for job in jobs}
    assert set(steps) == {row.recipe for row in published.AFFECTNET_ROWS}
    assert steps["valero.cao"] == 350 // 32                 # a tenth, in batches of 32
    assert steps["valero.two-streams-whole"] == 3500 // 32


def test_every_point_of_a_sweep_is_a_row():
    known = {row.recipe for row in published.ROWS}
    for sweep in published.SWEEPS:
        assert {recipe for _, recipe in sweep.points} <= known
        assert {row.document for row in published.ROWS if row.recipe in dict(map(reversed, sweep.points))} == {
            sweep.document}


def test_cost_of_what_is_left_is_in_the_tables(zoo, capsys):
    rates(zoo).put(CHEAP, 60 / 3600 / 2)                # images per second
    assert run("zoo", "left", *OPTIONS, "--write") == 0
    stored_left = left.stored()
    assert set(stored_left["rows"]) == {CHEAP, DEAR}
    hours = stored_left["rows"][CHEAP]["hours"]
    assert hours == pytest.approx(48 / 60 * 2, abs=0.01) and stored_left["rows"][CHEAP]["measured"]
    assert "**Left**: 2 rows with " in (zoo / "docs" / "zoo.md").read_text()
    page = json.loads((zoo / "static" / "documents.json").read_text())["documents"]
    assert {row["recipe"]: row["hours_left"] for one in page for row in one["rows"]} == {
        name: each["hours"] for name, each in stored_left["rows"].items()}
    assert run("zoo", "run", *OPTIONS) == 0
    assert left.stored()["rows"] == {}
    assert "**Left**" not in (zoo / "docs" / "zoo.md").read_text()


def test_a_cut_row_says_what_it_would_cost():
    remaining = {"device": "tensorflow cpu", "cores": 2, "rows": {"a": {"hours": 61.2}, "b": {"hours": 2.345}}}
    assert tables._cost({"recipe": "a"}, remaining) == ", 61 h left"
    assert tables._cost({"recipe": "b"}, remaining) == ", 2.3 h left"
    assert tables._cost({"recipe": "c"}, remaining) == ""
    assert "2 rows with 64 hours" in left.summary(remaining) and "1 of them with at most 40" in left.summary(remaining)


def test_fraction_out_of_range_is_an_error(zoo, capsys):
    assert run("zoo", "left", *OPTIONS, "--sweep-fraction", "0") == 2
    assert "above 0 and at most 1" in capsys.readouterr().err


def test_the_mlp_resumes_to_the_same_weights(site, faces):
    from training.evaluate.test_set import TestSet
    from training.zoo import mlp
    tests = TestSet(faces)
    mlp.train(tests, 2, print, site / "mlp")
    assert plan._done(site / "mlp") == 2
    assert speed.run_rate(site / "mlp") > 0
    resumed = mlp.train(tests, 4, print, site / "mlp")
    whole = mlp.train(tests, 4, print)
    assert resumed["curve"] == whole["curve"] and len(whole["curve"]["loss"]) == 4
    assert resumed["PrivateTest"] == whole["PrivateTest"]


def test_the_mlp_ends_once_its_loss_no_longer_falls():
    from training.zoo.mlp import converged
    falling = [{"loss": 2.0 - 0.1 * epoch} for epoch in range(5)]
    assert not converged(falling)
    assert not converged(falling + [{"loss": 1.6}] * 10)
    assert converged(falling + [{"loss": 1.6}] * 11)


def test_the_size_of_the_file_is_of_the_run_and_its_speed_as_measured_before(zoo):
    compare.write(CHEAP, {"bytes": 77, "weights": "float64", "milliseconds": {"1": 3.0, "32": 2.0}})
    assert run("zoo", "run", CHEAP, *OPTIONS) == 0
    result = stored(CHEAP)
    assert result["bytes"] > {"float16": 2, "float32": 4}[result["weights"]] * result["parameters"]
    assert result["milliseconds"] == {"1": 3.0, "32": 2.0}


def test_without_tensorflow_a_row_has_no_size_of_another_runs_file(zoo, monkeypatch):
    monkeypatch.setattr(compare, "has_package", lambda name: False)
    compare.write(CHEAP, {"bytes": 77, "weights": "float16", "milliseconds": {"1": 3.0, "32": 2.0}})
    assert run("zoo", "run", CHEAP, *OPTIONS) == 0
    result = stored(CHEAP)
    assert "bytes" not in result and "weights" not in result
    assert result["milliseconds"] == {"1": 3.0, "32": 2.0} and result["multiply_adds"] > 1_000_000
