"""The teacher: a transformer that knows English, fine-tuned on labeled reviews.

The transformer is `sentence-transformers/all-mpnet-base-v2` (MPNet, Song et al. 2020, arXiv 2004.09297; 110 M
parameters, Apache-2.0). Its weights stay as they are. What learns are low-rank adapters beside the linear layers of its
upper blocks (LoRA, Hu et al. 2021, arXiv 2106.09685) and a linear head on the mean of the last hidden states. So what
fine-tuning adds is a file of a few megabytes, and fine-tuning takes half the time that training every weight takes.

Only this module imports torch and transformers; the extra `imdbsent[teacher]` installs them.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer, MPNetConfig, MPNetModel
from transformers.utils import logging as transformers_logging

from imdbsent.fetch import download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.fetch import DownloadProgress
    from imdbsent.training.distill.config import TeacherConfig, TeachingStage
logger = logging.getLogger(__name__)
transformers_logging.set_verbosity_error()  # it reports weights that are not needed, and draws bars
transformers_logging.disable_progress_bar()

URL: Final = "https://huggingface.co/sentence-transformers/all-mpnet-base-v2/resolve/main"
FILES: Final = {
    "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
    "tokenizer_config.json": "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
    "special_tokens_map.json": "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba",
    "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
    "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
    "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
}
"""The files of the transformer, and the SHA-256 of each."""
STAGE: Final = "stage-{}.safetensors"
"""The adapters and the head that a stage of fine-tuning left, in the folder of the transformer."""

_LARGEST_FILE: Final = 500_000_000  # bytes
_WIDTH_STEP: Final = 16  # word pieces
_SHORT_WIDTH_STEP: Final = 4  # a word alone has about five, the special ones included
_STEPS_PER_LINE: Final = 50
_OFTEN: Final = 20  # times that a word must occur to be a piece of the tiny transformer
_SPECIAL: Final = 2  # tokens that the tokenizer puts around a text: <s> and </s>


class LowRankLinear(nn.Module):
    """A linear layer whose weights stay, plus a product of two small matrices that learns.

    Args:
        linear: the layer, (inputs) -> (outputs).
        rank: of the product.
        scale: what the product is multiplied by.
    """

    def __init__(self, linear: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.linear = linear
        self.scale = scale
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., inputs) -> (..., outputs)."""
        down = nn.functional.linear(x, self.down.to(x.dtype)).flatten(0, -2)
        wide: torch.Tensor = self.linear(x)
        up = (self.scale * self.up).to(x.dtype)
        return torch.addmm(wide.flatten(0, -2), down, up.T).view_as(wide)  # product and sum in one operator

    def merged(self) -> nn.Linear:
        """The layer with the product added to its weights, for answering."""
        with torch.no_grad():
            weight = self.linear.weight.float() + self.scale * self.up @ self.down
            self.linear.weight.copy_(weight.to(self.linear.weight.dtype))
        return self.linear


class FusedAttention(nn.Module):
    """MPNet's attention in one operator, which is a third faster than its products, sums and softmax one by one.

    Args:
        attention: of one block, whose linear layers it takes over under their names.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = attention.q, attention.k, attention.v, attention.o
        self.head_size = attention.attention_head_size

    def forward(
        self, hidden: torch.Tensor, mask: torch.Tensor | None, position_bias: torch.Tensor, **_unused: Any
    ) -> tuple[torch.Tensor]:
        """(batch, length, hidden) -> (batch, length, hidden), in the tuple that MPNet's block expects."""
        shape = (*hidden.shape[:-1], -1, self.head_size)
        query, key, value = (layer(hidden).view(shape).transpose(1, 2) for layer in (self.q, self.k, self.v))
        bias = position_bias if mask is None else position_bias + mask  # None where no text is padded
        read = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return (self.o(read.transpose(1, 2).flatten(2)),)


class Teacher(nn.Module):
    """Word pieces to a logit: transformer, mean over the text's pieces, linear head.

    Args:
        folder: of the transformer: its weights, configuration and tokenizer.
        config: what is fine-tuned.
        seed: of the adapters' first values.
    """

    def __init__(self, folder: Path, config: TeacherConfig, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.config = config
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        # Without AVX-512, bfloat16 is emulated, and several times slower than float32.
        is_fast = "AVX512" in torch.backends.cpu.get_cpu_capability()
        self.encoder: Any = AutoModel.from_pretrained(
            folder,
            dtype=torch.bfloat16 if is_fast else torch.float32,
            add_pooling_layer=False,
            hidden_dropout_prob=0.0,  # one epoch over frozen weights does not overfit, and dropout doubles the time
            attention_probs_dropout_prob=0.0,
        )
        self.encoder.requires_grad_(requires_grad=False)
        for block in self.encoder.encoder.layer:
            block.attention.attn = FusedAttention(block.attention.attn)
        for block in self.encoder.encoder.layer[config.frozen_layers :]:
            for parent in (block.attention.attn, block.intermediate, block.output):
                for name, child in list(parent.named_children()):
                    if isinstance(child, nn.Linear):
                        setattr(parent, name, LowRankLinear(child, config.rank, config.scale))
        self.head = nn.Linear(self.encoder.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    @classmethod
    def answering(cls, folder: Path, config: TeacherConfig, stages: Sequence[Path]) -> Teacher:
        """A teacher that is fine-tuned, and only answers.

        Args:
            folder: of the transformer.
            config: what was fine-tuned.
            stages: what stages of fine-tuning left; the teacher has their mean.
        """
        teacher = cls(folder, config, seed=0)
        teacher.load(*stages)
        teacher.merge()
        return teacher

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (batch,) of word pieces (batch, length); the mask is 1 where a piece is, 0 where padding is."""
        logits: torch.Tensor = self.head(self.mean(ids, mask)).squeeze(-1)
        return logits

    def mean(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean (batch, hidden) of the last hidden states of word pieces (batch, length)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        mean: torch.Tensor = (hidden * weights).sum(1) / weights.sum(1)
        return mean

    def learned(self) -> dict[str, nn.Parameter]:
        """The parameters that learn, by name: adapters and head."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def load(self, *paths: Path) -> None:
        """Take over the adapters and the head that fine-tuning left in a file; of several files, their mean."""
        stages = [load_file(path) for path in paths]
        with torch.no_grad():
            for name, parameter in self.learned().items():
                parameter.copy_(torch.stack([stage[name].float() for stage in stages]).mean(0))

    def save(self, path: Path) -> None:
        """Write adapters and head, float16."""
        save_file({name: value.detach().half() for name, value in self.learned().items()}, path)

    def merge(self) -> None:
        """Fold the adapters into the transformer's weights: the same answers in less time; nothing learns after it."""
        for block in self.encoder.encoder.layer[self.config.frozen_layers :]:
            for parent in (block.attention.attn, block.intermediate, block.output):
                for name, child in list(parent.named_children()):
                    if isinstance(child, LowRankLinear):
                        setattr(parent, name, child.merged())

    def whole_words(self) -> list[str]:
        """The words in letters alone that are one word piece, in alphabetical order."""
        return sorted(word for word in self.tokenizer.get_vocab() if word.isascii() and word.isalpha())

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The word pieces of texts; of a text longer than `longest`, its head and its tail, half each."""
        if not texts:
            return []
        found = self.tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)
        start, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        room = self.config.longest - _SPECIAL
        head, tail = room - room // 2, room // 2
        return [
            [start, *(ids if len(ids) <= room else ids[:head] + ids[-tail:]), end] for ids in found["input_ids"]
        ]

    def logits(self, texts: Sequence[str], pieces_per_batch: int = 4_096) -> npt.NDArray[np.float32]:
        """The logits of texts, shape (texts,), in their order.

        Args:
            texts: as the teacher is to read them (`imdbsent.text.everyday.plain_text`).
            pieces_per_batch: word pieces per run of the network, padding included.
        """
        return self.vectors(texts, pieces_per_batch, self.head)[:, 0]

    def vectors(
        self, texts: Sequence[str], pieces_per_batch: int = 4_096, head: nn.Module | None = None
    ) -> npt.NDArray[np.float32]:
        """The mean of the last hidden states of texts, shape (texts, hidden), in their order.

        Args:
            texts: as the teacher is to read them.
            pieces_per_batch: word pieces per run of the network, padding included.
            head: what to apply to the mean, (texts, hidden) -> (texts, size); None for the mean itself.
        """
        pieces = self.pieces(texts)
        order = sorted(range(len(pieces)), key=lambda text: len(pieces[text]))
        found: npt.NDArray[np.float32] | None = None
        self.eval()

        def answer(batch: range) -> tuple[list[int], npt.NDArray[np.float32]]:
            chosen = [order[text] for text in batch]
            with torch.inference_mode():
                mean = self.mean(*self.padded([pieces[text] for text in chosen]))
                return chosen, (head(mean) if head else mean).numpy()

        batches = batches_by_size([len(pieces[text]) for text in order], pieces_per_batch)
        with one_thread_each() as (pool, _threads):
            for chosen, rows in pool.imap_unordered(answer, batches):
                if found is None:
                    found = np.zeros((len(pieces), rows.shape[1]), np.float32)
                found[chosen] = rows
        return np.zeros((0, 1), np.float32) if found is None else found

    def padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Word pieces of texts and their mask, both (batch, length)."""
        # Few widths: oneDNN compiles and keeps a program for each shape, gigabytes of them for hundreds of widths.
        longest = max(map(len, rows))
        step = _WIDTH_STEP if longest > _WIDTH_STEP else _SHORT_WIDTH_STEP
        longest = -(-longest // step) * step
        ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        return ids, mask


@contextmanager
def one_thread_each() -> Iterator[tuple[ThreadPool, int]]:
    """A pool with a thread for each core, each of which runs its operators alone.

    A batch for each core is a fifth faster than all cores on one batch, where they wait for each other at each
    operator.

    Yields:
        The pool, and its threads.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPool(threads) as pool:
            yield pool, threads
    finally:
        torch.set_num_threads(threads)


def batches_by_size(lengths: Sequence[int], pieces: int) -> Iterator[range]:
    """Cut texts that are sorted by length into batches of at most `pieces` word pieces, padding included."""
    start = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or (end + 1 - start) * lengths[end] > pieces:
            yield range(start, end)
            start = end


def step_batches(lengths: Sequence[int], batch_size: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """The texts of each step: like lengths together, the batches in random order."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(lengths))
    window = 64 * batch_size  # sorted within windows only, so that a batch is of like length and still a random one
    batches = []
    for start in range(0, len(shuffled), window):
        chosen = shuffled[start : start + window]
        chosen = chosen[np.argsort(np.asarray(lengths)[chosen], kind="stable")]
        batches += [chosen[i : i + batch_size] for i in range(0, len(chosen), batch_size)]
    return [batches[i] for i in random.permutation(len(batches))]


def fine_tune(
    teacher: Teacher,
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    stage: TeachingStage,
    seed: int,
    checkpoint: Path,
    stop: Callable[[], bool] = lambda: False,
    seconds_between: float = 240.0,
) -> bool:
    """Teach the teacher what labeled texts say, once through; from where an earlier run with that checkpoint stopped.

    Args:
        teacher: its adapters and head learn.
        texts: as the teacher is to read them.
        labels: 1 positive, 0 negative, one for each text.
        stage: texts per step, and learning rate.
        seed: of the order of the texts.
        checkpoint: where parameters, optimizer and step are kept every `seconds_between` seconds.
        stop: whether someone asked to stop; called after each step.
        seconds_between: seconds from one checkpoint to the next.

    Returns:
        Whether it came to the end; False if it was stopped.
    """
    config = teacher.config
    pieces = teacher.pieces(texts)
    lengths = [len(row) for row in pieces]
    steps = step_batches(lengths, stage.batch_size, seed)
    learned = teacher.learned()
    optimizer = torch.optim.AdamW(learned.values(), lr=stage.learning_rate, weight_decay=config.weight_decay)
    first = _resume(checkpoint, learned, optimizer)
    rising = max(1, round(config.warmup * len(steps)))
    targets = torch.tensor(labels, dtype=torch.float32)
    teacher.train()
    started = written = time.monotonic()
    seen, loss_sum, right, count = 0, 0.0, 0, 0
    with one_thread_each() as (pool, threads):
        for step in range(first, len(steps)):
            rate = min((step + 1) / rising, (len(steps) - step) / max(1, len(steps) - rising))
            for group in optimizer.param_groups:
                group["lr"] = stage.learning_rate * rate
            batch = steps[step]
            target = targets[batch]
            logits, loss = _add_gradients(teacher, pool, threads, [pieces[text] for text in batch], target)
            nn.utils.clip_grad_norm_(learned.values(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            seen += sum(lengths[text] for text in batch)
            loss_sum += loss * len(batch)
            right += int(((logits > 0) == (target > 0.5)).sum())  # noqa: PLR2004
            count += len(batch)
            if (step + 1) % _STEPS_PER_LINE == 0 or step + 1 == len(steps):
                rate_now = seen / (time.monotonic() - started)
                logger.info(
                    f"teacher: step {step + 1} of {len(steps)}, loss {loss_sum / count:.4f}, "
                    f"{100 * right / count:.1f} % right, {rate_now:.0f} word pieces/s"
                )
                loss_sum, right, count = 0.0, 0, 0
            is_stopped = stop()
            if is_stopped or time.monotonic() - written > seconds_between or step + 1 == len(steps):
                _keep(checkpoint, learned, optimizer, step + 1)
                written = time.monotonic()
            if is_stopped:
                return False
    return True


def _add_gradients(
    teacher: Teacher, pool: ThreadPool, threads: int, rows: Sequence[Sequence[int]], targets: torch.Tensor
) -> tuple[torch.Tensor, float]:
    """Set the gradients of the mean cross-entropy of a batch, of which each core reads a part.

    Returns:
        The logits (batch,), and the loss.
    """
    parameters = list(teacher.learned().values())
    logits = torch.empty(len(rows))

    def of_part(part: range) -> tuple[float, tuple[torch.Tensor, ...]]:
        found = teacher(*teacher.padded([rows[text] for text in part]))
        loss = nn.functional.binary_cross_entropy_with_logits(found, targets[part], reduction="sum") / len(rows)
        logits[part] = found.detach()
        return loss.item(), torch.autograd.grad(loss, parameters)

    parts = pool.map(of_part, [range(first, len(rows), threads) for first in range(min(threads, len(rows)))])
    for number, parameter in enumerate(parameters):
        parameter.grad = sum(gradients[number] for _, gradients in parts)
    return logits, sum(loss for loss, _ in parts)


def _keep(path: Path, learned: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, step: int) -> None:
    tensors = {}
    for name, parameter in learned.items():
        tensors[name] = parameter.detach()
        state = optimizer.state[parameter]
        tensors[f"{name}:mean"], tensors[f"{name}:square"] = state["exp_avg"], state["exp_avg_sq"]
    temporary = path.with_suffix(".new")
    save_file({name: value.contiguous() for name, value in tensors.items()}, temporary, {"step": str(step)})
    temporary.replace(path)


def _resume(path: Path, learned: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> int:
    """Take over a checkpoint's parameters and optimizer; the steps that are done, 0 where there is no checkpoint."""
    if not path.exists():
        return 0
    with safe_open(path, "pt") as file, torch.no_grad():
        step = int(file.metadata()["step"])
        for name, parameter in learned.items():
            parameter.copy_(file.get_tensor(name))
            optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                "exp_avg": file.get_tensor(f"{name}:mean"),
                "exp_avg_sq": file.get_tensor(f"{name}:square"),
            }
    return step


def find_or_fetch(folder: Path, progress: DownloadProgress | None, url: str = URL) -> Path:
    """Find a transformer in a folder; download it into the folder if that does not exist.

    Args:
        folder: of the transformer.
        progress: follows the download.
        url: address of the folder to download from.

    Raises:
        DownloadFailed: the network is off or does not answer, or the files are not those that were expected.
    """
    if not folder.is_dir():
        # The weights come last, so that a folder that has them is complete.
        for name, sha256 in FILES.items():
            download(
                f"{url}/{name}",
                folder.with_name(f"{folder.name}.part") / name,
                sha256,
                largest=_LARGEST_FILE,
                progress=progress,
                next_step=f"put the files of {url.removesuffix('/resolve/main')} into '{folder}'",
            )
        folder.with_name(f"{folder.name}.part").rename(folder)
    return folder


def tiny_transformer(folder: Path, texts: Iterable[str], seed: int) -> Path:
    """Write a transformer of two layers of 32 numbers that has learned nothing, for smoke runs.

    Args:
        folder: where its files go.
        texts: its word pieces are the letters, and the words of these texts that occur 20 times or more.
        seed: of its weights.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = Counter(word for text in texts for word in text.lower().split() if word.isascii() and word.isalpha())
    letters = [chr(code) for code in range(ord("!"), ord("~") + 1)]
    pieces = [*letters, *(f"##{letter}" for letter in letters), *(w for w in counts if counts[w] >= _OFTEN)]
    vocabulary = dict.fromkeys(["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *pieces])
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    settings = {"tokenizer_class": "MPNetTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    network = MPNetModel(MPNetConfig(vocab_size=len(vocabulary), **sizes), add_pooling_layer=False)
    network.save_pretrained(folder)
    return folder
