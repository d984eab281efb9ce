import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from random import Random

import numpy as np
import pytest

from imdbsent.training import distill
from imdbsent.training.distill.grammar import Grammar, inflect, sections
from imdbsent.training.distill.label import LABELS, Labels
from imdbsent.training.distill.texts import (
    MAX_WORDS,
    TextConfig,
    distillation_texts,
    ruled_texts,
    split_sentences,
    texts_sha256,
)

REVIEWS = [
    "I loved this movie.<br /><br />The acting was great, but the end isn&#39;t good. Would I watch it again? Never!",
    "A boring film with terrible actors and a plot that makes no sense. The director should be ashamed of this mess.",
    "Mr. Smith was wonderful in this. The script is clever; the music, however, is really awful -- and far too loud.",
    "My kids watched the show last night and everyone enjoyed it. Not the worst comedy I have seen.",
] * 3
SMALL = TextConfig(**{field.name: 40 for field in fields(TextConfig)})
SHA256 = "bb73ffd23dc7b760a9d537dc4f42706592ec8c95bfdd3e0ad70a156e1917aaa3"


@pytest.fixture(scope="module")
def texts():
    return distillation_texts(REVIEWS, SMALL, seed=1)


def flat(texts):
    return [text for family in texts.values() for text in family]


def test_texts_never_change(texts):
    """Labels are stored in the order of the texts: a change here needs new labels."""
    assert texts_sha256(flat(texts)) == SHA256


def test_texts_do_not_depend_on_the_hash_seed():
    code = (
        "from tests.training.distill.test_texts import *\n"
        "print(texts_sha256(flat(distillation_texts(REVIEWS, SMALL, seed=1))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert run.stdout.strip() == SHA256


def test_families_come_in_the_order_of_the_config_and_fill_their_counts(texts):
    assert list(texts) == [field.name for field in fields(TextConfig)]
    for family in ("words", "negated", "joined", "framed", "noisy", "spans"):
        assert len(texts[family]) == 40, family
    assert all(len(family) <= 40 for family in texts.values())


def test_texts_are_distinct_over_all_families(texts):
    assert len(set(flat(texts))) == len(flat(texts))


def test_no_text_is_empty_long_or_of_several_lines(texts):
    for text in flat(texts):
        assert 1 <= len(text.split()) <= MAX_WORDS, text
        assert text == " ".join(text.split())
        assert "{" not in text


def test_another_seed_gives_other_texts(texts):
    assert distillation_texts(REVIEWS, SMALL, seed=2)["framed"] != texts["framed"]


def test_a_family_does_not_depend_on_the_counts_of_the_others(texts):
    alone = distillation_texts(REVIEWS, TextConfig(0, 0, 0, 0, 0, 0, 0, 40, 0), seed=1)
    assert alone["framed"][:5] == texts["framed"][:5]
    assert alone["sentences"] == []


@pytest.mark.parametrize("reviews", [[], [""], ["Bad."], ["I loved this movie."]])
def test_few_reviews_give_fewer_texts(reviews):
    texts = distillation_texts(reviews, SMALL, seed=1)
    assert len(texts["sentences"]) < 40
    assert len(texts["framed"]) == 40


def test_the_package_has_labels_for_as_many_texts_as_a_run_makes():
    asked = sum(getattr(TextConfig(), field.name) for field in fields(TextConfig))
    labels = Labels.read(Path(distill.__file__).parent / LABELS)
    assert 0.99 * asked < len(labels.texts) <= asked  # copies and what is measured on are left out
    assert np.isfinite(labels.texts).mean() > 0.3


def test_sentences_are_split_without_markup():
    assert split_sentences(REVIEWS[0]) == [
        "I loved this movie.",
        "The acting was great, but the end isn't good.",
        "Would I watch it again?",
        "Never!",
    ]
    assert split_sentences(REVIEWS[2])[0] == "Mr. Smith was wonderful in this."


@pytest.mark.parametrize(
    ("phrase", "form", "expected"),
    [
        ("stop working", "past", "stopped working"),
        ("fall apart", "past", "fell apart"),
        ("break", "pp", "broken"),
        ("try", "third", "tries"),
        ("make my day", "ing", "making my day"),
        ("delivery", "plural", "deliveries"),
        ("coffee shop", "plural", "coffee shops"),
        ("never get old", "third", "never gets old"),
    ],
)
def test_phrases_are_inflected(phrase, form, expected):
    assert inflect(phrase, form) == expected


def test_every_frame_can_be_written():
    grammar = Grammar()
    rng = Random(1)
    for section in grammar.frames:
        for domain in grammar.domains:
            for _ in range(5):
                assert grammar.write(section, rng, domain)


def test_every_domain_has_all_of_its_sections():
    grammar = Grammar()
    for domain in grammar.domains:
        for section in ("noun", "part", "parts", "person", "use"):
            assert len(grammar.words[f"{domain}.{section}"]) >= 7, (domain, section)
        for section in ("fail", "fine", "fact"):
            assert len(grammar.frames[f"{domain}.{section}"]) >= 7, (domain, section)


def test_texts_with_a_label_by_rule_are_written_out_and_as_their_phrase_says():
    texts = ruled_texts(3_000, seed=1)
    assert texts == ruled_texts(3_000, seed=1) != ruled_texts(3_000, seed=2)
    assert not [text for text in texts if any(mark in text for mark in "{}(|)") or "  " in text or " '" in text]
    enough = {logit for text, logit in texts.items() if "recommend" in text.lower() and "enough" in text.lower()}
    never = {logit for text, logit in texts.items() if text.lower().startswith("never again")}
    assert min(enough) > 0 > max(never)


def test_a_text_with_a_label_by_rule_takes_no_side_or_one_that_is_no_guess_and_no_surer_than_the_teacher():
    assert all(logit == 0 or 0.5 < abs(logit) < 4 for _, logit in Grammar().ruled)


def test_the_slots_of_the_texts_with_a_label_by_rule_are_their_own():
    """One that had the name of a section of the lexicon would change the texts that the committed labels belong to."""
    slots = [section for section in sections("ruled.txt") if section.isalpha()]
    assert {"joy", "woe", "nice"} <= {*slots}
    others = ("words.txt", "domains.txt", "emoji.txt", "idioms.txt", "frames.txt", "facts.txt")
    assert not {*slots} & {section for name in others for section in sections(name)}
