"""The flagship's recipe as one training run: texts, labels, student.

1. The short texts are made from the reviews by rule (`data`, `texts`).
2. The labels of texts and reviews come with the package, or a transformer makes them again (`teacher`, `label`).
3. The student learns from them (`student`). It is what ships.

No test review is read, and nothing learns from reviews of held-out titles.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.dataset.aclimdb import from_reviews
from imdbsent.errors import DatasetInvalid, TrainingStopped
from imdbsent.files import file_sha256
from imdbsent.text.everyday import plain_text
from imdbsent.text.tokenizer import tokenizer_class
from imdbsent.training.architectures import architecture
from imdbsent.training.backend import import_library
from imdbsent.training.checkpoint import DAMAGE, Variables, stages_of
from imdbsent.training.data import TrainingData
from imdbsent.training.distill.config import FULL, SMOKE
from imdbsent.training.distill.data import (
    UNLABELED,
    encode_texts,
    labeled_spans,
    read_distillation_data,
    student_vocabulary,
)
from imdbsent.training.distill.label import (
    LABELS,
    Labels,
    correct_understatements,
    label_texts,
    principal_components,
)
from imdbsent.training.export import Trained
from imdbsent.training.loop import Loop, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imdbsent.fetch import DownloadProgress
    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.distill.config import DistillationConfig, TeachingStage
    from imdbsent.training.distill.data import DistillationData
    from imdbsent.training.distill.student import SoftLabeled
    from imdbsent.training.distill.teacher import Teacher
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.request import TrainingRequest

logger = logging.getLogger(__name__)

_WHOLE: Final = 1_000_000  # tokens: more than any review has


def config_of(request: TrainingRequest) -> DistillationConfig:
    """What the stages of a run are set to."""
    return SMOKE if request.smoke else FULL


def flagship_data(source: Path, config: DistillationConfig) -> TrainingData:
    """Read the reviews and make the short texts.

    Args:
        source: archive or folder of the reviews.
        config: what to hold out, and how many texts to make.

    Raises:
        DatasetInvalid: the data are damaged, or a folder of them is missing.
    """
    data = read_distillation_data(
        source,
        config.texts,
        held_out=config.held_out,
        seed=config.seed,
        ruled=config.ruled,
        most_reviews=config.most_reviews,
    )
    held_out = np.flatnonzero(data.held_out)
    return TrainingData(
        train=(),
        validation=from_reviews(data.reviews[index] for index in held_out),
        split="validation",
        sha256=data.content_sha256,
        test=from_reviews(data.test),
        distillation=data,
    )


def distill(
    request: TrainingRequest,
    data: TrainingData,
    *,
    progress: TrainingProgress,
    download: DownloadProgress | None = None,
    start: Checkpoint | None = None,
    save: Callable[[State, Variables], None] = lambda _state, _variables: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train the student, and its teacher first if that is asked for.

    Args:
        request: its recipe, seed, and the folder of the transformer, if it is to make the labels again.
        data: from `flagship_data`.
        progress: called after each batch and epoch of the student.
        download: follows the download of the transformer.
        start: the checkpoint to resume from; None to start a run.
        save: saves a checkpoint; called as `imdbsent.training.loop.Loop` says.
        stop: whether someone asked to stop.

    Returns:
        The student after the last epoch, its embeddings rounded as its bundle stores them.

    Raises:
        TrainingStopped: it was asked to stop; what is done is kept.
        TrainingUnavailable: a library that a stage needs is not installed.
        DatasetInvalid: the labels that come with the package belong to other reviews.
        DownloadFailed: the transformer cannot be downloaded.
        ValueError: `start` belongs to another network.
    """
    distillation, config = data.distillation, config_of(request)
    assert distillation is not None
    if request.smoke or request.teacher:
        for library in ("torch", "transformers", "safetensors"):  # said before anything is written
            import_library(library)
        if start is None:
            save(State(), Variables((), ()))  # the run can be resumed from now on
        labels = _make_labels(request, distillation, config, download, stop)
    else:
        labels = packaged_labels(distillation, request.data or "")
    import_library("keras")
    from imdbsent.training.distill.student import student_network

    recipe, kind = request.recipe, architecture(request.recipe.architecture)
    train, validation = training_inputs(distillation, labels, config, recipe.vocabulary_size)
    logger.info(f"{len(train):,} texts to learn from, {len(validation):,} reviews of held-out titles to validate on")
    network = student_network(recipe, request.seed, labels.words, train, config.student)
    state = State()
    if start and start.variables.network:
        state = start.head.state
        start.variables.assign_to(network)
    history = Loop(
        network,
        recipe,
        request.seed,
        train,
        validation,
        progress=progress,
        save=lambda state: save(state, Variables.of(network)),
        stop=stop,
    ).run(state)
    settings = {**_flat(config), "labels_sha256": labels.content_sha256()}
    answering = kind.without_training_parts(network, recipe)
    return Trained(recipe, request.seed, answering, labels.vocabulary, history, settings)


def training_inputs(
    data: DistillationData, labels: Labels, config: DistillationConfig, vocabulary_size: int
) -> tuple[SoftLabeled, SoftLabeled]:
    """What the student learns from, and the reviews of held-out titles that it is validated on.

    A text that the teacher has not labeled is left out; a review without its logit has its label alone.

    Args:
        data: reviews and short texts.
        labels: the logits for them, and the vocabulary.
        config: how targets are made, and texts batched.
        vocabulary_size: ids of the network.
    """
    from imdbsent.training.architectures.flagship import Flagship
    from imdbsent.training.distill.student import SoftLabeled, soft_targets

    tokenizer = tokenizer_class(Flagship.tokenizer)(labels.vocabulary, vocabulary_size, _WHOLE)
    texts = encode_texts(tokenizer, [*(review.text for review in data.reviews), *data.texts, *data.ruled])
    reviews, ruled = len(data.reviews), len(data.ruled)
    logits = np.full(len(texts), np.nan, np.float32)
    logits[np.flatnonzero(~data.held_out)] = labels.reviews
    taught = correct_understatements(data.texts, labels.texts)
    logits[reviews : len(texts) - ruled] = [data.ruled.get(text, logit) for text, logit in zip(data.texts, taught)]
    logits[len(texts) - ruled :] = list(data.ruled.values())
    own = np.full(len(texts), UNLABELED, np.int8)
    own[:reviews] = data.labels
    targets = soft_targets(logits, own, config.student)
    held_out = np.zeros(len(texts), bool)
    held_out[:reviews] = data.held_out
    targets[held_out] = own[held_out]
    learned = np.flatnonzero(np.isfinite(targets) & ~held_out)
    shares = np.ones(len(texts), np.float32)
    shares[:reviews] = config.student.review_share
    shares[reviews : len(texts) - ruled] = config.student.text_share
    train = SoftLabeled(texts, targets, shares, reviews, learned, config.student)
    return train, SoftLabeled(texts, targets, shares, reviews, np.flatnonzero(held_out), config.student)


def packaged_labels(data: DistillationData, source: str) -> Labels:
    """The labels that come with the package.

    Args:
        data: reviews and short texts.
        source: where the reviews come from, for the error.

    Raises:
        DatasetInvalid: the labels belong to other reviews.
    """
    labels = Labels.read(Path(__file__).parent / LABELS)
    if labels.sha256 != data.sha256():
        raise DatasetInvalid(
            Path(source), "the labels of the recipe belong to the complete archive, and these are other reviews"
        )
    return labels


def _make_labels(
    request: TrainingRequest,
    data: DistillationData,
    config: DistillationConfig,
    download: DownloadProgress | None,
    stop: Callable[[], bool],
) -> Labels:
    """Fine-tune the teacher and have it label everything; what an earlier run has done is not done again.

    The labels are kept in the folder of the transformer.
    """
    from imdbsent.training.distill import teacher as transformer

    folder = stages_of(request.name)
    folder.mkdir(parents=True, exist_ok=True)
    if request.teacher:
        base = transformer.find_or_fetch(Path(request.teacher), download)
    else:
        base = transformer.tiny_transformer(folder / "transformer", data.texts, config.seed)
    sha256 = data.sha256()
    found = _read_labels(base / LABELS)
    if found and found.sha256 == sha256:
        logger.info(f"labels: from {base / LABELS}")
        return found
    teacher = transformer.Teacher(base, config.teacher, config.seed)
    words = teacher.whole_words()
    known = frozenset(words)
    vocabulary = student_vocabulary(data, words, request.recipe.vocabulary_size)
    spelled = [vocabulary.word(rank) for rank in range(1, len(vocabulary.words) + 1)]
    vectors = teacher.vectors([plain_text(word, known) or word for word in spelled])  # before it learns of films
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stages = [base / transformer.STAGE.format(number) for number in range(1, len(config.teacher.stages) + 1)]
    averaged = stages[-config.teacher.averaged :]
    if all(path.exists() for path in averaged):
        logger.info(f"teacher: already fine-tuned, from {', '.join(map(str, averaged))}")
    else:
        for number, (stage, path) in enumerate(zip(config.teacher.stages, stages), 1):
            _teach(teacher, path, folder / f"teacher-{number}.checkpoint", data, stage, config.seed + number, stop)
    texts = [plain_text(text, known) for text in data.texts]
    reviews = [plain_text(data.reviews[index].text, known) for index in np.flatnonzero(~data.held_out)]
    earlier = _labels_by_same_teacher(averaged, sha256)
    of_texts, of_reviews = (None, None) if earlier is None else (earlier.texts, earlier.reviews)
    balanced = transformer.Teacher.answering(base, config.teacher, averaged)
    last = transformer.Teacher.answering(base, config.teacher, stages[-1:])
    labels = Labels(
        sha256,
        label_texts(balanced, texts, folder / "texts", stop, of_texts),
        label_texts(last, reviews, folder / "reviews", stop, of_reviews),
        vocabulary,
        principal_components(vectors, request.recipe.embedding_size).astype(np.float16),
    )
    labels.write(base / LABELS)
    return labels


def _read_labels(path: Path) -> Labels | None:
    try:
        return Labels.read(path)
    except DAMAGE:
        return None


def _labels_by_same_teacher(stages: Sequence[Path], sha256: str) -> Labels | None:
    """The labels of the package, if they were made with these stages; only what they lack has to be labeled."""
    here = Path(__file__).parent
    own, labels = [here / path.name for path in stages], _read_labels(here / LABELS)
    is_same = all(mine.exists() and file_sha256(mine) == file_sha256(path) for mine, path in zip(own, stages))
    return labels if is_same and labels and labels.sha256 == sha256 else None


def _teach(
    teacher: Teacher,
    done: Path,
    checkpoint: Path,
    data: DistillationData,
    stage: TeachingStage,
    seed: int,
    stop: Callable[[], bool],
) -> None:
    """One stage of fine-tuning, unless it is done.

    Args:
        teacher: what earlier stages left; afterwards, what this one leaves.
        done: file of the adapters and the head that it leaves.
        checkpoint: file that it is resumed from.
        data: labeled reviews.
        stage: what it learns from.
        seed: of what is drawn, and of the order.
        stop: whether someone asked to stop.

    Raises:
        TrainingStopped: it was asked to stop.
    """
    from imdbsent.training.distill.teacher import fine_tune

    if done.exists():
        teacher.load(done)
        return
    texts, labels = stage_texts(data, stage, seed)
    known = frozenset(teacher.whole_words())
    plain = [plain_text(text, known) for text in texts]
    if not fine_tune(teacher, plain, labels, stage=stage, seed=seed, checkpoint=checkpoint, stop=stop):
        raise TrainingStopped(1, 0)
    teacher.save(done)
    checkpoint.unlink(missing_ok=True)


def stage_texts(data: DistillationData, stage: TeachingStage, seed: int) -> tuple[list[str], list[int]]:
    """What the teacher learns from in one stage: whole reviews and spans, with their labels.

    Args:
        data: labeled reviews of titles that are not held out are drawn from.
        stage: how many of each.
        seed: of the draw.
    """
    labeled = np.flatnonzero((data.labels != UNLABELED) & ~data.held_out).tolist()
    whole = Random(f"{seed} reviews").sample(labeled, min(stage.reviews, len(labeled)))  # noqa: S311 (no secret)
    texts = [data.reviews[index].text for index in labeled]
    spans, of_spans = labeled_spans(texts, data.labels[labeled].tolist(), stage.spans, seed)
    return [*(data.reviews[index].text for index in whole), *spans], [*data.labels[whole].tolist(), *of_spans]


def _flat(config: DistillationConfig) -> dict[str, str | int | float | bool]:
    """The configuration as a card has it: plain values under the names of their fields."""
    values: dict[str, Any] = asdict(config)
    teacher, student = values.pop("teacher"), values.pop("student")
    values["texts"] = sum(values["texts"].values())
    stages = teacher.pop("stages")
    shown = (f"{s['reviews']} reviews, {s['spans']} spans, {s['batch_size']}, {s['learning_rate']}" for s in stages)
    return {
        **{f"data_{name}": value for name, value in values.items()},
        **{f"teacher_{name}": value for name, value in teacher.items()},
        "teacher_stages": "; ".join(shown),
        **{f"student_{name}": value for name, value in student.items()},
    }
