from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.text.tokenizer import OOV_ID, PAD_ID, START_ID
from imdbsent.training.flagship.batches import (
    LONGEST_SHOWN,
    MOST_SHOWN,
    MOST_SHOWN_PADDED,
    Piece,
    Pieces,
    Spans,
    sentence_borders,
)
from imdbsent.training.flagship.ladder import Ladder
from tests.training.flagship.small import random_texts, texts_of

LADDER = Ladder(
    longest=100, longest_span=20, shortest=4, segments=8, word_dropout=0.2, span_share=0.4, sentence_share=0.0,
    part_share=0.0,
)  # fmt: skip
REVIEWS, SENTENCES = 240, 20
LENGTHS = [*np.random.default_rng(1).integers(0, 300, REVIEWS).tolist(), *range(1, SENTENCES + 1)]
TEXTS = random_texts(LENGTHS)
PLACES = np.array([*range(0, REVIEWS, 2), *range(REVIEWS, REVIEWS + SENTENCES)])  # every other review, all sentences
TARGETS = np.linspace(0, 1, len(TEXTS), dtype=np.float32)


def spans() -> Spans:
    return Spans(TEXTS, PLACES, TARGETS, LADDER, sentences=SENTENCES)


def pieces_of(batches: list[Pieces]) -> list[Piece]:
    return [piece for batch in batches for piece in batch.pieces]


EPOCHS = [pieces_of(spans().shuffled(6, 7, epoch)) for epoch in range(1, 9)]
EVERY = [piece for epoch in EPOCHS for piece in epoch]


def test_a_seed_and_an_epoch_decide_the_batches() -> None:
    first, again, second, other = (spans().shuffled(6, *at) for at in ((7, 1), (7, 1), (7, 2), (8, 1)))
    assert first == again
    assert [batch.pieces for batch in first] != [batch.pieces for batch in second]
    assert [batch.pieces for batch in first] != [batch.pieces for batch in other]
    np.testing.assert_array_equal(spans().batch(first[3])[0], spans().batch(again[3])[0])


def test_each_text_that_counts_comes_once_an_epoch_and_no_other() -> None:
    for epoch in EPOCHS:
        assert sorted(piece.text for piece in epoch) == PLACES.tolist()
    assert [piece.text for piece in EPOCHS[0]] != [piece.text for piece in EPOCHS[1]]


def test_no_part_is_longer_than_asked_or_lies_outside_its_text() -> None:
    for piece in EVERY:
        assert piece.length <= (LADDER.longest_span if piece.is_span else LADDER.longest)
        assert 0 <= piece.start <= piece.start + piece.length <= LENGTHS[piece.text]
        fewest = LADDER.shortest if piece.is_span else LADDER.longest
        assert piece.length >= min(fewest, LENGTHS[piece.text])
    long_spans = [piece.length for piece in EVERY if piece.is_span and LENGTHS[piece.text] > LADDER.longest_span]
    assert {min(long_spans), max(long_spans)} == {LADDER.shortest, LADDER.longest_span}


def test_so_many_reviews_are_cut_to_spans_as_the_ladder_says() -> None:
    reviews = [piece for piece in EVERY if piece.text < REVIEWS]
    assert np.mean([piece.is_span for piece in reviews]) == pytest.approx(LADDER.span_share, abs=0.06)


def test_half_of_the_reviews_that_are_too_long_keep_their_end() -> None:
    cut = [p for p in EVERY if not p.is_span and LENGTHS[p.text] > LADDER.longest + 20]
    at_end = [piece.start + piece.length == LENGTHS[piece.text] for piece in cut]
    assert np.mean(at_end) == pytest.approx(0.5, abs=0.12)


def test_a_sentence_is_never_cut() -> None:
    sentences = [piece for piece in EVERY if piece.text >= REVIEWS]
    assert len(sentences) == SENTENCES * len(EPOCHS)
    assert all((p.start, p.length, p.is_span) == (0, LENGTHS[p.text], False) for p in sentences)


def test_a_batch_holds_parts_of_as_many_segments_and_no_more_of_them_than_fit() -> None:
    batches = [batch for epoch in (1, 2) for batch in spans().shuffled(6, 7, epoch)]
    widths = set()
    for batch in batches:
        ids, targets = spans().batch(batch)
        (segments,) = {piece.segments for piece in batch.pieces}
        assert ids.shape == (len(batch), 64 * segments)
        assert targets.shape == (len(batch), 1)
        assert len(batch) <= 6
        assert len(batch) * segments <= LADDER.segments
        widths.add(ids.shape[1])
    assert widths == {64, 128}


def test_the_start_mark_counts_to_the_segment() -> None:
    assert [Piece(0, 0, length).segments for length in (0, 1, 63, 64, 127, 128)] == [1, 1, 1, 2, 2, 3]


def test_a_row_is_the_start_mark_the_words_of_the_part_and_padding() -> None:
    batch = Pieces((Piece(2, 3, 5), Piece(REVIEWS, 0, 1)), epoch=1)
    ids, targets = spans().batch(batch)
    assert ids[0].tolist() == [START_ID, *TEXTS[2][3:8].tolist(), *[PAD_ID] * 58]
    assert ids[1].tolist() == [START_ID, *TEXTS[REVIEWS].tolist(), *[PAD_ID] * 62]
    assert targets[:, 0].tolist() == TARGETS[[2, REVIEWS]].tolist()


def test_words_are_dropped_as_often_as_asked_but_never_the_padding_or_the_start_mark() -> None:
    dropped = words = 0
    for batch in spans().shuffled(6, 7, 1):
        noisy, _ = spans().batch(batch)
        clean, _ = spans().batch(replace(batch, noise=None))
        assert (noisy[clean == PAD_ID] == PAD_ID).all()
        assert (noisy[:, 0] == START_ID).all()
        assert (noisy[noisy != clean] == OOV_ID).all()
        dropped += int(np.count_nonzero(noisy != clean))
        words += int(np.count_nonzero(clean > START_ID))
    assert dropped / words == pytest.approx(LADDER.word_dropout, abs=0.02)


def test_a_look_goes_over_whole_texts_by_length_and_drops_nothing() -> None:
    long = random_texts([LONGEST_SHOWN + 5, 3, 100])
    looked = Spans(long, np.array([0, 2]), np.ones(3, np.float32), LADDER)
    batches = {batch.pieces: looked.batch(batch)[0] for batch in looked.in_order()}
    assert set(batches) == {(Piece(2, 0, 100),), (Piece(0, 0, LONGEST_SHOWN),)}
    assert batches[Piece(2, 0, 100),][0, 1:101].tolist() == long[2].tolist()


def test_texts_of_like_length_are_looked_at_together() -> None:
    widest = [spans().batch(batch)[0].shape[1] for batch in spans().in_order()]
    narrowest = [64 * min(piece.segments for piece in batch.pieces) for batch in spans().in_order()]
    assert widest == narrowest
    assert max(map(len, spans().in_order())) == LADDER.segments


def test_a_span_has_the_target_of_its_review_and_no_topic() -> None:
    topics = np.ones((len(TEXTS), 3), np.float32) * np.arange(1, len(TEXTS) + 1, dtype=np.float32)[:, None]
    train = replace(spans(), topics=topics)
    kinds = set()
    for batch in train.shuffled(6, 7, 1):
        _, given = train.batch(batch)
        assert given.shape == (len(batch), 4)
        for row, piece in zip(given.tolist(), batch.pieces):
            kinds.add(piece.is_span)
            topic = 0.0 if piece.is_span else piece.text + 1.0
            assert row == [float(TARGETS[piece.text]), *[topic] * 3]
    assert kinds == {False, True}


END = 7


def with_sentences() -> Spans:
    """The texts with their sentences read, too."""
    ladder = replace(LADDER, sentence_share=0.5, span_share=0.0)
    texts = random_texts(LENGTHS, vocabulary_size=20)
    return replace(spans(), ladder=ladder, texts=texts, borders=sentence_borders(texts, (END,)))


def test_a_sentence_of_some_reviews_is_read_besides() -> None:
    train = with_sentences()
    found = [piece for epoch in range(1, 9) for piece in pieces_of(train.shuffled(6, 7, epoch))]
    sentences = [piece for piece in found if piece.is_span]
    whole = [piece for piece in found if not piece.is_span]
    assert len(whole) == 8 * len(PLACES)
    fits = [piece for piece in whole if piece.text < REVIEWS and LENGTHS[piece.text] > 0]
    assert 0.25 < len(sentences) / len(fits) <= 0.55  # those that are too long are left out
    ended = 0
    for piece in sentences:
        ids = train.texts[piece.text]
        stop = piece.start + piece.length
        assert piece.text < REVIEWS
        assert 0 < piece.length <= LADDER.longest_span
        assert piece.start == 0 or ids[piece.start - 1] == END
        assert END not in ids[piece.start : stop - 1]
        assert stop == len(ids) or ids[stop - 1] == END
        ended += ids[stop - 1] == END
    assert ended > len(sentences) / 2
    assert len({(piece.text, piece.start) for piece in sentences}) > len(sentences) / 2


def test_a_sentence_starts_with_its_text_or_behind_an_end() -> None:
    texts = texts_of([5, END, END, 6], [], [8, END], [9])
    assert sentence_borders(texts, (END,)).tolist() == [0, 2, 3, 4, 6, 7]
    assert sentence_borders(texts, ()).tolist() == [0, 4, 6, 7]


def full_batches(pieces: list[Piece], segments: int, most: int) -> list[tuple[Piece, ...]]:
    """The pieces in batches of as many segments each, in the order in which they are full, and what remains."""
    of_segments: dict[int, list[Piece]] = {}
    for piece in pieces:
        of_segments.setdefault(piece.segments, []).append(piece)
    turn = {piece: number for number, piece in enumerate(pieces)}
    full, rest = [], []
    for count, same in of_segments.items():
        size = min(most, max(1, segments // count))
        batches = [tuple(same[start : start + size]) for start in range(0, len(same), size)]
        full += [batch for batch in batches if len(batch) == size]
        rest += [batch for batch in batches if len(batch) < size]
    return sorted(full, key=lambda batch: turn[batch[-1]]) + rest


def test_without_widths_every_piece_comes_in_the_batches_of_its_segments_as_they_fill() -> None:
    train = with_sentences()
    for epoch in (1, 2, 3):
        generator = np.random.default_rng([7, epoch])
        cut = train._cut(generator)
        pieces = [cut[place] for place in generator.permutation(len(cut))]
        assert len({id(piece) for piece in pieces}) == len(cut) > len(train)
        expected = full_batches(pieces, LADDER.segments, 6)
        order = generator.permutation(len(expected))
        batches = train.shuffled(6, 7, epoch)
        assert [batch.pieces for batch in batches] == [expected[place] for place in order]
        for batch in batches:
            (segments,) = {piece.segments for piece in batch.pieces}
            assert train.batch(batch)[0].shape == (len(batch), 64 * segments)
    lengths = np.minimum(train.texts.lengths[PLACES], LONGEST_SHOWN)
    whole = [Piece(int(PLACES[row]), 0, int(lengths[row])) for row in np.argsort(lengths, kind="stable")]
    expected = full_batches(whole, LADDER.segments, MOST_SHOWN)
    assert [batch.pieces for batch in train.in_order()] == expected


WIDTHS = (1, 3)


def test_with_widths_every_batch_has_one_of_them_and_is_full() -> None:
    train = replace(spans(), widths=WIDTHS, ladder=replace(LADDER, longest=300))
    plain = replace(train, widths=None)
    seen = set()
    for epoch in (1, 2):
        batches = train.shuffled(6, 7, epoch)
        for batch in batches:
            ids, targets = train.batch(batch)
            needed = max(piece.segments for piece in batch.pieces)
            width = next((width for width in WIDTHS if width >= needed), needed)
            seen.add((needed, width))
            assert ids.shape == (len(batch), 64 * width)
            assert len(targets) == len(batch)
            if width in WIDTHS:
                assert len(batch) == min(6, LADDER.segments // width)
            for row, piece in zip(ids, batch.pieces):
                assert (row[piece.length + 1 :] == PAD_ID).all()
        trained, every = pieces_of(batches), pieces_of(plain.shuffled(6, 7, epoch))
        assert len(set(trained)) == len(trained)
        assert set(trained) < set(every)  # some did not fill a batch
        assert len(every) - len(trained) < 6 + LADDER.segments // 3
    assert {width for _, width in seen} >= set(WIDTHS)
    assert (2, 3) in seen  # padded to a width that none of its texts has
    assert any(width > max(WIDTHS) for _, width in seen)  # no text is cut to a width


def test_with_widths_a_look_is_at_every_text_and_at_more_at_once() -> None:
    short = random_texts([5] * 700)
    ladder = replace(LADDER, segments=2_000)
    looked = Spans(short, np.arange(700), np.ones(700, np.float32), ladder)
    padded_ = replace(looked, widths=WIDTHS)
    assert [len(batch) for batch in looked.in_order()] == [MOST_SHOWN] * 3 + [700 - 3 * MOST_SHOWN]
    assert [len(batch) for batch in padded_.in_order()] == [MOST_SHOWN_PADDED, 700 - MOST_SHOWN_PADDED]
    assert sorted(piece.text for piece in pieces_of(padded_.in_order())) == list(range(700))


def test_a_width_that_no_batch_fills_is_trained_on_all_the_same() -> None:
    few = Spans(random_texts([5, 6, 100]), np.arange(3), np.ones(3, np.float32), replace(LADDER, span_share=0.0))
    batches = replace(few, widths=WIDTHS).shuffled(6, 7, 1)
    assert sorted(piece.text for piece in pieces_of(batches)) == [0, 1, 2]


def test_some_reviews_are_read_in_part() -> None:
    ladder = replace(LADDER, span_share=0.0, part_share=0.5, smallest_part=0.4)
    train = replace(spans(), ladder=ladder)
    parts = [piece for epoch in range(1, 9) for piece in pieces_of(train.shuffled(6, 7, epoch))]
    short = [piece for piece in parts if 50 <= LENGTHS[piece.text] <= LADDER.longest]
    shares = [piece.length / LENGTHS[piece.text] for piece in short]
    assert min(shares) == pytest.approx(0.4, abs=0.03)
    assert np.mean([share == 1 for share in shares]) == pytest.approx(0.5, abs=0.08)
    assert all(piece.length == LENGTHS[piece.text] for piece in parts if piece.text >= REVIEWS)


def test_the_steps_of_a_run_are_those_of_its_longest_epoch() -> None:
    counts = [len(spans().shuffled(6, 7, epoch)) for epoch in range(1, 6)]
    assert spans().steps(6, 7, 5) == max(counts)
    assert len(set(counts)) > 1
