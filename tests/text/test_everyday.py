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
    "unit", ["<a ", "&amp;", "*", "_", "[", "](", ":", "http://", "@a.", "#a_", "\n> ", "★", "😀\u200d", "a\u0301"]
)
def test_time_grows_with_the_length_of_a_text_only(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    tokenizer().encoding(text)
    tokenizer().spans(text)
    plain_text(text)


@given(texts)
@example("★★5★ 5")
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
