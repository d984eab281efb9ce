from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from imdbsent.training.data import FEWEST_OF_CLASS, deal_out, hold_out, text_key

FRACTIONS = st.floats(0.01, 0.5)
SEEDS = st.integers(0, 1_000)
ROWS = st.lists(st.tuples(st.text("abcdefghij", max_size=2), st.integers(0, 1)), max_size=200)


@given(ROWS, FRACTIONS, SEEDS)
def test_no_unit_is_on_both_sides(rows: list[tuple[str, int]], fraction: float, seed: int) -> None:
    units, labels = [unit for unit, _ in rows], [label for _, label in rows]
    chosen = hold_out(units, labels, fraction, seed)
    assert chosen <= set(range(len(rows)))
    assert not {units[place] for place in chosen} & {unit for place, unit in enumerate(units) if place not in chosen}


@given(ROWS, FRACTIONS, SEEDS, st.randoms(use_true_random=False))
def test_the_same_units_are_chosen_in_any_order_of_the_texts(
    rows: list[tuple[str, int]], fraction: float, seed: int, shuffler: random.Random
) -> None:
    def chosen_units(order: list[tuple[str, int]]) -> set[str]:
        places = hold_out([unit for unit, _ in order], [label for _, label in order], fraction, seed)
        return {order[place][0] for place in places}

    shuffled = shuffler.sample(rows, len(rows))
    assert chosen_units(rows) == chosen_units(shuffled)


@given(st.integers(0, 300), st.integers(0, 300), FRACTIONS, SEEDS)
def test_the_shares_of_the_classes_are_exact_where_each_text_is_its_own_unit(
    negative: int, positive: int, fraction: float, seed: int
) -> None:
    labels = [0] * negative + [1] * positive
    chosen = hold_out([str(place) for place in range(len(labels))], labels, fraction, seed)
    counts = Counter(labels[place] for place in chosen)
    for label, total in ((0, negative), (1, positive)):
        assert counts[label] == min(total, max(FEWEST_OF_CLASS, round(fraction * total)))


def test_another_seed_holds_out_other_texts() -> None:
    units = [str(i) for i in range(100)]
    labels = [i % 2 for i in range(100)]
    chosen = {seed: hold_out(units, labels, 0.1, seed) for seed in range(5)}
    assert len(set(chosen.values())) == 5
    assert chosen[3] == hold_out(units, labels, 0.1, 3)


def test_groups_of_like_size_are_held_out_in_about_the_share_that_was_asked_for() -> None:
    units = [f"film {i // 10}" for i in range(1_000)]
    labels = [(i // 7) % 2 for i in range(1_000)]
    for seed in range(20):
        chosen = hold_out(units, labels, 0.2, seed)
        assert 170 <= len(chosen) <= 230
        assert 80 <= sum(labels[place] for place in chosen) <= 120


def test_a_unit_too_large_for_the_part_is_not_held_out() -> None:
    units = ["large"] * 900 + [str(i) for i in range(100)]
    labels = [i % 2 for i in range(1_000)]
    for seed in range(10):
        assert all(place >= 900 for place in hold_out(units, labels, 0.1, seed))


def test_of_few_large_units_one_is_held_out_though_it_is_larger_than_asked_for() -> None:
    for films in (4, 5, 6):
        units = [f"film {i % films}" for i in range(40 * films)]
        labels = [(i // films) % 2 for i in range(40 * films)]
        held_out = {units[place] for seed in range(20) for place in hold_out(units, labels, 0.1, seed)}
        assert len(held_out) > 1  # the seed decides which
        assert all(len(hold_out(units, labels, 0.1, seed)) == 40 for seed in range(20))


def test_a_class_that_only_a_large_unit_has_is_held_out_with_it() -> None:
    units = [str(i) for i in range(100)] + ["bad film"] * 5 + ["worse film"] * 5
    labels = [1] * 100 + [0] * 10
    for seed in range(10):
        chosen = hold_out(units, labels, 0.1, seed)
        assert sum(labels[place] for place in chosen) == 10
        assert len(chosen) == 15
    assert len(hold_out(["a"] * 50 + ["b"] * 50, [0, 1] * 50, 0.1, 0)) == 0  # half is more than three tenths


def test_one_unit_alone_cannot_be_divided() -> None:
    assert hold_out(["one"] * 50, [0, 1] * 25, 0.1, 0) == frozenset()


@given(st.text(max_size=20), st.sampled_from(["{}", " {}", "{}\n", "\t{} "]))
def test_case_and_blanks_make_no_other_text(text: str, template: str) -> None:
    assert text_key(template.format(text)) == text_key(text)
    assert text_key(text.casefold()) == text_key(text)
    assert text_key(text + "x") != text_key(text)


def test_words_are_not_run_together() -> None:
    assert text_key("no thing") == text_key("No\n  THING") != text_key("nothing")
    assert text_key("\ud800") != text_key("?")


def test_texts_are_dealt_out_in_whole_units_and_each_part_has_its_share_of_both_classes() -> None:
    units = [f"film {i // 3}" for i in range(300)]
    labels: list[int | None] = [int(i // 3 % 4 == 0) for i in range(300)]
    parts = deal_out(units, labels, 5, 7)
    assert {part: parts.count(part) for part in range(5)} == dict.fromkeys(range(5), 60)
    for part in range(5):
        assert sum(label or 0 for label, its in zip(labels, parts) if its == part) == 15
    assert all(len(set(parts[i : i + 3])) == 1 for i in range(0, 300, 3))
    assert deal_out(units[::-1], labels[::-1], 5, 7) == parts[::-1]
    assert deal_out(units, labels, 5, 8) != parts
