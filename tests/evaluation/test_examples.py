from __future__ import annotations

from pathlib import Path

import pytest

from imdbsent.dataset.aclimdb import read_reviews
from imdbsent.errors import ExitCode, ImdbsentError
from imdbsent.evaluation.examples import Example, from_file, from_reviews
from imdbsent.records.labels import parse_rule


def test_reviews_have_their_label_their_stars_and_their_file(tiny_tree: Path) -> None:
    examples = from_reviews(read_reviews(tiny_tree, ("test/neg", "test/pos")))
    assert len(examples) == 10
    assert examples[5] == Example("This movie 0 is great.<br />Really superb!", 1, "test/pos/0_9.txt", 9)


def test_a_users_file_has_labels_by_the_rule_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('stars,body\n9,"good,\nlong"\n\n2,bad\n7.5,\n')
    examples = from_file(str(path), parse_rule(">=7"), "body", "stars")
    assert examples.source == "mine.csv"
    assert examples.split is None
    assert examples.items == (
        Example("good,\nlong", 1, "line 3", 9.0),
        Example("bad", 0, "line 5", 2.0),
        Example("", 1, "line 6", 7.5),
    )


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["holds no texts"]),
        ("text,label\n", ["holds no texts"]),
        ("text\nx\n", ["has no column 'label'", "--label-column"]),
        ("text,label\nx,1\ny,\n", ["line 3", "no label"]),
        ("text,label\nx,1\n\ny,so so\n", ["line 4", "'so so'", "--positive"]),
        ("text,label\nx,1\ny,pos\n", ["all 2 labels", "are positive", "both classes"]),
        ("text,label\nx,0\n", ["all 1 labels", "are negative"]),
        ("text,label\nx\n", ["line 2 has 1 fields", "imdbsent evaluate --help"]),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_that_says_where(
    tmp_path: Path, content: str, parts: list[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    with pytest.raises(ImdbsentError) as caught:
        from_file(str(path), parse_rule(None))
    assert caught.value.exit_code is ExitCode.USAGE
    message = str(caught.value)
    assert "\n" not in message
    for part in ["mine.csv", *parts]:
        assert part in message
