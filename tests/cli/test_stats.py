from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from imdbsent.cli import app
from imdbsent.cli._charts import HISTOGRAM_HEIGHT, histogram
from imdbsent.cli._console import FigureFormat
from imdbsent.cli.stats import StatsSplit, stats
from imdbsent.dataset import corpus, describe
from imdbsent.dataset.statistics import SPLITS, Bin
from imdbsent.errors import ExitCode
from tests.test_processes import HEAVY, imported, on_terminal

SHIPPED_NOTE = "these figures come with imdbsent; to recompute them: imdbsent stats --recompute\n"


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\ngood good fun,fine\nbad bad dull,poor\n", encoding="utf-8")
    return path


def test_before_the_reviews_are_there_the_shipped_figures_answer_and_say_so(run) -> None:
    result = run("stats", "--num-words", "10000")
    assert result.code == ExitCode.DONE
    for part in ("234.75892", "172.91149", "9,998 distinct", "50,000", "8.07%", "train/pos/1175_9.txt"):
        assert part in result.out
    assert result.err == SHIPPED_NOTE


def test_quiet_says_nothing_but_the_figures(run) -> None:
    assert run("stats", "--quiet").err == ""


def test_a_question_beyond_the_shipped_figures_needs_the_reviews(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    result = run("stats", "--num-words", "5000")
    assert result.code == ExitCode.MISSING
    assert result.out == ""
    assert "--data PATH" in result.err


def test_json_has_every_field_and_csv_a_figure_a_line(run) -> None:
    found = json.loads(run("stats", "--split", "train", "--format", "json").out)
    assert (found["split"], found["lengths"]["mean"]) == ("train", describe.read_shipped().train.lengths.mean)
    assert len(found["frequent"]) == 10
    rows = list(csv.DictReader(io.StringIO(run("stats", "--format", "csv").out)))
    values = {(row["figure"], row["item"]): row["value"] for row in rows}
    assert values["reviews", "train/positive"] == "12500"
    assert values["length", "mean"] == "234.75892"
    assert values["vocabulary", "distinct_ids"] == "9998"
    assert values["reviews_of_stars", "10"] == "9731"
    assert values["length_percentile", "50"] == "176"
    assert float(values["telling_word_negative", "bad"]) > 40


def test_a_tree_is_counted_once_and_answered_from_the_cache_then(
    run, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("stats", "--data", str(tiny_tree), "--format", "json")
    assert "counting the words" in first.err
    assert "train/neg has 5 of 12,500" in first.err
    monkeypatch.setattr("imdbsent.dataset.describe.read_reviews", pytest.fail)
    second = run("stats", "--data", str(tiny_tree), "--format", "json")
    assert second.out == first.out
    assert "counting" not in second.err
    assert json.loads(run("stats", "--data", str(tiny_tree), "--num-words", "6", "--format", "json").out) != first


def test_a_cache_that_cannot_be_written_is_no_error(run, home: Path, tiny_tree: Path) -> None:
    home.mkdir()
    (home / "cache").write_bytes(b"not a folder")
    result = run("stats", "--data", str(tiny_tree))
    assert result.code == ExitCode.DONE
    assert "cannot cache the counts" in result.err


def test_a_damaged_cache_is_counted_anew(run, tiny_tree: Path) -> None:
    first = run("stats", "--data", str(tiny_tree), "--format", "csv")
    corpus.cache_path(corpus.cache_key(tiny_tree)).write_bytes(b"PK oops")
    assert run("stats", "--data", str(tiny_tree), "--format", "csv").out == first.out


def test_recompute_says_which_figure_differs_and_exits_1(run, tiny_tree: Path) -> None:
    result = run("stats", "--recompute", "--data", str(tiny_tree))
    assert result.code == ExitCode.FAILED
    assert result.out == ""
    last = result.err.splitlines()[-1]
    assert "all.sizes.0.reviews is 5, not 12500 (and " in last
    assert f"imdbsent dataset verify --data '{tiny_tree}'" in last


def test_recompute_that_agrees_says_so_and_does_not_trust_the_cache(
    run, tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imdbsent.dataset.describe.FOLDERS", dict.fromkeys(figures_folders(), 5))
    monkeypatch.setattr(describe, "SHIPPED", tmp_path / "figures.json")
    made = run("stats", "--export-figures", str(tmp_path / "figures.json"), "--data", str(tiny_tree))
    assert made.code == ExitCode.DONE
    result = run("stats", "--recompute", "--data", str(tiny_tree))
    assert result.code == ExitCode.DONE
    assert f"recomputed from {tiny_tree}: all " in result.err
    assert "counting the words" in result.err


def figures_folders() -> tuple[str, ...]:
    return ("train/pos", "train/neg", "test/pos", "test/neg")


def test_figures_of_half_a_data_set_are_not_exported(run, tiny_tree: Path, tmp_path: Path) -> None:
    result = run("stats", "--export-figures", str(tmp_path / "f.json"), "--data", str(tiny_tree))
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert not (tmp_path / "f.json").exists()


def test_a_file_of_ones_own_has_its_figures(run, own_file: Path) -> None:
    result = run("stats", str(own_file))
    assert result.code == ExitCode.DONE
    assert result.err == ""
    for part in ("your texts", "fine", "poor", "2 ids", "record 1", "dull"):
        assert part in result.out or part == "2 ids"
    found = json.loads(run("stats", str(own_file), "--format", "json").out)
    assert found["classes"] == ["fine", "poor"]
    assert [word["word"] for word in found["frequent"]] == ["good", "bad", "fun", "dull"]


def test_lines_come_from_standard_input(run) -> None:
    found = json.loads(run("stats", "-", "--format", "json", stdin=b"one two\nthree\n").out)
    assert (found["classes"], found["sizes"]) == ([], [{"split": "file", "label": None, "reviews": 2}])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--split", "dev"], ["imdbsent stats --help"]),
        (["--num-words", "0"], ["imdbsent stats --help"]),
        (["--format", "xml"], ["imdbsent stats --help"]),
        (["none.csv"], ["cannot read 'none.csv'", "imdbsent stats --help"]),
        (["{own}", "--split", "train"], ["--split train"]),
        (["{own}", "--data", "x"], ["--data"]),
        (["{own}", "--recompute"], ["--recompute"]),
        (["{own}", "--text-column", "body"], ["no column 'body'", "--text-column"]),
        (["{own}", "--label-column", "body"], ["no column 'body'", "--label-column"]),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(
    run, own_file: Path, arguments: list[str], parts: list[str]
) -> None:
    result = run("stats", *(argument.replace("{own}", str(own_file)) for argument in arguments))
    assert result.code == ExitCode.USAGE
    assert result.out == ""
    assert result.err.count("\n") == 1
    for part in parts:
        assert part in result.err


@pytest.mark.parametrize("content", [b"", b"text,label\n"])
def test_an_empty_file_is_one_line_and_exit_2(run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty.csv").write_bytes(content)
    result = run("stats", str(tmp_path / "empty.csv"))
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert "has no text" in result.err


def test_a_column_that_is_none_of_labels_is_refused(run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"x,{i}\n" for i in range(101)), encoding="utf-8")
    result = run("stats", str(tmp_path / "a.csv"))
    assert (result.code, result.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "more than 100 different labels" in result.err


def test_data_that_is_not_there_is_one_line_and_exit_3(run) -> None:
    result = run("stats", "--data", "nowhere")
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.MISSING, "", 1)


@pytest.mark.parametrize("width", [20, 50, 80, 135, 136, 140, 200])
def test_no_line_is_wider_than_the_terminal(run, own_file: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in ([], ["--split", "test"], [str(own_file)]):
        result = run("stats", "--quiet", *arguments)
        assert result.code == ExitCode.DONE
        assert max(map(len, result.out.splitlines())) <= width
        assert "\x1b" not in result.out


def test_on_a_wide_terminal_panels_stand_side_by_side(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    first = run("stats").out.splitlines()[0]
    assert "IMDB reviews, train and test" in first
    assert "length of a review in ids" in first


def test_words_of_a_file_cannot_steer_the_terminal(run, tmp_path: Path) -> None:
    rows = [{"text": "\x1b[2J bad\u202e", "label": "\x1b[31mx"}, {"text": "fine \ud800", "label": "y"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = run("stats", str(tmp_path / "a.jsonl"))
    assert result.code == ExitCode.DONE
    assert not {"\x1b", "\u202e"} & set(result.out)


def test_the_histogram_marks_the_cut_and_shows_every_column_that_is_not_empty() -> None:
    columns = [Bin(i * 100, (i + 1) * 100 - 1, n) for i, n in enumerate([0, 800, 400, 1, 0, 200])]
    picture = histogram(columns, 500, 60)
    lines = picture.plain.splitlines()
    assert len(lines) == HISTOGRAM_HEIGHT + 2
    margin, each = 5, 6
    heights = [sum(line[margin + i * each] != " " for line in lines[:HISTOGRAM_HEIGHT]) for i in range(len(columns))]
    assert heights == [0, 8, 4, 1, 0, 2]
    assert lines[HISTOGRAM_HEIGHT][margin + 5 * each] == "┴"
    assert {str(span.style) for span in picture.spans} == {"dim", "cyan", "yellow"}


def test_a_histogram_without_block_characters_is_plain_ascii() -> None:
    assert histogram([Bin(0, 9, 5), Bin(10, None, 1)], 10, 60, ascii_only=True).plain.isascii()


def test_columns_that_do_not_fit_are_joined() -> None:
    columns = [Bin(i, i, 1) for i in range(51)] + [Bin(51, None, 7)]
    lines = histogram(columns, 500, 40).plain.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("8 ┤")  # the last pair: 1 + 7


def test_figures_import_nothing_heavy_and_color_is_for_terminals() -> None:
    assert not imported("stats", "--quiet") & (HEAVY | {"onnxruntime"})
    assert b"\x1b[36m" in on_terminal("stats")[1]
    assert b"\x1b[36m" not in on_terminal("stats", "--no-color")[1]


def test_the_choices_of_the_command_line_are_those_of_the_package() -> None:
    assert {split.value for split in StatsSplit} == set(SPLITS)
    assert [each.value for each in FigureFormat] == ["table", "json", "csv"]


def test_the_command_can_have_a_second_home(run) -> None:
    import typer

    group = typer.Typer()
    group.command()(stats)
    group.command("other")(stats)
    assert {command.callback for command in group.registered_commands} == {stats}
    assert app.run(["stats", "--help"]) == ExitCode.DONE


@pytest.mark.real
def test_the_real_reviews_have_the_tutorials_figures_and_agree_with_those_that_ship(run, real_archive: Path) -> None:
    result = run("stats", "--recompute", "--data", str(real_archive))
    assert result.code == ExitCode.DONE
    for part in ("234.75892", "172.91149", "9,998 distinct", "2: negative, positive", "50,000"):
        assert part in result.out
    again = run("stats", "--data", str(real_archive), "--quiet")
    assert (again.out, again.err) == (result.out, "")
