"""The teacher: a transformer that knows English, fine-tuned on labelled reviews.

The transformer is `sentence-transformers/all-mpnet-base-v2` (MPNet, Song et al. 2020, arXiv 2004.09297; 110 M
parameters, Apache-2.0). Its weights stay as they are. What learns are low-rank adapters beside the linear layers of its
upper blocks (LoRA, Hu et al. 2021, arXiv 2106.09685) and a linear head on the mean of the last hidden states. So what
fine-tuning adds is a file of a few megabytes, and fine-tuning takes half the time that training every weight takes.

Only this module imports torch and transformers; the extra `imdbsent[teacher]` installs them.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

WEIGHTS_FILE: Final = "model.safetensors"
WEIGHTS_SHA256: Final = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_WIDTH_STEP: Final = 16  # word pieces
_SPECIAL: Final = 2  # tokens that the tokenizer puts around a text: <s> and </s>


@dataclass(frozen=True)
class TeacherConfig:
    """How the teacher is fine-tuned.

    Attributes:
        rank: of the adapters' matrices.
        scale: what the adapters' product is multiplied by.
        frozen_layers: blocks at the bottom of the transformer that get no adapters.
        longest: word pieces read of a review, the two special ones included; of a longer one, its head and its tail.
        batch_size: reviews per step.
        epochs: times through the labeled reviews; 0.7 reads 70 % of them, once.
        learning_rate: of AdamW at its largest; it rises over `warmup` of the steps and then falls linearly to 0.
        warmup: share of the steps.
        weight_decay: of AdamW.
        reviews: labelled reviews to learn from; 0 for all.
    """

    rank: int = 16
    scale: float = 2.0
    frozen_layers: int = 4
    longest: int = 256
    batch_size: int = 16
    epochs: float = 0.7
    learning_rate: float = 4e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    reviews: int = 0


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
        down = nn.functional.linear(x, self.down.to(x.dtype))
        return self.linear(x) + self.scale * nn.functional.linear(down, self.up.to(x.dtype))

    def merged(self) -> nn.Linear:
        """The layer with the product added to its weights, for answering."""
        with torch.no_grad():
            weight = self.linear.weight.float() + self.scale * self.up @ self.down
            self.linear.weight.copy_(weight.to(self.linear.weight.dtype))
        return self.linear


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
        self.encoder: Any = AutoModel.from_pretrained(
            folder,
            dtype=torch.bfloat16,
            add_pooling_layer=False,
            hidden_dropout_prob=0.0,  # one epoch over frozen weights does not overfit, and dropout doubles the time
            attention_probs_dropout_prob=0.0,
        )
        self.encoder.requires_grad_(requires_grad=False)
        for block in self.encoder.encoder.layer[config.frozen_layers :]:
            for parent in (block.attention.attn, block.intermediate, block.output):
                for name, child in list(parent.named_children()):
                    if isinstance(child, nn.Linear):
                        setattr(parent, name, LowRankLinear(child, config.rank, config.scale))
        self.head = nn.Linear(self.encoder.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (batch,) of word pieces (batch, length); the mask is 1 where a piece is, 0 where padding is."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        mean = (hidden * weights).sum(1) / weights.sum(1)
        logits: torch.Tensor = self.head(mean).squeeze(-1)
        return logits

    def learned(self) -> dict[str, nn.Parameter]:
        """The parameters that learn, by name: adapters and head."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def load(self, path: Path) -> None:
        """Take over the adapters and the head that `fine_tune` wrote."""
        with safe_open(path, "pt") as file, torch.no_grad():
            for name, parameter in self.learned().items():
                parameter.copy_(file.get_tensor(name))

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

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The word pieces of texts; of a text longer than `longest`, its head and its tail, half each."""
        found = self.tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)
        start, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        room = self.config.longest - _SPECIAL
        head, tail = room - room // 2, room // 2
        return [
            [start, *(ids if len(ids) <= room else ids[:head] + ids[-tail:]), end] for ids in found["input_ids"]
        ]

    def logits(
        self, texts: Sequence[str], pieces_per_batch: int = 4_096, done: Callable[[int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """The logits of texts, shape (texts,), in their order.

        Args:
            texts: as the teacher is to read them (`imdbsent.text.words.plain_text`).
            pieces_per_batch: word pieces per run of the network, padding included.
            done: called with the number of texts answered since the last call.
        """
        pieces = self.pieces(texts)
        order = sorted(range(len(pieces)), key=lambda text: len(pieces[text]))
        logits = np.zeros(len(pieces), np.float32)
        self.eval()
        with torch.inference_mode():
            for batch in batches_by_size([len(pieces[text]) for text in order], pieces_per_batch):
                chosen = [order[text] for text in batch]
                logits[chosen] = self(*self._padded([pieces[text] for text in chosen])).numpy()
                if done:
                    done(len(chosen))
        return logits

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        # Few widths: oneDNN compiles and keeps a program for each shape, gigabytes of them for hundreds of widths.
        longest = -(-max(map(len, rows)) // _WIDTH_STEP) * _WIDTH_STEP
        ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        return ids, mask


def batches_by_size(lengths: Sequence[int], pieces: int) -> Iterator[range]:
    """Cut texts that are sorted by length into batches of at most `pieces` word pieces, padding included."""
    start = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or (end + 1 - start) * lengths[end] > pieces:
            yield range(start, end)
            start = end


def step_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """The texts of each step of an epoch: like lengths together, the batches in random order."""
    random = np.random.default_rng([seed, epoch])
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
    seed: int,
    checkpoint: Path,
    report: Callable[[str], None],
    seconds_between: float = 240.0,
) -> None:
    """Teach the teacher what the labelled reviews say; from where an earlier run with the same checkpoint stopped.

    Args:
        teacher: its adapters and head learn.
        texts: labelled reviews as the teacher is to read them.
        labels: 1 positive, 0 negative, one for each text.
        seed: of the order of the reviews.
        checkpoint: where parameters, optimizer and step are kept every `seconds_between` seconds.
        report: called with a line of progress now and then.
        seconds_between: seconds from one checkpoint to the next.
    """
    config = teacher.config
    pieces = teacher.pieces(texts)
    lengths = [len(row) for row in pieces]
    whole = [
        batch
        for epoch in range(math.ceil(config.epochs))
        for batch in step_batches(lengths, config.batch_size, seed, epoch)
    ]
    steps = whole[: round(len(whole) * config.epochs / math.ceil(config.epochs))]
    learned = teacher.learned()
    optimizer = torch.optim.AdamW(learned.values(), lr=config.learning_rate, weight_decay=config.weight_decay)
    first = _resume(checkpoint, learned, optimizer)
    rising = max(1, round(config.warmup * len(steps)))
    targets = torch.tensor(labels, dtype=torch.float32)
    teacher.train()
    started = written = time.monotonic()
    seen, loss_sum, right, count = 0, 0.0, 0, 0
    for step in range(first, len(steps)):
        rate = min((step + 1) / rising, (len(steps) - step) / max(1, len(steps) - rising))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate
        batch = steps[step]
        logits = teacher(*teacher._padded([pieces[text] for text in batch]))  # noqa: SLF001
        target = targets[batch]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learned.values(), 1.0)
        optimizer.step()
        seen += sum(lengths[text] for text in batch)
        loss_sum += float(loss) * len(batch)
        right += int(((logits > 0) == (target > 0.5)).sum())  # noqa: PLR2004
        count += len(batch)
        if (step + 1) % 50 == 0 or step + 1 == len(steps):
            rate_now = seen / (time.monotonic() - started)
            report(
                f"teacher: step {step + 1} of {len(steps)}, loss {loss_sum / count:.4f}, "
                f"{100 * right / count:.1f} % right, {rate_now:.0f} word pieces/s"
            )
            loss_sum, right, count = 0.0, 0, 0
        if time.monotonic() - written > seconds_between or step + 1 == len(steps):
            _keep(checkpoint, learned, optimizer, step + 1)
            written = time.monotonic()


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
