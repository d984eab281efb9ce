# ruff: noqa: RUF001 (the characters that look like others are what is tested)
from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imdbsent.text.everyday import (
    CorrectedTokenizer,
    EverydayTokenizer,
    Slips,
    canonical,
    emoji_characters,
    emoji_name,
    plain_text,
    split_words,
    variants,
    word_spans,
)
from imdbsent.text.tokenizer import CHUNK_SIZE, OOV_ID, START_ID, Vocabulary

WORDS = (
    *("good", "so", "isn't", "love", "great", "cafe", "they're", "people", "oconnor", "not", "yes", "bad", "i"),
    *(".", "!!", ":)", "<3", "8/10", "10/10", "24", "<br />", "👍", "❤", "don't", "no"),
)
PIECES = (
    *(
        "&amp;",
        "&lt;",
        "&#39;",
        "&#x2019;",
        "&nbsp;",
        "<",
        ">",
        "<b>",
        "</p>",
        "<br />",
        "<a href='x'>",
        "**",
        "_",
        "`",
    ),
    *(
        "~~",
        "#",
        "#GoodDay",
        "@",
        "@name",
        "a@b.co",
        "http://x.y/",
        "](http://x)",
        "[",
        "*",
        "★",
        "☆",
        "⭐",
        "½",
        "5",
        "/5",
    ),
    *("10", " out of ", "five", " stars", "-star", " / ", "/ ", " of 4", " of a possible ", " ½", " 1/2", "2", "star "),
    *("👍", "🏽", "\u200d", "\ufe0f", "\u20e3", "❤", "🇺🇸", "\u0301", "é"),
    *(" ", "\n", "\n- ", "\n> ", "'", "’", "n", "t", "s", "don", "sooo", "haha", ":)", "T_T", "^", "<3", ".", "!", "?"),
    *("\xa0", "\u3000", "  ", "\t", "\r\n", "\\", "\\'", "\\u2019", "\\ud83d", "\\ude00", "â€™", "â€", "Ã©", "\ufffd"),
    *("''", '"', '""', "“", "”", "‛", "1. ", "2) ", "?t", "n' t", "of", "half", "and a"),
    *("\xad", "\u200b", "\x96", "\x85", "ｇ", "İ", "ß", "\ud800", "ﬁ", "\x1c", "好"),
)
texts = st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(PIECES), st.characters())).map("".join))


def tokenizer(num_words: int = 100, maximum_length: int = 4096) -> EverydayTokenizer:
    return EverydayTokenizer(Vocabulary(tuple(word.encode() for word in WORDS)), num_words, maximum_length)


def read(text: str) -> list[str]:
    """The vocabulary's words that a text is read as."""
    return tokenizer().decode(tokenizer().encode_whole(text))


def written(text: str) -> list[str]:
    """The user's own text of each token."""
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("isn't", "isnt", "isn’t", "ISN'T", "isn`t", "isn´t", "isn&#39;t", "isn&rsquo;t", "isn&apos;t", "isn&#x27;t"),
        *(
            "isn&amp;#39;t",
            "isn&amp;amp;#39;t",
            "is n't",
            "isn 't",
            "isn t",
            "isn\x92t",
            "<b>isn't</b>",
            "i\xadsn\u200b't",
        ),
        *(
            "is  n't",
            "is\xa0n't",
            "isn\t't",
            "isn&nbsp;'t",
            "isn\u2009t",
            "isn' t",
            "isn’ t",
            "isn'  t",
            "ISN'\xa0T",
            "IS N'T",
        ),
        *("isnâ€™t", "isnâ€˜t", "isnâ\x80\x99t", "isnÃ¢â‚¬â„¢t", "isn&acirc;&euro;&trade;t", "isn‛t", "isn''t"),
        *(r"isn\u2019t", r"isn\u2018t", r"isn\\u2019t", r"isn\u0027t", r"isn\'t", r"isn\\'t", r"isn\&#39;t"),
        *("isn?t", "isn???t", "ISN?T", "isn\ufffdt", "isn\ufffd\ufffd\ufffdt"),
    ],
)
def test_a_contraction_is_one_token_however_it_is_written(text: str) -> None:
    assert split_words(text) == ["isn't"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The movie's GOOD.", ["the", "movie", "'s", "good", "."]),
        ("can't o'connor", ["can't", "o'connor"]),
        ("1,000 24/7 9/11 50/50 3/4/2020 1/2 cup", ["1,000", "24/7", "9/11", "50/50", "3/4/2020", "1/2", "cup"]),
        ("no!!!! what?! hm... well.. ok…", ["no", "!!", "what", "?!", "hm", "...", "well", "...", "ok", "..."]),
        ("“so” – ‘too’ \x96", ['"', "so", '"', "-", "'", "too", "'", "-"]),
        ("well-made", ["well", "-", "made"]),
        ("hahahaha ahaha hehehe lolll lololol", ["haha", "haha", "hehe", "lol", "lol"]),
        ("ｇｒｅａｔ 𝐠𝐫𝐞𝐚𝐭 ﬁne cafe\u0301 ‼", ["great", "great", "fine", "café", "!!"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_the_tokens_of_a_text(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("<p>Great <b class='x'>product</b></p>", ["great", "product"]),
        ("&lt;p&gt;Great product&lt;/p&gt;", ["great", "product"]),
        ("<br>one<br/><br >\n<BR />two<div>three</div>", ["one", "<br />", "two", "<br />", "three"]),
        ("<b>one</b>two", ["one", "two"]),
        ("a < b > c", ["a", "<", "b", ">", "c"]),
        ("<sarcasm> yes", ["<", "sarcasm", ">", "yes"]),
        ("I <3 it, &lt;3 </3", ["i", "<3", "it", ",", "<3", "</3"]),
        ("AT&T &amp; Q&A; &nosuch;", ["at", "&", "t", "&", "q", "&", "a", ";", "&", "nosuch", ";"]),
    ],
)
def test_html_is_undone(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("**Great** value", ["great", "value"]),
        ("_really_ *good* ~~bad~~ `code` __so__", ["really", "good", "bad", "code", "so"]),
        ("# Heading\n> quote\n- one\n* two\n• three", ["heading", "quote", "one", "two", "three"]),
        ("5 * 3 and 2*3", ["5", "*", "3", "and", "2", "*", "3"]),
        ('[click **here**](https://a.b/c "t") now ![pic](http://x/y.png)', ["click", "here", "now", "pic"]),
        ("see https://x.com/a_b?c=*d*, www.foo.com.", ["see", ",", "."]),
        ("mail me@example.com @united thanks", ["mail", "thanks"]),
        ("#BestDayEver #fail #best_day #1", ["best", "day", "ever", "fail", "best", "day", "#", "1"]),
        ("snake_case", ["snake", "case"]),
    ],
)
def test_markdown_links_and_names_are_undone(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        *(
            ("★★☆☆☆", "4/10"),
            ("⭐⭐", "4/10"),
            ("⭐️⭐️⭐️", "6/10"),
            ("★★½", "5/10"),
            ("★ ★ ★ ★ ☆", "8/10"),
            ("3 stars of 5", "6/10"),
            ("5★", "10/10"),
            ("4.5⭐", "9/10"),
        ),
        *(("2/5", "4/10"), ("2 out of 5", "4/10"), ("2 of 5 stars", "4/10"), ("2 / 5", "4/10"), ("5️⃣/5", "10/10")),
        *(
            ("5 stars", "10/10"),
            ("one star", "2/10"),
            ("five-star", "10/10"),
            ("1 STAR", "2/10"),
            ("4.5 stars", "9/10"),
        ),
        *(
            ("8/10", "8/10"),
            ("8.5/10", "9/10"),
            ("10 out of 10", "10/10"),
            ("ten out of ten", "10/10"),
            ("0/10", "0/10"),
        ),
        *(("85/100", "9/10"), ("3 stars out of 4", "8/10"), ("7 stars", "7/10"), ("11/10", "10/10"), ("5*", "10/10")),
        *(("three and a half stars", "7/10"), ("4½ stars", "9/10"), ("3 out of 4 stars", "8/10"), ("8,5/10", "9/10")),
    ],
)
def test_a_rating_is_one_token_in_tenths(text: str, rating: str) -> None:
    assert split_words(f"so {text}, ok") == ["so", rating, ",", "ok"]
    assert tokenizer().known_words(text) == (rating in WORDS)


BLANKS = ("  ", "   ", "\xa0", "&nbsp;", " \xa0", "\t", "\u2009", "\u202f", "\u3000", "\v")
LINE_ENDS = ("\n", "\r\n", "\r", " \n", "\n  ", "&#10;")
RATINGS = (
    *("One star", "9 out of 10", "1 / 10", "5 out of a possible 10", "2 of 5 stars", "three and a half stars"),
    *("4 1/2 stars", "ten out of ten", "3 stars out of 4"),
)


@pytest.mark.parametrize("rating", [*RATINGS, "4 ½ stars", "4 ★", "★ ★ ★ ☆ ☆", "8 ½ / 10"])
@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_any_blank_in_a_rating_reads_as_one_space(blank: str, rating: str) -> None:
    text = f"so {rating.replace(' ', blank)}, ok"
    assert split_words(text) == split_words(f"so {rating}, ok")
    assert plain_text(text) == plain_text(f"so {rating}, ok")
    ends = [word.strip()[-1] for word in written(text)]
    assert ends == [word.strip()[-1] for word in written(f"so {rating}, ok")]
    assert written(text)[1].startswith(rating.split(maxsplit=1)[0])


@pytest.mark.parametrize("rating", ["One star", "9 out of 10", "1 / 10", "2 of 5 stars", "three and a half stars"])
@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_a_rating_that_is_wrapped_is_one_token(end: str, rating: str) -> None:
    assert split_words(rating.replace(" ", end)) == split_words(rating)
    assert written(rating.replace(" ", end)) == [rating.replace(" ", end)]


@pytest.mark.parametrize(
    "text", ["9\n\nout of 10", "9\r\n\r\nout of 10", "9 \n \nout of 10", "one      star", "one\n\nstar"]
)
def test_a_rating_does_not_reach_across_an_empty_line_or_a_gap(text: str) -> None:
    assert split_words(text) == text.split()


def test_the_next_line_is_not_the_unit_of_a_number() -> None:
    assert split_words("Episodes: 5\nStars: two") == ["episodes", ":", "5", "stars", ":", "two"]
    assert split_words("★★★★★\n★☆☆☆☆") == ["10/10", "2/10"]


@pytest.mark.parametrize("blank", [*BLANKS, "\n"], ids=ascii)
def test_what_is_no_rating_is_none_with_any_blank(blank: str) -> None:
    for text in ("the two stars are good", "2 star wars films", "two stars have met", "our five stars"):
        assert split_words(text.replace(" ", blank)) == text.split()


def test_a_star_after_a_digit_is_a_rating_after_any_blank() -> None:
    assert split_words("good\n5* so\xa04*") == ["good", "10/10", "so", "8/10"]


def test_the_blanks_that_markup_leaves_in_a_rating_read_as_one_space() -> None:
    assert split_words("5 <b> stars</b>, 4 \u200b out of 5") == ["10/10", ",", "8/10"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("â€œsoâ€\x9d â€“ itâ€™s goodâ€¦", "“so” – it’s good…"),
        ("â\x80\x9csoâ\x80\x9d", "“so”"),
        ("he said â€œsoâ€ and â€œnoâ€\ufffd.", "he said “so” and “no”."),
        ("Ã¢â‚¬Å“soÃ¢â‚¬\x9d Ã¢â‚¬â€œ no", "“so” – no"),
        ("cafÃ© naÃ¯ve Â£5 4Â½ stars noÂ\xa0good", "café naïve £5 4½ stars no good"),
        (r"\u201cso\u201d \u2013 caf\u00e9 \u2014 \ud83d\ude00 it\u2019s", "“so” – café — 😀 it’s"),
        (r"he said \"so\" and \'no\'", "he said \"so\" and 'no'"),
        (r"don\ufffdt", "don't"),
        ("it\ufffds so they\ufffdre good", "it's so they're good"),
        ("they''re I''ll", "they're I'll"),
    ],
)
def test_what_was_decoded_or_escaped_wrongly_is_read_as_it_was_meant(text: str, plain: str) -> None:
    assert split_words(text) == split_words(plain)
    assert len(written(text)) == len(split_words(plain))


@pytest.mark.parametrize("times", [1, 2])
def test_marks_whose_utf_8_was_read_as_windows_1252_are_the_marks(times: int) -> None:
    for mark in "‘’“”–—…•"[: 8 if times == 1 else 6]:
        misread = mark
        for _ in range(times):
            read_so = ((bytes([byte]), chr(byte)) for byte in misread.encode())
            misread = "".join(byte.decode("cp1252", "ignore") or control for byte, control in read_so)
        assert split_words(f"so{misread} good") == split_words(f"so{mark} good")


def test_spans_cover_a_damaged_apostrophe_and_a_wide_blank() -> None:
    assert written("So donâ€™t, don?t!") == ["So", "donâ€™t", ",", "don?t", "!"]
    assert written(r"don\u2019t don\'t don''t don' t") == [r"don\u2019t", r"don\'t", "don''t", "don' t"]
    assert written("two  stars, is\xa0n't") == ["two  stars", ",", "is\xa0n't"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("can I?t", ["can", "i", "?", "t"]),
        ("so?to", ["so", "?", "to"]),
        ("ok \ufffd t", ["ok", "\ufffd", "t"]),
        (r"\ud83d", ["\\", "ud83d"]),
        (r"a\b \o/", ["a", "\\", "b", ":)"]),
        ("''so''", ["'", "'", "so", "'", "'"]),
        ("the 'movie''s end", ["the", "'", "movie", "'", "'s", "end"]),
        ("château Ângela NÃO", ["château", "ângela", "não"]),
        ("the movie' t-shirt", ["the", "movie", "'", "t", "-", "shirt"]),
    ],
)
def test_what_only_looks_damaged_stays(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


@pytest.mark.parametrize(
    "text",
    [
        *('"Great product."', "“Great product.”", "«Great product.»", "„Great product.“", '""Great product.""'),
        *('"""Great product."""', ' "Great product."\n', "&quot;Great product.&quot;", r"\"Great product.\""),
        *('<p>"Great product."</p>', '"<b>Great</b> product."', '- "Great product."', "â€œGreat product.â€\x9d"),
    ],
)
def test_quotation_marks_around_a_whole_text_are_not_read(text: str) -> None:
    assert split_words(text) == ["great", "product", "."]
    assert written(text)[1:] == ["product", "."]
    assert plain_text(text) == "Great product."


@pytest.mark.parametrize(
    "text",
    [
        '"great',
        'great"',
        '"great".',
        '"so" and "no"',
        '"so "good" no"',
        '""great"',
        'a "great" one',
        '"',
        '""',
        '" "',
        "“”",
    ],
)
def test_other_quotation_marks_stay(text: str) -> None:
    assert split_words(text).count('"') == sum(character in '"“”' for character in text)


@pytest.mark.parametrize("mark", ["1. ", "2) ", "10.  ", "3.\t", "4)\xa0", " 5. "])
def test_the_number_of_a_list_is_not_read(mark: str) -> None:
    assert split_words(f"{mark}Nothing good.\n{mark}So 10/10") == ["nothing", "good", ".", "so", "10/10"]
    assert written(f"{mark}Nothing good") == ["Nothing", "good"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1. ", ["1", "."]),
        ("1.\ngood", ["1", ".", "good"]),
        ("10/10", ["10/10"]),
        ("3.5 stars", ["7/10"]),
        ("so 1. good", ["so", "1", ".", "good"]),
        ("2010. good", ["2010", ".", "good"]),
        ("1.good", ["1", ".", "good"]),
        ("5 good", ["5", "good"]),
    ],
)
def test_a_number_that_is_not_of_a_list_stays(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


def test_what_is_no_rating_stays_words() -> None:
    assert split_words("the two stars are good") == ["the", "two", "stars", "are", "good"]
    assert split_words("2 star wars films, 20 stars") == ["2", "star", "wars", "films", ",", "20", "stars"]
    assert split_words("one of ten, out of five") == ["one", "of", "ten", ",", "out", "of", "five"]


def test_an_emoji_is_one_character() -> None:
    text = "👍🏽 ❤️ 👩‍⚕️ 🤷🏽‍♀️ 🇺🇸 5️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 😡!"
    assert split_words(text) == ["👍", "❤", "👩", "🤷", "🏳", "5", "🏴", "😡", "!"]
    assert written(text)[:2] == ["👍🏽", "❤️"]
    assert split_words("😂😂😂😂 😂") == ["😂", "😂"]
    assert split_words("♡☻") == ["♥", "☺"]


def test_smileys_are_read_by_families() -> None:
    assert split_words(":) :-) :D ;) =) xD XDD ^^ ^_^ :P :')") == [":)"] * 11
    assert split_words(":( :-(( :'( T_T >_<") == [":("] * 5
    assert split_words(":/ :-| -_- o_O ¯\\_(ツ)_/¯") == [":/"] * 5
    assert split_words("Director:Peter 8:30") == ["director", ":", "peter", "8", ":", "30"]


def test_emoji_names_say_what_is_meant() -> None:
    assert [emoji_name(one) for one in "😡❤👍✅🔥♥💔⭐🤘"] == [
        *(
            "pouting face",
            "heart",
            "thumbs up",
            "check mark",
            "fire",
            "heart",
            "broken heart",
            "star",
            "sign of the horns",
        )
    ]
    assert emoji_name("\ue000") == ""


def test_the_emoji_of_a_vocabulary_are_tokens_with_names() -> None:
    emoji = emoji_characters()
    assert len(emoji) == 1278
    assert emoji == sorted(set(emoji))
    assert all(split_words(one) == [one] for one in emoji)
    assert all(emoji_name(one) for one in emoji)
    every = EverydayTokenizer(Vocabulary(tuple(one.encode() for one in emoji)), 10_000, 10)
    assert all(every.known_words(one) == 1 for one in emoji)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soooo goooood yesss", ["so", "good", "yes"]),
        ("loooove greaaaat goooodddd", ["love", "great", "good"]),
        ("soo yess", ["so", "yes"]),
        ("café", ["cafe"]),
        ("theyre people've o'connor", ["they're", "people", "oconnor"]),
        ("xyzzy", ["[OOV]"]),
    ],
)
def test_a_word_outside_the_vocabulary_is_tried_in_other_spellings(text: str, words: list[str]) -> None:
    assert read(text) == words


def test_a_lengthened_word_is_read_as_the_plain_one_even_if_the_vocabulary_has_both() -> None:
    assert EverydayTokenizer(Vocabulary((b"brr", b"brrr")), 100, 10).encode_whole("brrr brr") == [START_ID, 4, 4]
    assert EverydayTokenizer(Vocabulary((b"brrr",)), 100, 10).encode_whole("brrr") == [START_ID, 4]


FREQUENT = ("very", "service", "terrible", "loved", "movie", "dance", "wonderful", "worst", "scenes", "serve")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("vrey", "very"), ("servise", "service"), ("terible", "terrible"), ("lovd", "loved"), ("moviee", "movie"),
        ("worts", "worst"), ("wonderfull", "wonderful"), ("wondreful", "wonderful"),
    ],
)  # fmt: skip
def test_a_misspelled_word_stands_for_the_frequent_word_that_is_one_slip_away(written: str, meant: str) -> None:
    assert Slips(FREQUENT).word(written) == meant


@pytest.mark.parametrize("written", ["dunce", "scones", "vary", "vry", "ervice", "trible", "m0vie", "lövd", "w" * 70])
def test_a_word_that_is_further_away_or_likely_meant_is_not_corrected(written: str) -> None:
    assert Slips(FREQUENT).word(written) is None


def test_of_two_words_one_slip_away_the_more_frequent_is_meant() -> None:
    assert Slips(("serves", "server")).word("serve") == "serves"
    assert Slips(("server", "serves")).word("serve") == "server"


def test_the_corrected_tokenizer_reads_a_misspelled_word_as_a_known_one_and_everyday_does_not() -> None:
    vocabulary = Vocabulary((b"terrible", b"movie", b"kubrick"))
    text = "Terible Moive by Kubrik, xyzzy terible"
    assert EverydayTokenizer(vocabulary, 8, 100).encode_whole(text) == [START_ID, *(OOV_ID,) * 7]
    tokenizer = CorrectedTokenizer(vocabulary, 8, 100)
    assert tokenizer.encode_whole(text) == [START_ID, 4, 5, OOV_ID, 6, OOV_ID, OOV_ID, 4]
    assert [text[start:end] for start, end in tokenizer.spans(text)[:2]] == ["Terible", "Moive"]
    assert tokenizer.known_words("terible") == 1


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("movie actors", 0.0),
        ("movie, actors! 😀 <br> ...", 0.0),  # what is no word does not count, whether the vocabulary has it or not
        ("moive xyzzy", 0.75),  # a corrected word counts half
        ("das movie", 0.5),  # in the vocabulary, because reviews quote it, and no English word
        ("le movie, es actores", 0.625),
        ("!!! 😀", None),
    ],
)
def test_the_share_of_unknown_words_tells_english_with_slips_from_other_languages(
    text: str, unknown: float | None
) -> None:
    corrected = CorrectedTokenizer(Vocabulary((b"movie", b"actors", b"das", b"!", b",")), 9, 100)
    for _ in range(2):  # looked up, then remembered
        assert corrected.encoding(text).unknown == unknown
    assert corrected.encode("das") != corrected.encode("xyzzy")  # the network reads what it has learned


def test_only_a_word_that_the_network_has_is_meant() -> None:
    assert CorrectedTokenizer(Vocabulary((b"movie", b"terrible")), 5, 100).encode_whole("terible") == [START_ID, OOV_ID]


def test_numbers_and_plain_words_are_not_shortened() -> None:
    assert list(variants("1000")) == []
    assert list(variants("good")) == []


@pytest.mark.parametrize("text", ["", "...", "asdf qwer zxcv", "这部电影很好", "24 24", "i", "!!", "<br>", "😀\ue000"])
def test_a_text_without_a_known_word_is_told(text: str) -> None:
    assert tokenizer().known_words(text) == 0
    assert not tokenizer().knows_any(tokenizer().encode(text))


@pytest.mark.parametrize(("text", "known"), [("👍", 1), ("5/5", 1), (":)", 1), ("not good xyzzy", 2), ("&lt;3", 1)])
def test_known_words_are_counted(text: str, known: int) -> None:
    assert tokenizer().known_words(text) == known
    assert tokenizer().knows_any(tokenizer().encode(text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Great&nbsp;product</p>", "Great product"),
        ("one<br /><br />two", "one\ntwo"),
        ("**Great** value :) 😡", "Great value smile pouting face"),
        ("★★☆☆☆ 8/10, five stars", "2 out of 5 stars 8 out of 10, 5 stars"),
        ("I <3 it </3", "I love it broken heart"),
        ("Sooooo goood! NOOO yesss loooove amaaaazing", "So good! NO yes love amazing"),
        ("hahahaha lolll looool VIII AAA 1000", "haha lol lol VIII AAA 1000"),
        ("don&#39;t  isn’t WONT 24/7 10/10/2020", "don't isn't WON'T 24/7 10/10/2020"),
        ("see https://x.y/z #BestDay @me", "see Best Day"),
    ],
)
def test_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_plain_text_shortens_to_known_words() -> None:
    known = {"all", "too", "seeing", "brrr"}
    assert plain_text("Alllll tooooo seeeeing brrr", known) == "All too seeing brrr"


def test_spans_are_of_the_text_as_it_was_written() -> None:
    assert written("<p>I don&#39;t &amp; <b>so\xadft</b>") == ["I", "don&#39;t", "&amp;", "so\xadft"]
    assert written("#BestDay ★★☆ five stars") == ["Best", "Day", "★★☆", "five stars"]


def test_a_long_text_is_read_the_same_by_every_door() -> None:
    text = "<br /> <b>good</b> isn&#39;t 5 stars <br />" * (2 * CHUNK_SIZE // 40)
    one = tokenizer()
    whole = one.encode_whole(text)
    assert one.encoding(text).ids.tolist() == whole[-4096:]
    assert len(one.spans(text)) == len(one.split(text)) == len(whole) - 1


@pytest.mark.parametrize(
    "unit",
    [
        *("<a ", "&amp;", "*", "_", "[", "](", ":", "http://", "@a.", "#a_", "\n> ", "★", "😀\u200d", "a\u0301"),
        *("  ", "\xa0", " \n", "\r\n", "\t", "★  ", "5  ", "of\n", "and  a  ", "5 out  of\xa0", "one\tstar "),
        *(
            "\\",
            "\\u",
            "\\ud83d",
            "â",
            "â€",
            "Ã¢",
            "n\ufffd",
            "n''",
            "n' ",
            "isn?",
            "?t",
            '"',
            '"a',
            "\n1. ",
            "1. ",
            "<br />",
        ),
    ],
)
def test_time_grows_with_the_length_of_a_text_only(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    tokenizer().encoding(text)
    tokenizer().spans(text)
    plain_text(text)


@given(texts)
@example("★★5★ 5")
@example("&amp;#2)")
@example("5\xa0\u2003stars, don''t \\u2019 â€")
@example("😀\u200d\u200d😀\ufe0f\u0301")
def test_spans_are_in_order_not_empty_apart_and_one_a_token(text: str) -> None:
    spans = word_spans(text)
    after = 0
    for start, end in spans:
        assert after <= start < end <= len(text)
        after = end
    one = tokenizer()
    assert len(spans) == len(one.tokens(text)) == len(one.encode_whole(text)) - 1 == len(one.split(text))
    assert one.spans(text) == spans


@given(texts)
def test_an_escaped_text_is_read_as_the_text_itself(text: str) -> None:
    assert split_words(html.escape(text)) == split_words(text)
    assert plain_text(html.escape(text)) == plain_text(text)


@given(texts)
def test_tokens_and_encoding_say_what_encode_whole_says(text: str) -> None:
    one = tokenizer()
    whole = one.encode_whole(text)
    assert [START_ID, *(token.id for token in one.tokens(text))] == whole
    assert one.encoding(text).ids.tolist() == whole[-one.maximum_length :]
    assert [token.word.encode("utf-8", "surrogatepass") for token in one.tokens(text)] == one.split(text)
    assert one.known_words(text) <= sum(i != OOV_ID for i in whole[1:])


@given(texts)
@example("rated 5 stars out of 5")
@example("a 2-star of 10")
@example("<br /> <br />7/ 10<br />")
def test_the_id_of_a_token_is_that_of_its_spelling(text: str) -> None:
    one = tokenizer(num_words=1_000)
    ranks = one.vocabulary.ranks
    for token in one.tokens(text):
        spellings = [token.word, *variants(token.word)]
        known = [word for word in spellings if word.encode("utf-8", "surrogatepass") in ranks]
        assert (one.vocabulary.word(token.rank) in known) if token.rank else not known


@given(st.lists(texts), texts)
def test_the_ids_of_a_text_do_not_depend_on_what_was_encoded_before(before: list[str], text: str) -> None:
    used = tokenizer()
    for one in before:
        used.encode_whole(one)
    assert used.encode_whole(text) == tokenizer().encode_whole(text)


@given(texts)
def test_a_canonical_spelling_stays_as_it_is(text: str) -> None:
    for word in split_words(text):
        assert canonical(word) == word


@given(texts)
def test_plain_text_has_no_markup_and_single_blanks(text: str) -> None:
    plain = plain_text(text)
    assert "<br />" not in plain
    assert plain == plain.strip()
    assert "  " not in plain


@given(texts)
def test_tags_at_the_ends_and_repeated_ones_change_nothing(text: str) -> None:
    whole = f"good {text} good"
    assert split_words(f"<p><br>{whole}</p><br />") == split_words(whole)
    assert split_words(f"{whole}<br><br><br>{whole}") == split_words(f"{whole}<br />{whole}")


def test_accents_are_composed_as_unicode_does() -> None:
    assert split_words(unicodedata.normalize("NFD", "déjà-vu Zoë")) == ["déjà", "-", "vu", "zoë"]
