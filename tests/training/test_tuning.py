"""A trained model that learns a user's own labels, and what is said of it."""

from __future__ import annotations

import json
import logging
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed in the light environment")
pytest.importorskip("onnx", reason="onnx is not installed in the light environment")

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.bundle.card import MODEL, VOCABULARY, Epoch
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import BundleInvalid, TrainingStopped
from imdbsent.evaluation import measure
from imdbsent.evaluation.report import Comparison
from imdbsent.explain.attribution import attributor
from imdbsent.models import inventory, store
from imdbsent.reading.labeled import Example, parse_rules, read_examples
from imdbsent.reading.options import ReadOptions
from imdbsent.text.tokenizer import Vocabulary
from imdbsent.training import checkpoint as unfinished
from imdbsent.training.architectures.flagship import ARCHITECTURE, flagship_network, network_from_onnx
from imdbsent.training.base import read_base, rivals_of, start_from, start_tuning
from imdbsent.training.export import Trained, write_bundle
from imdbsent.training.loop import best_epoch
from imdbsent.training.own_data import is_trained_on
from imdbsent.training.progress import CompositeProgress
from imdbsent.training.recipes import CLASSIC, FLAGSHIP, TUNED, FineTuning
from imdbsent.training.request import TUNING_VALIDATION_FRACTION, OwnData, TrainingRequest
from imdbsent.training.run import TrainingReport, class_weights, read_data, train_bundle
from imdbsent.training.word_pairs import BUCKETS, NO_KEY, bucket_of, key_of

GOOD, BAD = ("great", "superb", "funny", "moving"), ("awful", "dull", "boring", "poor")
WORDS = (*GOOD, *BAD, "it", "was", "and", "really", "number")
SMALL = replace(FLAGSHIP, vocabulary_size=len(WORDS) + 4, embedding_size=8, units=4)
FAST = replace(TUNED, epochs=4, learning_rate=0.05)


class Interrupting(CompositeProgress):
    """Presses Ctrl-C in an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch = epoch

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        if epoch == self._epoch:
            signal.raise_signal(signal.SIGINT)


class TunedOnce(NamedTuple):
    base: Bundle
    asked: TrainingRequest
    report: TrainingReport


@pytest.fixture
def base(home: Path) -> Bundle:
    return small_flagship(home)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> TunedOnce:
    """One fine-tuning, for the tests that only look at what came of it."""
    folder = tmp_path_factory.mktemp("tuned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMDBSENT_HOME", str(folder / "home"))
        base = small_flagship(folder / "home")
        asked = request(labeled(folder / "mine.jsonl"))
        return TunedOnce(base, asked, train_bundle(asked))


def small_flagship(home: Path) -> Bundle:
    """A small flagship with random weights, installed as "small"."""
    import keras

    keras.utils.set_random_seed(3)
    network = ARCHITECTURE.without_training_parts(flagship_network(SMALL), SMALL)
    trained = Trained(SMALL, 1, network, Vocabulary(tuple(word.encode() for word in WORDS)), (), tokenizer="words")
    folder = home / "models" / "small"
    folder.mkdir(parents=True)
    bundle = write_bundle(folder, trained, name="small", data_sha256="", measure=lambda _: ())
    card = replace(bundle.card, temperature=0.5)
    (folder / "card.json").write_text(card.to_json())
    return read_bundle(folder)


def labeled(path: Path, rows: int = 240) -> Path:
    """Short texts, and every tenth of 80 words, more than one segment."""
    lines = []
    for i in range(rows):
        words = GOOD if i % 2 else BAD
        text = f"it was {words[i % 4]} and really {words[(i // 3) % 4]} number {i}"
        lines.append(json.dumps({"text": text + " it was" * (40 * (i % 10 == 0)), "label": i % 2}))
    path.write_text("\n".join(lines) + "\n")
    return path


def request(path: Path, name: str = "mine", **fields: object) -> TrainingRequest:
    start, recipe = start_tuning("small", FAST)
    own = OwnData(str(path), ReadOptions(command="train"), validation_fraction=TUNING_VALIDATION_FRACTION)
    asked = TrainingRequest(recipe, 7, name, own=own, base=start, tuning=FineTuning(fewest_steps=0))
    return replace(asked, **fields)  # type: ignore[arg-type]


def contents(bundle: Bundle) -> dict[str, bytes]:
    return {file: (bundle.directory / file).read_bytes() for file in (MODEL, VOCABULARY)}


def test_the_weights_of_the_flagship_are_those_of_its_network_in_keras_order(base: Bundle) -> None:
    recipe = ARCHITECTURE.with_sizes_of(base, CLASSIC)
    assert (recipe.vocabulary_size, recipe.embedding_size, recipe.units) == (17, 8, 4)
    ours = ARCHITECTURE.weights_of(base)
    theirs = network_from_onnx(base.directory / MODEL, recipe).get_weights()
    assert [array.tobytes() for array in ours] == [array.tobytes() for array in theirs]
    assert [array.shape for array in ours] == [array.shape for array in theirs]


def test_a_tuned_model_is_better_and_says_what_it_came_from(tuned: TunedOnce) -> None:
    base, _, report = tuned
    card = report.bundle.verify().card
    assert (card.tokenizer, card.architecture, card.num_words) == ("words", "flagship", 17)
    assert (card.recipe["base"], card.recipe["base_sha256"]) == ("small", base.card.files[MODEL])
    assert card.history[0].number == 0
    kept = best_epoch(card.history)
    assert card.recipe["kept_epoch"] == kept.number
    assert card.chosen_by == (
        f"epoch {kept.number} of {card.history[-1].number}, which has the lowest loss on the validation texts"
    )
    chosen, held_out = card.metrics
    assert (chosen.split, chosen.n, chosen.accuracy) == ("validation", 28, kept.test_accuracy)
    assert (held_out.split, held_out.n) == ("held out", 48)
    of_default, of_base = compared(report)
    assert (of_default.other.model, of_base.other.model) == ("flagship", "small")
    assert of_base.texts == 48
    assert of_base.new.model == "mine"
    assert of_base.new.accuracy == held_out.accuracy > of_base.other.accuracy


def compared(report: TrainingReport) -> tuple[Comparison, ...]:
    """The comparisons of a fine-tuned model, that with the model which it came from last."""
    assert report.standing is not None
    return tuple(comparison for _, comparison in report.standing.pairs)


@pytest.mark.slow
def test_the_texts_that_compare_are_neither_learned_from_nor_choose_the_epoch(base: Bundle, tmp_path: Path) -> None:
    asked = request(labeled(tmp_path / "mine.jsonl"))
    data = read_data(asked)
    parts = [{example.where for example in part} for part in (data.train, data.validation, data.test)]
    assert list(map(len, parts)) == [164, 28, 48]
    assert len(set.union(*parts)) == 240
    assert data.notes[0] == "164 texts to learn from (50% positive), 28 to choose the epoch, 48 to compare models"
    card = replace(store.locate("flagship").card, seed=7, data_sha256=data.sha256)
    assert asked.own is not None
    assert is_trained_on(card, read_examples(asked.own.source, parse_rules((), ()), asked.own.read, allow_blank=False))


@pytest.mark.slow
def test_few_texts_are_compared_by_cross_validation_which_can_be_interrupted(
    base: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(_models: int) -> NoReturn:
        raise KeyboardInterrupt

    inventory.use("small")
    caplog.set_level(logging.INFO)
    with pytest.raises(KeyboardInterrupt):
        train_bundle(request(labeled(tmp_path / "mine.jsonl", 40)), counting=interrupt)
    assert caplog.messages[-1] == "stopped. To resume, type: imdbsent train --resume --name mine"
    start = unfinished.find("mine")
    report = train_bundle(start.head.request, start=start)
    assert [metrics.split for metrics in report.bundle.card.metrics] == ["validation"]
    assert report.standing is not None
    assert report.standing.parts == 5
    ((rival, comparison),) = report.standing.pairs
    assert (rival.name, rival.is_default, rival.is_tuned) == ("small", True, False)
    assert comparison.texts == 40
    assert comparison.new.accuracy > comparison.other.accuracy


@pytest.mark.slow
def test_named_texts_compare_the_models_and_do_not_choose_the_epoch(base: Bundle, tmp_path: Path) -> None:
    held = labeled(tmp_path / "held.jsonl", 40)
    held.write_text(held.read_text().replace("number", "really"))
    asked = request(labeled(tmp_path / "mine.jsonl", 80))
    assert asked.own is not None
    data = read_data(replace(asked, own=replace(asked.own, validation=str(held))))
    assert (len(data.train), len(data.validation), len(data.test)) == (68, 12, 40)


@pytest.mark.slow
def test_words_that_the_model_does_not_know_are_learned(
    base: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Only an unknown word says what the label is. Words of one text, or of held-out texts alone, are not added."""
    rows = [{"text": f"it was {('zorp', 'quix')[i % 2]} number x{i}y", "label": i % 2} for i in range(240)]
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    asked = request(path)
    report = train_bundle(replace(asked, recipe=replace(asked.recipe, epochs=8)))
    card = report.bundle.card
    assert "2 words that the model did not know: quix, zorp" in caplog.text
    assert Vocabulary.parse(report.bundle.read(VOCABULARY)).words[-2:] == (b"quix", b"zorp")
    assert (card.num_words, card.recipe["vocabulary_size"]) == (19, 19)
    # before it learns them, it answers like the model that does not know them
    measured = measure(Classifier(base), read_data(asked).validation, "validation")
    assert card.history[0].test_loss == pytest.approx(measured.loss, abs=1e-5)
    assert compared(report)[-1].other.accuracy == 0.5
    assert compared(report)[-1].new.accuracy == 1


def test_pairs_of_words_are_found_in_a_larger_vocabulary(base: Bundle) -> None:
    first, second = 5, 7
    bucket, key = bucket_of(first, second), key_of(first, second, 17)
    table: Any = np.full(BUCKETS + 1, NO_KEY, np.int32)
    table[bucket] = key
    weights = (table, *ARCHITECTURE.weights_of(base)[1:])
    keys, embedding, *_ = ARCHITECTURE.with_words(weights, 3)
    assert keys[bucket] == key_of(first, second, 20)
    assert (keys == NO_KEY).sum() == BUCKETS
    assert embedding.shape == (20, 8)
    assert (embedding[17:] == embedding[2]).all()


def test_epoch_0_is_the_model_as_it_answers(tuned: TunedOnce) -> None:
    card = tuned.report.bundle.card
    measured = measure(Classifier(tuned.base), read_data(tuned.asked).validation, "validation")
    assert card.history[0].test_loss == pytest.approx(measured.loss, abs=1e-5)
    assert card.history[0].test_accuracy == pytest.approx(measured.accuracy)


@pytest.mark.slow
def test_a_model_that_learning_makes_no_better_stays_as_it_was(base: Bundle, tmp_path: Path) -> None:
    """The labels say nothing, and it knows that already."""
    path = tmp_path / "noise.jsonl"
    rows = [{"text": f"it was really number {i}", "label": i * 7919 % 13 % 2} for i in range(240)]
    path.write_text("\n".join(map(json.dumps, rows)))
    train_bundle(request(path, "good"))
    start, recipe = start_tuning("good", replace(FAST, learning_rate=1.0))
    report = train_bundle(replace(request(path), base=start, recipe=recipe))
    card = report.bundle.card
    assert (card.recipe["kept_epoch"], len(card.history)) == (0, 1 + FineTuning().patience)
    assert card.chosen_by.startswith(f"epoch 0 of {FineTuning().patience}, which")
    test = compared(report)[-1].test
    assert test.only_first_right == test.only_second_right == 0


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [1, 3])  # while the head learns alone, and later
@pytest.mark.usefixtures("base")
def test_a_run_that_is_stopped_and_resumed_gives_the_same_bytes(tuned: TunedOnce, tmp_path: Path, epoch: int) -> None:
    whole = tuned.report
    with pytest.raises(TrainingStopped):
        train_bundle(request(labeled(tmp_path / "mine.jsonl")), progress=Interrupting(epoch))
    start = unfinished.find("mine")
    resumed = train_bundle(start.head.request, start=start)
    assert contents(resumed.bundle) == contents(whole.bundle)
    histories = [[replace(e, seconds=0.0) for e in report.bundle.card.history] for report in (whole, resumed)]
    assert histories[0] == histories[1]
    assert compared(resumed) == compared(whole)


@pytest.mark.slow
@pytest.mark.usefixtures("base")
def test_another_seed_gives_another_model(tuned: TunedOnce, tmp_path: Path) -> None:
    other = train_bundle(request(labeled(tmp_path / "mine.jsonl"), seed=8))
    assert contents(other.bundle)[MODEL] != contents(tuned.report.bundle)[MODEL]


@pytest.mark.slow
def test_a_recipe_starts_from_the_flagship_and_keeps_its_last_epoch(base: Bundle, tmp_path: Path) -> None:
    start, recipe = start_from("small", replace(CLASSIC, epochs=2))
    own = OwnData(str(labeled(tmp_path / "mine.jsonl")), ReadOptions(command="train"))
    report = train_bundle(TrainingRequest(recipe, 7, "mine", own=own, base=start))
    assert report.standing is None
    assert report.bundle.card.chosen_by == "the last epoch; nothing was chosen"
    assert report.bundle.card.tokenizer == "words"


def test_the_contributions_of_a_tuned_model_add_up_to_its_logit(tuned: TunedOnce) -> None:
    classifier = Classifier(tuned.report.bundle)
    ids = classifier.tokenizer.encode("it was great and really dull")
    (attribution,) = attributor(classifier.engine)([ids], 1)
    (logit,) = classifier.engine.logits([ids])
    assert attribution.bias + attribution.contributions.sum() == pytest.approx(logit, abs=1e-4)


@pytest.mark.slow
def test_a_default_that_was_tuned_is_tuned_from_its_own_base_again(
    base: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train_bundle(request(labeled(tmp_path / "mine.jsonl")))
    inventory.use("mine")
    start, _ = start_tuning(None, TUNED)
    assert (start.model, start.sha256) == ("small", base.card.files[MODEL])
    assert "the default model, 'mine', was fine-tuned from 'small': starting from 'small' again" in caplog.text
    start, _ = start_tuning("mine", TUNED)
    assert start.model == "mine"
    assert [(rival.name, rival.is_default, rival.is_tuned) for rival in rivals_of(start)] == [("mine", True, True)]
    assert [(rival.name, rival.is_default) for rival in rivals_of(start_tuning("small", TUNED)[0])] == [
        *(("mine", True), ("small", False)),
    ]
    changed = replace(base.card, files={**base.card.files, MODEL: "0" * 64})
    (store.directory_of("small") / "card.json").write_text(changed.to_json())
    assert start_tuning(None, TUNED)[0].model == "mine"


def test_a_model_that_changed_during_the_run_is_an_error(base: Bundle) -> None:
    start, _ = start_tuning("small", TUNED)
    with pytest.raises(BundleInvalid, match="began with"):
        read_base(replace(start, sha256="0" * 64))


@pytest.mark.slow
def test_both_classes_count_the_same(base: Bundle, tmp_path: Path) -> None:
    rows = [{"text": f"it was {GOOD[i % 4] if i % 6 else BAD[i % 4]} {i}", "label": int(i % 6 > 0)} for i in range(240)]
    path = tmp_path / "rare.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    asked = request(path)
    report = train_bundle(replace(asked, recipe=replace(asked.recipe, epochs=8)))
    comparison = compared(report)[-1]
    assert not comparison.is_balanced
    assert comparison.new.balanced_accuracy > 0.8


def test_few_texts_are_learned_from_for_up_to_three_times_as_many_epochs() -> None:
    assert [FineTuning().epochs(16, steps) for steps in (1, 6, 7, 13, 19, 1000)] == [48, 48, 43, 24, 16, 16]
    assert FineTuning(fewest_steps=0).epochs(2, 1) == 2


def test_the_weights_of_the_classes_have_a_mean_of_one() -> None:
    examples = [Example(f"text {i}", int(i < 3), f"line {i}", None) for i in range(12)]
    negative, positive = class_weights(examples)
    assert (9 * negative, 3 * positive) == (6, 6)


def test_the_best_epoch_is_the_first_of_equal_ones_and_not_one_that_diverged() -> None:
    losses = [float("nan"), 0.5, 0.4, 0.4, float("inf")]
    history = [Epoch(i, 1.0, 0.1, 0.9, loss, 0.5) for i, loss in enumerate(losses)]
    assert best_epoch(history).number == 2
    assert best_epoch(history[:1]).number == 0


def test_a_network_of_random_weights_is_not_what_is_tuned(base: Bundle) -> None:
    weights = ARCHITECTURE.weights_of(base)
    calibrated = read_base(start_tuning("small", TUNED)[0]).calibrated_weights
    np.testing.assert_allclose(calibrated[-2], 2 * weights[-2])
    assert all(ours is theirs or (ours == theirs).all() for ours, theirs in zip(calibrated[:-2], weights[:-2]))
