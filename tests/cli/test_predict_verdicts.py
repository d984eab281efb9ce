"""`imdbsent predict`: a third label, what is shown of many, and what is said of texts in another language."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.errors import ExitCode
from imdbsent.writing.resume import ResumableOutput

TEXTS = ("great", "awful", "movie", "", "great awful", "great great", "zebra movie rare", "awful movie")


@pytest.fixture
def predict(run, tiny_bundle: Bundle):
    return lambda *arguments, stdin=b"": run("predict", "--model", str(tiny_bundle.directory), *arguments, stdin=stdin)


@pytest.fixture
def lines(tmp_path: Path) -> str:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n")
    return str(path)


def rows(result) -> list[dict[str, str]]:
    assert result.code == ExitCode.DONE, result.err
    return list(csv.DictReader(io.StringIO(result.out)))


@pytest.fixture
def usual(predict, lines: str) -> list[dict[str, str]]:
    """The results with all records in order."""
    return rows(predict("-f", lines, "--format", "csv"))


def is_one_line(result) -> bool:
    return bool(result.code == ExitCode.USAGE and result.out == "" and result.err.count("\n") == 1)


def test_probabilities_between_the_bounds_are_neutral_in_every_format(predict, lines: str, usual) -> None:
    low, high = sorted(float(row["probability"]) for row in usual if row["label"])[1], 0.97
    expected = [
        "" if not row["label"]
        else "neutral" if low <= float(row["probability"]) <= high
        else row["label"]
        for row in usual
    ]  # fmt: skip
    assert {"", "neutral", "negative", "positive"} == {*expected}
    bounds = f"{low - 1e-6}:{high}"  # the written one is rounded
    result = predict("-f", lines, "--neutral", bounds, "--format", "csv")
    assert [row["label"] for row in rows(result)] == expected
    assert f", {expected.count('neutral')} neutral · " in result.err
    assert result.err.startswith("8 texts read, 7 answered, 1 failed: ")
    tsv = predict("-f", lines, "--neutral", bounds, "--format", "tsv").out.split("\n")[:-1]
    assert [line.split("\t")[0] for line in tsv] == expected
    for name in ("json", "jsonl"):
        out = predict("-f", lines, "--neutral", bounds, "--format", name).out
        objects = json.loads(out) if name == "json" else [json.loads(line) for line in out.splitlines()]
        assert [one["label"] or "" for one in objects] == expected
    assert predict("-f", lines, "--neutral", bounds, "--format", "table").out.count("neutral") == expected.count(
        "neutral"
    )


def test_the_table_colors_it(predict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[33mneutral" in predict("movie", "--neutral", "0:1").out


@pytest.mark.parametrize("bounds", ["0.6:0.4", "0.5", "-1:0.5", "0:2", "nan:nan"])
def test_bounds_that_are_none_are_refused_in_a_line(predict, bounds: str) -> None:
    result = predict("great", f"--neutral={bounds}")
    assert is_one_line(result)
    assert "--neutral 0.4:0.6" in result.err


def test_bounds_and_a_threshold_are_refused_in_a_line(predict) -> None:
    assert is_one_line(predict("great", "--neutral", "0.4:0.6", "--threshold", "0.5"))


def test_only_the_negative_ones_with_their_numbers(predict, lines: str, usual) -> None:
    result = predict("-f", lines, "--only", "negative", "--format", "csv")
    expected = [{"record": str(i), **row} for i, row in enumerate(usual, 1) if row["label"] == "negative"]
    assert [dict(sorted(row.items())) for row in rows(result)] == [dict(sorted(row.items())) for row in expected]
    positive = sum(row["label"] == "positive" for row in usual)
    assert f"8 texts read, 7 answered, 1 failed: {positive} positive" in result.err
    assert f"· {len(expected)} of 8 selected ·" in result.err


def test_with_an_id_there_is_no_number(predict, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("id,record,text\na,x,great\nb,y,awful\n")
    options = ("-f", str(path), "--only", "negative", "--keep", "record", "--format", "jsonl")
    (with_id,) = [json.loads(line) for line in predict(*options, "--id-column", "id").out.splitlines()]
    assert (with_id["id"], with_id["record"]) == ("b", "y")
    (without,) = [json.loads(line) for line in predict(*options).out.splitlines()]
    assert (without["record"], without["input_record"]) == (2, "y")


def test_uncertain_is_near_the_threshold_or_neutral(predict, lines: str, usual) -> None:
    chosen = next(row for row in usual if row["text"] == "movie")
    threshold = float(chosen["probability"]) - 0.05
    near = [row["text"] for row in usual if row["label"] and abs(float(row["probability"]) - threshold) <= 0.1]
    assert "movie" in near
    assert len(near) < len(TEXTS) - 1
    out = predict("-f", lines, "--only", "uncertain", "--threshold", str(threshold), "--format", "csv")
    assert [row["text"] for row in rows(out)] == near
    out = predict("-f", lines, "--only", "uncertain", "--neutral", "0:0.3", "--format", "csv")
    assert [row["text"] for row in rows(out)] == [
        row["text"] for row in usual if row["label"] and float(row["probability"]) <= 0.3
    ]


@pytest.mark.parametrize("to_file", [False, True])
def test_sorted_results_come_in_order_and_those_without_a_verdict_last(
    predict, lines: str, usual, tmp_path: Path, to_file: bool
) -> None:
    out = tmp_path / "out.csv"
    options = ["-f", lines, "--sort", "probability", "--format", "csv", *(["-o", str(out)] if to_file else [])]
    result = predict(*options)
    content = out.read_text() if to_file else result.out
    probabilities = [row["probability"] for row in csv.DictReader(io.StringIO(content))]
    assert probabilities == [*sorted((row["probability"] for row in usual if row["label"]), reverse=True), ""]
    assert "8 of 8 selected" in result.err
    assert {path.name for path in tmp_path.iterdir() if "out" in path.name} == ({"out.csv"} if to_file else set())


def test_the_first_of_an_order(predict, lines: str, usual) -> None:
    by_confidence = sorted((row for row in usual if row["label"]), key=lambda row: abs(float(row["probability"]) - 0.5))
    result = predict("-f", lines, "--sort", "confidence", "--reverse", "--top", "2", "--format", "csv")
    assert [row["text"] for row in rows(result)] == [row["text"] for row in by_confidence[:2]]
    assert "2 of 8 selected" in result.err


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--top", "3"], "--top 3 --sort confidence"),
        (["--reverse"], "--reverse --sort confidence"),
        (["--sort", "probability", "--resume", "-o", "out.csv"], "one of the two"),
        (["--only", "bad"], "'positive', 'negative', 'uncertain'"),
    ],
)
def test_what_does_not_go_together_is_refused(predict, lines: str, options: list[str], hint: str) -> None:
    result = predict("-f", lines, *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert hint in result.err


def test_strict_looks_at_all_records_and_not_only_at_results(predict, lines: str) -> None:
    assert predict("-f", lines, "--only", "positive", "--strict").code == ExitCode.RECORDS_FAILED


def test_an_error_in_the_input_comes_after_the_results_before_it(predict, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("id,text\n1,awful\n2,great\n3,a,b\n")
    result = predict("-f", str(path), "--sort", "probability", "--format", "tsv")
    assert result.code == ExitCode.USAGE
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["positive", "negative"]


def test_parquet_has_the_numbers_of_records_as_integers(predict, lines: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed in the light environment")
    out = tmp_path / "out.parquet"
    assert predict("-f", lines, "--only", "negative", "-o", str(out)).code == ExitCode.DONE
    table = parquet.read_table(out)
    assert table.column_names[-2:] == ["record", "text"]
    assert [TEXTS[number - 1] for number in table["record"].to_pylist()] == table["text"].to_pylist()


@pytest.mark.parametrize("only", ["negative", "uncertain"])
def test_a_selection_is_resumed_after_a_stop(
    predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: str
) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS * 60))
    options = ["-f", str(path), "--only", only, "--neutral", "0.05:0.95"]
    whole = predict(*options, "-o", str(tmp_path / "whole.csv"))
    write = ResumableOutput.write

    def stop(self: ResumableOutput, *arguments) -> None:
        if self.reached.windows == 2:
            raise KeyboardInterrupt
        write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, "write", stop)
        assert predict(*options, "-o", str(tmp_path / "out.csv")).code == ExitCode.INTERRUPTED
    refused = predict(*options[:-4], "-o", str(tmp_path / "out.csv"), "--resume")
    assert refused.code == ExitCode.USAGE
    assert "was started with --" in refused.err
    resumed = predict(*options, "-o", str(tmp_path / "out.csv"), "--resume")
    assert "resuming after 192 records" in resumed.err
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert whole.err.partition(":")[2].partition(" selected")[0] in resumed.err


def test_what_is_selected_is_explained(predict, lines: str) -> None:
    result = predict("-f", lines, "--explain", "--only", "negative", "--sort", "confidence", "--format", "jsonl")
    objects = [json.loads(line) for line in result.out.splitlines()]
    assert [one["label"] for one in objects] == ["negative"] * len(objects)
    assert [TEXTS[one["record"] - 1] for one in objects] == [one["text"] for one in objects]
    assert all(one["contributions"] for one in objects)
    assert f"{len(objects)} of 8 selected" in result.err
    seen = predict("-f", lines, "--explain", "--only", "negative", "--format", "table").out
    assert "record 2: negative" in seen


def test_explanations_have_the_third_label(predict) -> None:
    assert "neutral  P(positive)" in predict("movie", "--explain", "--neutral", "0:1").out


def test_a_text_of_unknown_words_gets_a_warning_at_once(predict) -> None:
    result = predict("das ist ein movie")
    assert result.err == "most words of the text are unknown to the model; is it English?\n"
    assert predict("das ist ein movie", "-q").err == ""
    assert predict("great movie").err == ""


def test_many_texts_get_one_warning_at_the_end(predict) -> None:
    result = predict("-", stdin=b"great\nbonjour tout le monde\nganz schlecht, awful\nawful\n")
    (warning,) = result.err.splitlines()[1:]
    assert warning == "in 2 of 4 texts, most words are unknown to the model; are they English?"
    assert predict("-", "-q", stdin=b"bonjour\n").err == ""


def test_the_temperature_of_the_card_moves_every_probability_alike(run, predict, tiny_bundle: Bundle) -> None:
    card = tiny_bundle.card
    write_card(tiny_bundle.directory, type(card)(**{**vars(card), "temperature": 2.5}))
    (told,) = json.loads(predict("great movie", "--format", "json").out)
    (explained,) = json.loads(predict("great movie", "--explain", "--format", "json").out)
    traced = run("inspect", "trace", "great movie", "--model", str(tiny_bundle.directory), "--format", "jsonl")
    last = json.loads(traced.out.splitlines()[-1])
    assert explained["probability"] == told["probability"]
    assert last["probability"] == pytest.approx(told["probability"], abs=1e-6)
    assert explained["temperature"] == 2.5
