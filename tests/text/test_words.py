from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.text.tokenizer import OOV_ID, START_ID, Vocabulary
from imdbsent.text.words import WordsTokenizer, split_words, without_emphasis, word_spans

WORDS = (b"the", b"isn't", b"good", b"so", b":)", b":(", b"<br />", b"8/10", b"!!", b"'s", b"movie", b"too")


def tokenizer(num_words: int = 100, maximum_length: int = 4096) -> WordsTokenizer:
    return WordsTokenizer(Vocabulary(WORDS), num_words, maximum_length)


def read(text: str) -> list[str]:
    """The vocabulary's words that a text is read as."""
    return tokenizer().decode(tokenizer().encode_whole(text))


@pytest.mark.parametrize("written", ["isn't", "isnt", "isn’t", "ISN'T", "IsN`t", "isn´t"])  # noqa: RUF001
def test_a_contraction_is_one_token_however_it_is_written(written: str) -> None:
    assert split_words(written) == ["isn't"]
    assert tokenizer().encode_whole(written) == [START_ID, 5]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The movie's GOOD.", ["the", "movie", "'s", "good", "."]),
        ("can't o'connor", ["can't", "o'connor"]),
        ("😀 👍🏽 ❤️ 😡", [":)", ":)", ":)", ":("]),
        (":-) :) ;D :( :-/ =)", [":)", ":)", ":)", ":(", ":/", ":)"]),
        ("one<br />two<BR>three<br/>", ["one", "<br />", "two", "<br />", "three", "<br />"]),
        ("8/10 7.5/10 1,000 3.", ["8/10", "7.5/10", "1,000", "3", "."]),
        ("no!!!! what?! hm... well.. ok…", ["no", "!!", "what", "?!", "hm", "...", "well", "...", "ok", "..."]),
        ("“so” – ‘too’", ['"', "so", '"', "-", "'", "too", "'"]),  # noqa: RUF001
        ("not-so-good", ["not", "-", "so", "-", "good"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_the_tokens_of_a_text(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


def test_letters_repeated_for_emphasis_are_left_out_where_that_makes_a_known_word() -> None:
    assert read("soooo goooood") == ["so", "good"]
    assert read("tooooo") == ["too"]  # two letters before one
    assert tokenizer().encode_whole("baaaad") == [START_ID, OOV_ID]
    assert list(without_emphasis("good")) == []


def test_a_known_word_that_repeats_letters_stays_as_it_is() -> None:
    words = WordsTokenizer(Vocabulary((b"brr", b"brrr")), 100, 10)
    assert words.encode_whole("brrr") == [START_ID, 5]


def test_no_token_is_left_out_and_unknown_ones_are_counted() -> None:
    encoding = tokenizer(maximum_length=3).encoding("xyzzy good xyzzy movie")
    assert encoding.ids.tolist() == [6, OOV_ID, 14]
    assert (encoding.tokens, encoding.truncated, encoding.unknown) == (3, True, 0.5)
    assert tokenizer().encoding("").unknown is None
    assert [token.id for token in tokenizer().tokens("xyzzy good")] == [OOV_ID, 6]
    assert [token.rank for token in tokenizer().tokens("xyzzy good")] == [None, 3]


def test_words_beyond_num_words_are_unknown() -> None:
    assert tokenizer(num_words=7).encode_whole("the good movie") == [START_ID, 4, 6, OOV_ID]


@given(st.text())
def test_spans_are_in_order_not_empty_apart_and_one_a_token(text: str) -> None:
    spans = word_spans(text)
    after = 0
    for start, end in spans:
        assert after <= start < end <= len(text)
        after = end
    one = tokenizer()
    assert len(spans) == len(one.tokens(text)) == len(one.encode_whole(text)) - 1
    assert one.spans(text) == spans
    in_tokens = "".join(text[start:end] for start, end in spans)
    assert "".join(in_tokens.split()) == "".join(text.split())  # what is in no token is blank


@given(st.lists(st.text()), st.text())
def test_the_ids_of_a_text_do_not_depend_on_what_was_encoded_before(before: list[str], text: str) -> None:
    used = tokenizer()
    for one in before:
        used.encode_whole(one)
    assert used.encode_whole(text) == tokenizer().encode_whole(text)


@given(st.text())
def test_tokens_and_encoding_say_what_encode_whole_says(text: str) -> None:
    one = tokenizer()
    whole = one.encode_whole(text)
    assert [START_ID, *(token.id for token in one.tokens(text))] == whole
    assert one.encoding(text).ids.tolist() == whole[-one.maximum_length :]
    assert [token.word.encode("utf-8", "surrogatepass") for token in one.tokens(text)] == one.split(text)


def test_markup_is_read_as_it_stands_as_older_models_were_trained() -> None:
    assert split_words("<b>isn&#39;t</b><br>") == [*"<b>", "isn", "&", "#", "39", ";", "t", *"</b>", "<br />"]
    text = "**Good** &amp; so"
    written = [text[start:end] for start, end in tokenizer().spans(text)]
    assert written == ["*", "*", "Good", "*", "*", "&", "amp", ";", "so"]


def test_punctuation_and_unknown_words_tell_nothing() -> None:
    one = tokenizer()
    for text in ("!!", "xyzzy .", "<br />", "", "!! xyzzy"):
        assert not one.knows_any(one.encode(text)), text
    for text in ("good", ":)", "8/10", "xyzzy good", "sooo"):
        assert one.knows_any(one.encode(text)), text
