"""The encoder in torch: BERT or MPNet layers with linear heads, read from the base model's safetensors."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

#: Module of a layer here -> its name in BERT and in MPNet checkpoints.
_NAMES = {
    "query": ("attention.self.query", "attention.attn.q"),
    "key": ("attention.self.key", "attention.attn.k"),
    "value": ("attention.self.value", "attention.attn.v"),
    "out": ("attention.output.dense", "attention.attn.o"),
    "norm_attention": ("attention.output.LayerNorm", "attention.LayerNorm"),
    "up": ("intermediate.dense", "intermediate.dense"),
    "down": ("output.dense", "output.dense"),
    "norm_output": ("output.LayerNorm", "output.LayerNorm"),
}


@dataclass(frozen=True)
class Shape:
    """Size of an encoder, from the base model's `config.json`."""

    kind: str
    hidden: int
    heads: int
    inner: int
    layers: int
    vocabulary: int
    positions: int
    epsilon: float

    @classmethod
    def read(cls, folder: Path) -> Shape:
        """Read the base model's config."""
        c = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            c["model_type"], c["hidden_size"], c["num_attention_heads"], c["intermediate_size"],
            c["num_hidden_layers"], c["vocab_size"], c["max_position_embeddings"], c["layer_norm_eps"],
        )  # fmt: skip

    @property
    def offset(self) -> int:
        """Return the first position id (MPNet counts from its padding id + 1)."""
        return 2 if self.kind == "mpnet" else 0

    @property
    def pad(self) -> int:
        """Return the padding id."""
        return 1 if self.kind == "mpnet" else 0


class Layer(nn.Module):
    """One transformer layer with the norms after the sums."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        d = shape.hidden
        self.heads = shape.heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, shape.inner), nn.Linear(shape.inner, d)
        self.norm_attention = nn.LayerNorm(d, eps=shape.epsilon)
        self.norm_output = nn.LayerNorm(d, eps=shape.epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Return the layer's output, (batch, length, hidden); `bias` is added to the attention scores."""
        b, n, d = x.shape
        q, k, v = (
            m(x).view(b, n, self.heads, d // self.heads).transpose(1, 2) for m in (self.query, self.key, self.value)
        )
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        x = self.norm_attention(x + self.dropout(self.out(a.transpose(1, 2).reshape(b, n, d))))
        return self.norm_output(x + self.dropout(self.down(F.gelu(self.up(x)))))


class Encoder(nn.Module):
    """Embeddings, layers, mean over the tokens, and one linear head a label."""

    def __init__(self, shape: Shape, n_outputs: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=shape.epsilon)
        self.relative = nn.Embedding(32, shape.heads) if shape.kind == "mpnet" else None
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(shape.hidden, n_outputs)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch, outputs), from token ids and their mask, both (batch, length)."""
        return self.head(self.dropout(self.embed(ids, mask)))

    def embed(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean of the last layer over the real tokens, (batch, hidden)."""
        return self.upper(self.lower(ids, mask, 0), mask, 0)

    def lower(self, ids: torch.Tensor, mask: torch.Tensor, layers: int) -> torch.Tensor:
        """Return what the lowest `layers` layers make of the tokens, (batch, length, hidden)."""
        place = torch.arange(ids.shape[1], device=ids.device) + self.shape.offset
        x = self.dropout(self.norm(self.words(ids) + self.positions(place)))
        bias = self._bias(mask)
        for layer in list(self.layers)[:layers]:
            x = layer(x, bias)
        return x

    def upper(self, x: torch.Tensor, mask: torch.Tensor, layers: int) -> torch.Tensor:
        """Return the mean of the last layer over the real tokens, from the output of `lower`."""
        bias = self._bias(mask)
        for layer in list(self.layers)[layers:]:
            x = layer(x, bias)
        weight = mask.to(x.dtype)[:, :, None]
        return (x * weight).sum(1) / weight.sum(1).clamp(min=1)

    def _bias(self, mask: torch.Tensor) -> torch.Tensor:
        bias = (1.0 - mask.to(torch.float32))[:, None, None, :] * -1e4
        if self.relative is not None:
            bias = bias + self.relative(_buckets(mask.shape[1])).permute(2, 0, 1)[None]
        return bias

    def freeze(self, layers: int) -> None:
        """Keep embeddings and the lowest `layers` layers as they are."""
        frozen: list[nn.Module] = [self.words, self.positions, self.norm, *list(self.layers)[:layers]]
        if self.relative is not None:
            frozen.append(self.relative)
        for module in frozen:
            module.requires_grad_(False)


def load_base(folder: str | Path, n_outputs: int, *, dropout: float = 0.1) -> Encoder:
    """Return an encoder with the base model's weights and fresh heads.

    Parameters
    ----------
    folder
        Holds `config.json`, `model.safetensors` and `tokenizer.json` of a BERT or MPNet model.
    """
    from safetensors.torch import load_file

    folder = Path(folder)
    shape = Shape.read(folder)
    model = Encoder(shape, n_outputs, dropout=dropout)
    given: dict[str, Any] = load_file(folder / "model.safetensors")
    state = {k: v for k, v in model.state_dict().items() if k.startswith("head.")}
    state["words.weight"] = given["embeddings.word_embeddings.weight"]
    state["positions.weight"] = given["embeddings.position_embeddings.weight"]
    if shape.kind != "mpnet":
        state["positions.weight"] = state["positions.weight"] + given["embeddings.token_type_embeddings.weight"][0]
    else:
        state["relative.weight"] = given["encoder.relative_attention_bias.weight"]
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = given[f"embeddings.LayerNorm.{part}"]
        for i in range(shape.layers):
            for name, both in _NAMES.items():
                state[f"layers.{i}.{name}.{part}"] = given[f"encoder.layer.{i}.{both[shape.kind == 'mpnet']}.{part}"]
    model.load_state_dict(state)
    return model


def _buckets(n: int, *, buckets: int = 32, longest: int = 128) -> torch.Tensor:
    """Return MPNet's (T5's) relative position bucket of each pair of positions, (n, n)."""
    place = torch.arange(n)
    back = place[:, None] - place[None, :]
    half = buckets // 2
    result = (back < 0).long() * half
    back = back.abs()
    exact = half // 2
    far = exact + (torch.log(back.clamp(min=1).float() / exact) / math.log(longest / exact) * (half - exact)).long()
    return result + torch.where(back < exact, back, far.clamp(max=half - 1))
