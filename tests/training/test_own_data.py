from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode, ImdbsentError, RowsInvalid, TextsShared, TooFewTexts, UsageProblem
from imdbsent.reading.labeled import Example, LabelRules, read_examples
from imdbsent.reading.options import ReadOptions
from imdbsent.training.data import TrainingData
from imdbsent.training.own_data import content_sha256, is_trained_on, read_folds, read_own_data
from imdbsent.training.request import OwnData

Rows = list[tuple[str, int | str, str]]



def table(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label", "film"), *rows])
    return path


def rows(number: int, *, films: int = 10, start: int = 0) -> Rows:
    return [(f"text {i}", i % 2, f"film {(i // 2) % films}") for i in range(start, start + number)]


def tree(root: Path, number: int, start: int = 0) -> Path:
    for kind in ("pos", "neg"):
        (root / kind).mkdir(parents=True)
        for i in range(start, start + number):
            (root / kind / f"{i}.txt").write_text(f"{kind} text {i}")
    return root


def own(source: Path, **options: Any) -> OwnData:
    return replace(OwnData(str(source)), **options)


def read(source: Path, *, seed: int = 7, **options: Any) -> TrainingData:
    return read_own_data(own(source, **options), seed)


def message(expected: type[ImdbsentError], source: Path, **options: Any) -> str:
    with pytest.raises(expected) as caught:
        read(source, **options)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def texts(examples: Iterable[Example]) -> set[str]:
    return {example.text for example in examples}


def test_a_tenth_of_each_class_is_held_out_and_nothing_is_lost(tmp_path: Path) -> None:
    data = read(table(tmp_path / "mine.csv", rows(100)))
    assert (len(data.train), len(data.validation)) == (90, 10)
    assert sum(example.label for example in data.validation) == 5
    assert texts(data.train) | texts(data.validation) == {f"text {i}" for i in range(100)}
    assert [int(example.text[5:]) for example in data.train] == sorted(int(example.text[5:]) for example in data.train)
    assert data.split == "validation"
    assert data.notes[0] == "90 texts to learn from (50 % positive), 10 to validate on (50 %), held out"


def test_the_seed_and_the_fraction_decide_which(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.csv", rows(100))
    first = read(path)
    assert read(path) == first
    assert read(path, seed=8).validation != first.validation
    assert read(path, seed=8).sha256 != first.sha256
    assert len(read(path, validation_fraction=0.3).validation) == 30


def test_of_a_group_all_texts_are_on_one_side(tmp_path: Path) -> None:
    for seed in range(5):
        data = read(table(tmp_path / "mine.csv", rows(200, films=30)), group_column="film", seed=seed)
        assert 10 <= len(data.validation) <= 30
        assert not {e.group for e in data.train} & {e.group for e in data.validation}
        assert data.notes[0].endswith("held out, no 'film' in both")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh "), st.integers(0, 1), st.sampled_from("ABCDEF")), min_size=40),
    st.booleans(),
    st.integers(0, 5),
)
def test_no_text_and_no_group_is_on_both_sides_whatever_the_file_holds(
    tmp_path: Path, found: list[tuple[str, int, str]], grouped: bool, seed: int
) -> None:
    # 20 texts of their own beside some that are repeated, in groups and under labels as they come
    own: Rows = [(f"text {i}", i % 2, f"film {i}") for i in range(20)]
    path = table(tmp_path / "mine.csv", own + [(f"some {letter}", label, film) for letter, label, film in found])
    data = read(path, group_column="film" if grouped else None, seed=seed)
    key = {part: {" ".join(text.split()) for text in texts(getattr(data, part))} for part in ("train", "validation")}
    assert not key["train"] & key["validation"]
    if grouped:
        assert not {e.group for e in data.train} & {e.group for e in data.validation}
    else:
        assert len(data.train) + len(data.validation) == 20 + len(found)


def test_copies_of_a_text_are_on_one_side_and_told(tmp_path: Path) -> None:
    copies: Rows = [("Text  1", 1, "x"), (" TEXT 1\n", 1, "x"), ("text 3", 0, "x"), ("text 5", 0, "x")]
    for seed in range(10):
        data = read(table(tmp_path / "mine.csv", rows(40) + copies), seed=seed)
        sides = [{e.text.strip().lower().replace("  ", " ") for e in part} for part in (data.train, data.validation)]
        assert not sides[0] & sides[1]
        assert len(data.train) + len(data.validation) == 44
    assert data.notes[1] == "4 texts are copies of earlier ones; all copies of a text are in the same part"
    # the header is line 1, so that text 3 is on line 5
    assert data.notes[2] == "the same text has both labels: positive in line 5, negative in line 45 (and 1 more)"


def test_a_text_of_two_groups_is_learned_from_and_not_validated_on(tmp_path: Path) -> None:
    spam: Rows = [("Great!", 1, f"film {i}") for i in range(10)]
    data = read(table(tmp_path / "mine.csv", rows(200) + spam), group_column="film")
    assert "Great!" in texts(data.train) - texts(data.validation)
    assert not {e.group for e in data.train} & {e.group for e in data.validation}
    (note,) = [note for note in data.notes if note.startswith("not validated on")]
    assert note.endswith("the same text is learned from, in line 203 ('film')")


def test_texts_to_validate_on_can_be_named(tmp_path: Path) -> None:
    data = read(table(tmp_path / "mine.csv", rows(100)), validation=str(table(tmp_path / "v.csv", rows(30, start=100))))
    assert texts(data.train) == {f"text {i}" for i in range(100)}
    assert texts(data.validation) == {f"text {i}" for i in range(100, 130)}
    assert f"30 to validate on (50 %), from '{tmp_path / 'v.csv'}'" in data.notes[0]
    folder = tree(tmp_path / "v", 15)
    assert texts(read(tmp_path / "mine.csv", validation=str(folder)).validation) >= {"pos text 0", "neg text 14"}


def test_a_tree_is_divided_or_has_a_part_of_its_own(tmp_path: Path) -> None:
    flat = read(tree(tmp_path / "flat", 50))
    assert (len(flat.train), len(flat.validation)) == (90, 10)
    assert flat.train[0].where == "neg/0.txt"
    root = tmp_path / "mine"
    tree(root / "train", 50)
    assert len(read(root).validation) == 10
    tree(root / "test", 4, start=100)
    data = read(root)
    assert (len(data.train), len(data.validation)) == (100, 8)
    assert f"from '{root / 'test'}'" in data.notes[0]
    tree(root / "validation", 3, start=200)
    assert len(read(root).validation) == 6
    assert len(read(root, validation=str(root / "test")).validation) == 8


def test_the_hash_is_that_of_texts_labels_and_parts_whatever_the_file(tmp_path: Path) -> None:
    data = read(table(tmp_path / "mine.csv", rows(100)))
    assert data.sha256 == content_sha256(data.train, data.validation)
    assert read(table(tmp_path / "other.csv", [*rows(99), ("text 99", "POSITIVE", "x")])).sha256 == data.sha256
    lines = "".join(f'{{"label": {i % 2}, "text": "text {i}"}}\n' for i in range(100))
    (tmp_path / "mine.jsonl").write_text(lines)
    assert read(tmp_path / "mine.jsonl").sha256 == data.sha256
    assert content_sha256(data.train, ()) != content_sha256((), data.train)
    flipped = [Example(e.text, 1 - e.label, e.where, None) for e in data.train]
    assert content_sha256(flipped, data.validation) != data.sha256


def test_how_little_few_texts_tell_is_told(tmp_path: Path) -> None:
    data = read(table(tmp_path / "mine.csv", rows(1_000)))
    # Wilson's interval of 50 in 100 is 40.4 % to 59.6 %
    assert data.notes[-1] == "only 100 texts to validate on: the accuracy is known to within 10 points"
    assert not any("points" in note for note in read(tmp_path / "mine.csv", validation_fraction=0.4).notes)


def test_texts_that_are_in_both_named_parts_are_an_error_that_names_both_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "mine.csv", rows(100))
    other = table(tmp_path / "v.csv", [*rows(30, start=100), ("Text 3 ", 1, "x"), ("text 4", 0, "x")])
    told = message(TextsShared, path, validation=str(other))
    assert f"the text of line 32 of {str(other)!r} is also that of line 5 of {str(path)!r} (and 1 more)" in told
    assert "or leave --validation out" in told
    both = table(tmp_path / "w.csv", rows(30))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    told = message(TextsShared, Path("-"), validation=str(both))
    assert "is also that of line 2 of standard input (and 29 more)" in told
    root = tmp_path / "tree"
    tree(root / "train", 20)
    tree(root / "test", 20, start=19)
    told = message(TextsShared, root)
    assert f"neg/19.txt of '{root / 'test'}'" in told
    assert f"type: imdbsent train '{root / 'train'}'" in told


def test_groups_that_are_in_both_named_parts_are_an_error(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.csv", rows(100))
    found: Rows = [("new", 1, "x"), ("new too", 0, "film 3"), ("old", 1, "y"), ("and so on", 0, "y")]
    other = table(tmp_path / "v.csv", found)
    assert "the 'film' of line 3 of" in message(TextsShared, path, group_column="film", validation=str(other))
    assert len(read(path, validation=str(other)).validation) == 4
    other.write_text("text,label\nnew,1\nold,0\n")
    told = message(UsageProblem, path, group_column="film", validation=str(other))
    assert told.endswith("(there are: text, label). Add it, or type: the same command without --group-column")
    assert message(UsageProblem, path, group_column="flim").endswith("Type: --group-column film")


@pytest.mark.parametrize(
    ("found", "parts"),
    [
        (rows(19), ["has 19 texts", "at least 20 are needed"]),
        ([*rows(40)[::2], *rows(6)[1::2]], ["has 1 positive text to learn from", "at least 2 are needed"]),
    ],
)
def test_too_few_texts_are_an_error(tmp_path: Path, found: Rows, parts: list[str]) -> None:
    told = message(TooFewTexts, table(tmp_path / "mine.csv", found))
    assert told.endswith(". Type the path of a larger file" if len(found) < 20 else ". Label more positive texts")
    for part in ["mine.csv", *parts]:
        assert part in told


def test_groups_that_cannot_be_divided_are_an_error_that_says_so(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.csv", rows(100, films=2))
    told = message(TooFewTexts, path, group_column="film")
    assert "has 0 positive texts to validate on when its 2 groups of 'film' are kept whole" in told
    assert "--validation-fraction" in told
    assert len(read(path, group_column="film", validation_fraction=0.5).validation) == 50


def test_parts_that_cannot_be_dealt_out_are_an_error_with_what_can(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.csv", rows(100, films=3))
    for count, group_column, fewer in ((60, None, 5), (5, "film", 3)):
        with pytest.raises(TooFewTexts) as caught:
            read_folds(own(path, group_column=group_column), count, 7)
        assert str(caught.value).endswith(f"at least 2 are needed. Type: --cross-validate {fewer}")
    assert len(read_folds(own(path, group_column="film"), 3, 7)) == 3


def test_the_fewest_texts_are_enough(tmp_path: Path) -> None:
    data = read(table(tmp_path / "mine.csv", rows(20)))
    assert (len(data.train), len(data.validation)) == (16, 4)


def test_what_is_wrong_with_a_named_part_is_told_of_that_part(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.csv", rows(100))
    other = table(tmp_path / "v.csv", [("", 1, "x"), ("b", "?", "y")])
    told = message(RowsInvalid, path, validation=str(other))
    assert f"rows of {str(other)!r} cannot be used: line 2: the text is blank; line 3: the label '?'" in told


def test_groups_are_those_of_files(tmp_path: Path) -> None:
    root = tree(tmp_path / "mine", 20)
    assert "is a folder" in message(UsageProblem, root, group_column="film")
    path = table(tmp_path / "mine.csv", rows(100))
    assert "is a folder" in message(UsageProblem, path, group_column="film", validation=str(root))


def test_a_folder_that_is_no_tree_is_an_error_with_what_to_do(tmp_path: Path, tiny_tree: Path) -> None:
    (tmp_path / "mine" / "pos").mkdir(parents=True)
    told = message(UsageProblem, tmp_path / "mine")
    assert "has neither pos and neg, nor train" in told
    assert "imdbsent train" in told
    told = message(UsageProblem, tiny_tree)
    assert f"holds the IMDB reviews. Type: imdbsent train --data '{tiny_tree}'" in told
    path = table(tmp_path / "mine.csv", rows(100))
    tree(tmp_path / "v" / "train", 5)
    told = message(UsageProblem, path, validation=str(tmp_path / "v"))
    assert "neither validation nor test" in told


def test_nothing_of_it_imports_keras_or_onnx(tmp_path: Path) -> None:
    import subprocess

    path = table(tmp_path / "mine.csv", rows(100))
    code = (
        "import sys; from imdbsent.training.own_data import read_own_data;"
        "from imdbsent.training.request import OwnData;"
        f"read_own_data(OwnData({str(path)!r}), 7);"
        "sys.exit(bool({'keras', 'tensorflow', 'onnx', 'onnxruntime', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_both_rules_leave_rows_out_and_bad_rows_are_skipped_in_both_files(tmp_path: Path) -> None:
    labels = {0: "bad", 1: "good"}
    named: Rows = [(text, labels[int(label)], film) for text, label, film in rows(60)]
    path = table(tmp_path / "mine.csv", [*named, ("it was on", "so-so", "x"), ("", "good", "x"), ("no label", "", "x")])
    held = table(tmp_path / "held.csv", [("a", "good", ""), ("b", "BAD", ""), ("c", "good", ""), ("d", "", "")])
    held.write_text(held.read_text() + "e,bad,y\n")
    options: dict[str, Any] = {
        "read": ReadOptions(skip_bad=True, command="train"),
        "positive": ("good",),
        "negative": (" Bad",),
    }
    data = read(path, **options)
    assert len(data.train) + len(data.validation) == 60
    data = read(path, validation=str(held), **options)
    assert (len(data.train), len(data.validation)) == (60, 4)
    told = message(RowsInvalid, path, read=options["read"])
    assert told.endswith("(and 61 more). Type: --positive good --negative bad")


def test_files_of_any_kind_are_learned_from(tmp_path: Path) -> None:
    expected = read(table(tmp_path / "mine.csv", rows(40)))
    lines = [f"__label__{label} {text}\n" for text, label, _ in rows(40)]
    (tmp_path / "mine.txt").write_text("".join(lines))
    (tmp_path / "mine.json").write_text(json.dumps([{"label": label, "text": text} for text, label, _ in rows(40)]))
    (tmp_path / "semicolons.csv").write_text("".join(f"{label};{text}\n" for text, label, _ in rows(40)), "utf-16")
    numbers = ReadOptions(header=False, text_column="2", label_column="1", command="train")
    plain = ReadOptions(command="train")
    for name, options in (("mine.txt", plain), ("mine.json", plain), ("semicolons.csv", numbers)):
        assert read(tmp_path / name, read=options).sha256 == expected.sha256, name


def test_texts_of_standard_input_are_split_and_a_note_says_how_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "mine.csv", rows(40))
    with path.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        data = read_own_data(OwnData("-"), 7)
    assert data.sha256 == read(path).sha256
    assert any(note.endswith("imdbsent train --resume < FILE") for note in data.notes)


def test_a_model_is_known_to_be_trained_on_a_file_by_the_hash_in_its_card(tmp_path: Path, tiny_bundle: Bundle) -> None:
    path = table(tmp_path / "mine.csv", [*rows(100), *rows(3)])
    data = read(path, seed=9)
    card = replace(tiny_bundle.card, seed=9, data_sha256=data.sha256)
    examples = read_examples(str(path), LabelRules(), allow_blank=True)
    assert is_trained_on(card, examples)
    assert not is_trained_on(card, examples[1:])
    assert not is_trained_on(card, ())
    assert not is_trained_on(replace(card, seed=8), examples)
    assert not is_trained_on(replace(card, data_sha256=""), examples)
    grouped = read(path, seed=9, group_column="film")
    assert not is_trained_on(replace(card, data_sha256=grouped.sha256), examples)
