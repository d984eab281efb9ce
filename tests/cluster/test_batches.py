from __future__ import annotations

import csv
import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.cluster.batches import PREDICT_DDL, BatchClassifier, loaded, pack
from imdbsent.errors import InvalidOptions, UsageProblem

TEXTS = ["great movie", "awful", None, "", b"\xff great", "great " * 20, "zebra", 5]
VERDICT = ["label", "probability", "tokens", "truncated", "unknown", "problem"]


@pytest.fixture
def classify(tiny_bundle: Bundle) -> BatchClassifier:
    return BatchClassifier(pack(tiny_bundle), text_column="body")


def test_verdicts_are_those_of_the_classifier(classify: BatchClassifier, tiny_bundle: Bundle) -> None:
    texts = ["great movie", "awful", "", "great " * 20, "zebra"]
    alone = Classifier(tiny_bundle).predict(texts)
    rows = classify.judge(texts).rows()
    assert [list(row) for row in rows] == [VERDICT] * 5
    for row, prediction in zip(rows, alone):
        assert row["label"] == prediction.label
        assert row["problem"] == prediction.problem
        assert (row["tokens"], row["truncated"]) == (prediction.tokens, prediction.truncated)
        assert row["probability"] == pytest.approx(prediction.probability, abs=1e-6)


def test_a_bad_value_has_its_reason_and_stops_nothing(classify: BatchClassifier) -> None:
    judged = classify.judge(TEXTS, [None] * 7 + ["damaged"])
    assert judged.columns["problem"] == [
        None, None, "blank", "blank", "not valid UTF-8 at byte 0", None, "no known words", "damaged",
    ]  # fmt: skip
    assert judged.columns["truncated"] == [False] * 5 + [True, False, False]
    assert judged.text[2:5] == ["", "", "� great"]
    assert classify.judge([5, ["x"]]).columns["problem"] == ["'body' is int, not a text", "'body' is list, not a text"]


def test_a_lone_surrogate_costs_one_row_its_verdict(classify: BatchClassifier, tiny_bundle: Bundle) -> None:
    judged = classify.judge(["great \ud800", "great"])
    alone = Classifier(tiny_bundle).predict(["great \ud800", "great"])
    assert judged.columns["problem"] == [prediction.problem for prediction in alone]
    assert judged.text == ["great \ufffd", "great"]


def test_one_text_or_one_name_instead_of_several_is_refused(classify: BatchClassifier, tiny_bundle: Bundle) -> None:
    with pytest.raises(TypeError, match=r"judge\(\[text\]\)"):
        classify.judge("great")
    with pytest.raises(TypeError, match=r"keep=\['stars'\]"):
        BatchClassifier(pack(tiny_bundle), keep="stars")
    with pytest.raises(TypeError, match="an array or a list, not str"):
        classify({"body": "great"})


def test_threshold_and_neutral_are_heeded(tiny_bundle: Bundle) -> None:
    assert BatchClassifier(pack(tiny_bundle), threshold=1.0).judge(["great"]).columns["label"] == ["negative"]
    assert BatchClassifier(pack(tiny_bundle), neutral=(0, 1)).judge(["great"]).columns["label"] == ["neutral"]


def test_long_texts_are_judged_in_parts(classify: BatchClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = classify.judge(["great", "awful movie"] * 20)
    monkeypatch.setattr("imdbsent.cluster.batches.AT_ONCE", 10)
    assert classify.judge(["great", "awful movie"] * 20).text == whole.text
    assert classify.judge(["great", "awful movie"] * 20).columns["label"] == whole.columns["label"]


def test_an_arrow_table_keeps_its_columns_and_their_types(classify: BatchClassifier) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    stars = pa.array([1, None, 3], pa.int8())
    when = pa.array([0, None, 10**9 + 1], pa.timestamp("ns", "UTC"))
    table = pa.table({"rid": ["a", "b", "c"], "body": ["great", None, "awful"], "stars": stars, "when": when})
    result = classify(table)
    assert result.column_names == [*VERDICT, "rid", "stars", "when", "text"]
    assert result.column("stars").chunk(0).equals(stars)
    assert result.column("when").chunk(0).equals(when)
    assert result.column("text").to_pylist() == ["great", "", "awful"]
    assert result.column("label").to_pylist() == ["positive", None, "negative"]
    assert str(result.schema.field("tokens").type) == "int32"
    assert classify(table.slice(0, 0)).schema == result.schema


def test_a_text_of_arrow_may_have_any_type_of_text(classify: BatchClassifier) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    texts = pa.array(["great", None, "awful"])
    views = [pa.string_view()] if hasattr(pa, "string_view") else []  # pyarrow 15 has none
    for kind in (pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()), *views):
        result = classify(pa.table({"body": texts.cast(kind)}))
        assert result.column("label").to_pylist() == ["positive", None, "negative"], kind
    broken = pa.array([b"\xff great", b"great"]).cast(pa.binary()).view(pa.string())
    assert classify(pa.table({"body": broken})).column("label").to_pylist() == [None, "positive"]


def test_a_record_batch_and_a_dict_come_back_as_they_are(classify: BatchClassifier) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert isinstance(classify(pa.RecordBatch.from_pydict({"body": ["great"]})), pa.RecordBatch)
    result = classify({"body": np.array(["great", None], object), "n": np.array([1, 2])})
    assert list(result) == [*VERDICT, "n", "text"]
    assert result["label"].tolist() == ["positive", None]
    assert np.isnan(result["probability"][1])
    assert result["n"].tolist() == [1, 2]


def test_a_dict_may_hold_lists(classify: BatchClassifier) -> None:
    result = classify({"body": ["great", None, float("nan")], "n": [1, 2, 3]})
    assert result["label"].tolist() == ["positive", None, None]
    assert result["n"] == [1, 2, 3]


def test_a_column_that_is_missing_or_there_twice_is_named(classify: BatchClassifier) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with pytest.raises(KeyError, match="no column 'body', only 'text'"):
        classify({"text": ["great"]})
    for names in (["body", "body", "n"], ["body", "n", "n"]):
        with pytest.raises(InvalidOptions, match=f"two columns of the batch are called '{names[1]}'"):
            classify(pa.table([["great"]] * 3, names=names))


@pytest.mark.slow
def test_names_of_columns_may_be_numbers_and_are_texts_in_the_results(tiny_bundle: Bundle) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.read_csv(io.StringIO("7,great,3\n8,awful,4\n"), header=None)
    for number in (1, "1"):
        result = BatchClassifier(pack(tiny_bundle), text_column=number, id_column=0)(frame)
        assert list(result.columns) == ["id", *VERDICT, "2", "text"]
        assert result[["id", "label", "2"]].values.tolist() == [[7, "positive", 3], [8, "negative", 4]]


@pytest.mark.slow
def test_a_frame_with_a_lone_surrogate_or_two_columns_of_a_name(classify: BatchClassifier) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    result = classify(pd.DataFrame({"body": pd.Series(["great \ud800", "great"], dtype=object)}))
    assert result["problem"].tolist()[0] == "not valid Unicode: lone surrogate at character 6"
    assert result["label"].tolist()[1] == "positive"
    with pytest.raises(InvalidOptions, match="two columns of the batch are called 'body'"):
        classify(pd.DataFrame([["great", "awful"]], columns=["body", "body"]))


@pytest.mark.slow
def test_a_frame_of_another_library_is_refused_with_what_to_pass(classify: BatchClassifier) -> None:
    pl = pytest.importorskip("polars", reason="polars is not installed")
    frame = pl.DataFrame({"body": ["great"]})
    with pytest.raises(TypeError, match=r"not a polars.DataFrame. Pass: batch.to_arrow\(\)"):
        classify(frame)
    assert classify(frame.to_arrow()).column("label").to_pylist() == ["positive"]


@pytest.mark.slow
def test_a_frame_keeps_its_index_and_has_nulls_of_every_kind(classify: BatchClassifier) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    texts = ["great", None, float("nan"), pd.NA, pd.NaT, "awful"]
    frame = pd.DataFrame({"body": pd.Series(texts, dtype=object), "n": range(6)})
    frame.index = pd.Index(list("abcdef"))
    result = classify(frame)
    assert list(result.columns) == [*VERDICT, "n", "text"]
    assert list(result.index) == list("abcdef")
    assert [label for label in result["label"] if isinstance(label, str)] == ["positive", "negative"]
    assert result["problem"].tolist()[1:5] == ["blank"] * 4
    (again,) = classify.frames([frame])
    assert again.equals(result)


@pytest.mark.slow
def test_an_id_comes_first_and_what_is_kept_may_be_chosen(tiny_bundle: Bundle) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame({"rid": [7], "text": ["great"], "label": ["x"], "stars": [3]})
    packed = pack(tiny_bundle)
    assert list(BatchClassifier(packed, id_column="rid")(frame).columns) == [
        "id", *VERDICT, "input_label", "stars", "text",
    ]  # fmt: skip
    assert list(BatchClassifier(packed, keep=["stars"])(frame).columns) == [*VERDICT, "stars", "text"]
    with pytest.raises(UsageProblem, match="two columns"):
        BatchClassifier(packed, keep=["stars", "stars"])


@pytest.mark.slow
def test_it_has_the_columns_that_one_machine_writes(run, tiny_bundle: Bundle, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = [{"n": "1", "body": "great movie"}, {"n": "2", "body": ""}, {"n": "3", "body": "awful zebra"}]
    path = tmp_path / "rows.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    options = ["--text-column", "body", "--keep", "n", "--format", "csv"]
    result = run("predict", "--model", str(tiny_bundle.directory), "-f", str(path), *options)
    there = list(csv.DictReader(io.StringIO(result.out)))
    ours = BatchClassifier(pack(tiny_bundle), text_column="body")(pd.DataFrame(rows))
    assert list(ours.columns) == list(there[0])
    for row, other in zip(ours.to_dict("records"), there):
        assert (row["n"], row["text"]) == (other["n"], other["text"])
        if other["label"]:
            assert row["label"] == other["label"]
            assert row["probability"] == pytest.approx(float(other["probability"]), abs=1e-6)


def test_it_travels_with_its_model_and_loads_the_network_once_a_process(classify: BatchClassifier) -> None:
    loaded.cache_clear()
    content = pickle.dumps(classify)
    assert b"InferenceSession" not in content
    one, other = pickle.loads(content), pickle.loads(content)
    assert one.judge(["great"]) == other.judge(["great"]) == classify.judge(["great"])
    assert loaded.cache_info().misses == 1
    assert classify.classifier.engine.threads == 1


def test_a_predict_function_gives_the_fields_of_the_declaration(classify: BatchClassifier) -> None:
    columns = classify.predict_function()(np.array(["great", None], object))
    assert list(columns) == [field.split()[0] for field in PREDICT_DDL.split(", ")]
    assert columns["tokens"].dtype == np.int32
    assert columns["label"].tolist() == ["positive", None]


def test_importing_it_imports_no_engine() -> None:
    program = "import sys, imdbsent.cluster.batches; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"ray", "pyspark", "daft", "pandas", "pyarrow", "onnxruntime", "tensorflow"}
    assert not heavy & {module.partition(".")[0] for module in result.stdout.split()}
