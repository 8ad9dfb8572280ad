"""Loads a BERT and a GPT-2 with texar-pytorch's own readers; prints how many parameters they fill.

The models are tiny. A parameter is told by its numbers: each tensor has its own.
"""

import itertools
import sys
from types import SimpleNamespace

import numpy as np
from packaging.version import parse

# What texar-pytorch still needs of numpy 1 and of an older setuptools.
np.float_ = np.float64
sys.modules["pkg_resources"] = SimpleNamespace(parse_version=parse)

from texar.torch.modules import BERTEncoder, GPT2Encoder

import tfckpt

folder = sys.argv[1]
dim, inner, words, places, blocks = 8, 16, 11, 6, 2
numbers = itertools.count(1)


def linear(size_in, size_out):
    arguments = {"in_features": size_in, "out_features": size_out, "bias": True}
    return {"type": "Linear", "kwargs": arguments}


def small(activation):
    layers = [linear(dim, inner), {"type": activation}, linear(inner, dim)]
    return {
        "pretrained_model_name": None,
        "vocab_size": words,
        "position_size": places,
        "embed": {"dim": dim},
        "position_embed": {"dim": dim},
        "encoder": {
            "dim": dim,
            "num_blocks": blocks,
            "multihead_attention": {"num_units": dim, "num_heads": 2, "output_dim": dim},
            "poswise_feedforward": {"layers": layers},
        },
    }


def numbered(shapes):
    return {name: np.full(shape, next(numbers), np.float32) for name, shape in shapes.items()}


def report(what, model, tensors):
    found = sorted({float(one.detach().mean()) for one in model.parameters()})
    same = all(float(one.detach().std(correction=0)) == 0 for one in model.parameters())
    print(what, len(found), "of", len(tensors), "tensors", same, found[-1] == len(tensors))


bert = {
    "embeddings/word_embeddings": (words, dim),
    "embeddings/token_type_embeddings": (2, dim),
    "embeddings/position_embeddings": (places, dim),
    "embeddings/LayerNorm/beta": dim,
    "embeddings/LayerNorm/gamma": dim,
    "pooler/dense/kernel": (dim, dim),
    "pooler/dense/bias": dim,
}
for block in range(blocks):
    layer = f"encoder/layer_{block}"
    for name in ("self/query", "self/key", "self/value", "output/dense"):
        bert[f"{layer}/attention/{name}/kernel"] = (dim, dim)
        bert[f"{layer}/attention/{name}/bias"] = dim
    for name in ("attention/output", "output"):
        bert[f"{layer}/{name}/LayerNorm/gamma"] = bert[f"{layer}/{name}/LayerNorm/beta"] = dim
    bert[f"{layer}/intermediate/dense/kernel"] = (dim, inner)
    bert[f"{layer}/intermediate/dense/bias"] = inner
    bert[f"{layer}/output/dense/kernel"] = (inner, dim)
    bert[f"{layer}/output/dense/bias"] = dim
tensors = numbered({f"bert/{name}": shape for name, shape in bert.items()})
rest = {"cls/predictions/output_bias": np.zeros(words, np.float32), "global_step": np.int64(3)}
model = BERTEncoder(
    hparams={**small("BertGELU"), "hidden_size": dim, "segment_embed": {"dim": dim}}
)
tfckpt.save(f"{folder}/{model._MODEL2CKPT['bert-base-uncased']}", {**tensors, **rest})
model._init_from_checkpoint("bert-base-uncased", folder)
report("BERT", model, tensors)

gpt2 = {"wte": (words, dim), "wpe": (places, dim), "ln_f/g": dim, "ln_f/b": dim}
for block in range(blocks):
    for name in ("ln_1", "ln_2"):
        gpt2[f"h{block}/{name}/g"] = gpt2[f"h{block}/{name}/b"] = dim
    for name, size_in, size_out in (
        ("attn/c_attn", dim, 3 * dim),
        ("attn/c_proj", dim, dim),
        ("mlp/c_fc", dim, inner),
        ("mlp/c_proj", inner, dim),
    ):
        gpt2[f"h{block}/{name}/w"] = (1, size_in, size_out)
        gpt2[f"h{block}/{name}/b"] = size_out
numbers = itertools.count(1)
tensors = numbered({f"model/{name}": shape for name, shape in gpt2.items()})
model = GPT2Encoder(hparams=small("GPTGELU"))
tfckpt.save(f"{folder}/model.ckpt", tensors)
model._init_from_checkpoint("gpt2-small", folder, load_output_layer=False)
report("GPT-2", model, tensors)
