"""Runs transformers' own converters from TensorFlow checkpoints on tiny models.

    python tests/compat/run_transformers.py tensorflow|tfckpt [--write]

The answer is JSON: for each converter how many tensors of the model it filled, and a digest of all
of them. Checkpoints are written by the library that is named, with the names that the converter
looks for and numbers that depend on the name alone. expected_transformers.json is what came of it
under TensorFlow 2.21 (transformers 4.41.2, torch 2.13.0).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import logging
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

os.environ["USE_TF"] = "0"  # its own models in TensorFlow are not wanted
EXPECTED = Path(__file__).with_name("expected_transformers.json")

Shapes = Iterator[tuple[str, tuple[int, ...]]]


# --- the names that the original checkpoints have


def scoped(path: str) -> str:
    """encoder.layer.0.output -> encoder/layer_0/output"""
    return re.sub(r"\.(\d+)", r"_\1", path).replace(".", "/")


def bert(model: Any, *changes: tuple[str, str]) -> Shapes:
    """Google's BERT, and what was made out of it."""
    for path, module in model.named_modules():
        kind, name = type(module).__name__, scoped(path)
        for pattern, to in changes:
            name = re.sub(pattern, to, name)
        own = dict(module.named_parameters(recurse=False))
        if "decoder" in path or kind.startswith("Conv"):
            continue
        if kind == "Linear" and path.endswith("seq_relationship"):
            yield f"{name}/output_weights", tuple(own["weight"].shape)
            yield f"{name}/output_bias", tuple(own["bias"].shape)
        elif kind == "Linear":
            yield f"{name}/kernel", tuple(own["weight"].shape[::-1])
            if "bias" in own:
                yield f"{name}/bias", tuple(own["bias"].shape)
        elif kind in ("LayerNorm", "NoNorm"):
            yield f"{name}/gamma", tuple(own["weight"].shape)
            yield f"{name}/beta", tuple(own["bias"].shape)
        elif kind == "Embedding":
            yield name, tuple(own["weight"].shape)
        elif "bias" in own and path.endswith("predictions"):
            yield f"{name}/output_bias", tuple(own["bias"].shape)


def albert(model: Any) -> Shapes:
    changes = (
        (r"^albert/", "bert/"),
        (r"albert_layer_groups_(\d+)/albert_layers_(\d+)", r"transformer/group_\1/inner_group_\2"),
        (r"attention/(query|key|value)$", r"attention_1/self/\1"),
        (r"attention/dense$", "attention_1/output/dense"),
        (r"attention/LayerNorm$", "LayerNorm"),
        (r"full_layer_layer_norm$", "LayerNorm_1"),
        (r"/ffn$", "/ffn_1/intermediate/dense"),
        (r"/ffn_output$", "/ffn_1/intermediate/output/dense"),
        (r"pooler$", "pooler/dense"),
    )
    yield from bert(model, *changes)


def convbert(model: Any) -> Shapes:
    changes = ("conv_kernel_layer", "conv_attn_kernel"), ("conv_out_layer", "conv_attn_point")
    for name, shape in bert(model, *changes):
        yield f"electra/{name}", shape
    for path, module in model.named_modules():
        if path.endswith("key_conv_attn_layer"):
            name = f"electra/{scoped(path).replace('key_conv_attn_layer', 'conv_attn_key')}"
            wide, narrow = (
                tuple(module.depthwise.weight.shape),
                tuple(module.pointwise.weight.shape),
            )
            yield f"{name}/depthwise_kernel", (wide[2], wide[0], wide[1])
            yield f"{name}/pointwise_kernel", narrow[::-1]
            yield f"{name}/bias", tuple(module.bias.shape[:1])


def gpt2(model: Any) -> Shapes:
    for name, value in model.named_parameters():
        name = re.sub(r"h\.(\d+)", r"h\1", name).replace(".", "/")
        norm = re.search(r"ln_\w+/weight$", name)
        name = re.sub("/weight$", "/g" if norm else "/w", re.sub("/bias$", "/b", name))
        yield "model/" + re.sub("(wte|wpe)/w$", r"\1", name), tuple(value.shape)


def gpt_neo(model: Any) -> Shapes:
    for name, value in model.transformer.named_parameters():
        name = re.sub(r"h\.(\d+)", r"h\1", name).replace(".", "/")
        shape = tuple(value.shape)
        for pattern, to in (
            (r"attn/attention/([qkv])_proj/weight", r"attn/\1"),
            (r"attn/attention/out_proj/weight", "attn/o"),
            (r"attn/attention/out_proj/bias", "attn/compute_output_bias/o_b"),
            (r"ln_([12])/weight", r"norm_\1/g"),
            (r"ln_([12])/bias", r"norm_\1/b"),
            (r"mlp/(c_\w+)/weight", r"mlp/conv1d_main/\1/kernel"),
            (r"mlp/(c_\w+)/bias", r"mlp/conv1d_main/\1/bias"),
            (r"(wte|wpe)/weight", r"\1"),
            (r"ln_f/weight", "ln_f/g"),
            (r"ln_f/bias", "ln_f/b"),
        ):
            name = re.sub(f"{pattern}$", to, name)
        turned = re.search(r"attn/[qkvo]$|kernel$", name)
        yield f"gpt2/{name}", shape[::-1] if turned else shape


def imagegpt(model: Any) -> Shapes:
    width = model.config.n_embd
    yield "model/sos", (width,)
    yield "model/wte", (model.config.vocab_size - 1, width)
    yield "model/wtet", tuple(model.lm_head.weight.shape)
    for name, shape in gpt2(model.transformer):
        if name.endswith("wte"):
            continue
        if name.endswith("attn/c_attn/w"):
            for one in "qkv":
                yield name.replace("c_attn/w", f"{one}_proj"), (width, width)
        elif name.endswith("attn/c_proj/w"):
            yield name.removesuffix("/w"), (width, width)
        elif "attn" not in name:
            yield name, shape


def t5(model: Any) -> Shapes:
    for path, module in model.named_modules():
        own = dict(module.named_parameters(recurse=False))
        name = re.sub(r"\.(\d+)", lambda found: f"_{int(found[1]):03d}", path).replace(".", "/")
        kind = type(module).__name__
        if "weight" not in own:
            continue
        shape = tuple(own["weight"].shape)
        if path == "shared":
            yield f"{name}/embedding", shape
        elif kind == "Embedding" and "relative" in path:
            yield name, shape[::-1]
        elif kind == "Linear" and path != "lm_head":
            yield f"{name}/kernel", shape[::-1]
        elif "LayerNorm" in kind:
            yield f"{name}/scale", shape


def funnel(model: Any) -> Shapes:
    blocks = model.config.block_sizes
    starts = np.cumsum([0, *blocks])
    for name, value in model.named_parameters():
        shape = tuple(value.shape)
        name = re.sub(
            r"blocks\.(\d+)\.(\d+)",
            lambda found: f"layer_{starts[int(found[1])] + int(found[2])}",
            name,
        )
        name = re.sub(r"layers\.(\d+)", lambda found: f"layer_{starts[-1] + int(found[1])}", name)
        name = name.replace(".", "/")
        for pattern, to in (
            ("embeddings/word_embeddings/weight", "input/word_embedding/lookup_table"),
            ("embeddings/", "input/"),
            ("/attention/", "/rel_attn/"),
            ("/ffn/", "/ff/"),
            ("linear_", "layer_"),
            ("([qkv])_head", r"\1"),
            ("post_proj", "o"),
            ("r_kernel", "r"),
            ("layer_norm/weight", "layer_norm/gamma"),
            ("layer_norm/bias", "layer_norm/beta"),
        ):
            name = re.sub(pattern, to, name)
        if name.endswith("/weight"):
            name, shape = name.replace("/weight", "/kernel"), shape[::-1]
        yield f"model/{name}", shape


def mapped(builder: str) -> Callable[[Any], Shapes]:
    """The names that the converter's own module lists."""

    def names(model: Any) -> Shapes:
        module = sys.modules[type(model).__module__]
        build = getattr(module, builder)
        arguments = (model, model.config, {"": None})[: build.__code__.co_argcount]
        for name, pointer in build(*arguments).items():
            parts = pointer if isinstance(pointer, list) else None
            shape = tuple((parts[0] if parts else pointer).shape)
            shape = (len(parts), *shape) if parts else shape
            yield name, _turned(name, shape, builder)

    return names


def _turned(name: str, shape: tuple[int, ...], builder: str) -> tuple[int, ...]:
    """The shape that TensorFlow has, which the converter transposes."""
    if builder == "_build_tf_to_pytorch_map":
        if "depthwise_weights" in name:
            return tuple(shape[at] for at in (2, 3, 0, 1))
        if "weights" in name and len(shape) == 2:
            return (1, 1, *shape[::-1])
        return tuple(shape[at] for at in (2, 3, 1, 0)) if "weights" in name else shape
    if builder == "build_tf_to_pytorch_map":
        return shape[::-1] if "kernel" in name or "proj" in name else shape
    is_kernel = "kernel" in name and any(one in name for one in ("ff", "summary", "logit"))
    return shape[::-1] if is_kernel else shape


# --- the converters


class Converter(NamedTuple):
    """A function of transformers, a tiny model for it, the names of the checkpoint."""

    module: str
    model: str
    config: dict[str, Any]
    names: Callable[..., Shapes]
    function: str = ""
    takes_config: bool = True
    changes: tuple[tuple[str, str], ...] = ()


TINY = {
    "vocab_size": 11,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 6,
}
GPT = {"vocab_size": 11, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 6, "n_ctx": 6}
T5 = {"vocab_size": 11, "d_model": 8, "d_kv": 4, "d_ff": 12, "num_layers": 2, "num_heads": 2}

CONVERTERS = {
    "bert": Converter("bert", "BertForPreTraining", TINY, bert),
    "albert": Converter("albert", "AlbertForPreTraining", {**TINY, "embedding_size": 6}, albert),
    "big_bird": Converter(
        "big_bird",
        "BigBirdForPreTraining",
        {**TINY, "attention_type": "original_full"},
        bert,
        takes_config=False,
        changes=(
            ("transform/(dense|LayerNorm)", "transform"),
            ("^bert/embeddings/LayerNorm", "bert/encoder/LayerNorm"),
        ),
    ),
    "canine": Converter("canine", "CanineModel", {**TINY, "num_hash_buckets": 4}, bert),
    "convbert": Converter("convbert", "ConvBertModel", {**TINY, "embedding_size": 6}, convbert),
    "decision_transformer": Converter(
        "decision_transformer",
        "DecisionTransformerGPT2Model",
        {"hidden_size": 8, "n_layer": 2, "n_head": 2, "n_positions": 6, "vocab_size": 11},
        gpt2,
        "load_tf_weights_in_gpt2",
    ),
    "electra": Converter("electra", "ElectraForPreTraining", {**TINY, "embedding_size": 8}, bert),
    "funnel": Converter(
        "funnel",
        "FunnelModel",
        {
            "vocab_size": 11,
            "block_sizes": [1, 1],
            "num_decoder_layers": 1,
            "d_model": 8,
            "n_head": 2,
            "d_head": 4,
            "d_inner": 12,
        },
        funnel,
    ),
    "gpt2": Converter("gpt2", "GPT2Model", GPT, gpt2),
    "gpt_neo": Converter(
        "gpt_neo",
        "GPTNeoForCausalLM",
        {
            "vocab_size": 11,
            "hidden_size": 8,
            "num_layers": 2,
            "num_heads": 2,
            "max_position_embeddings": 6,
            "attention_types": [[["global", "local"], 1]],
        },
        gpt_neo,
    ),
    "imagegpt": Converter("imagegpt", "ImageGPTForCausalImageModeling", GPT, imagegpt),
    "lxmert": Converter(
        "lxmert",
        "LxmertModel",
        {**TINY, "l_layers": 1, "x_layers": 1, "r_layers": 1, "visual_feat_dim": 4},
        bert,
    ),
    "megatron_bert": Converter("megatron_bert", "MegatronBertForPreTraining", TINY, bert),
    "mobilebert": Converter(
        "mobilebert",
        "MobileBertForPreTraining",
        {**TINY, "embedding_size": 8, "intra_bottleneck_size": 4, "true_hidden_size": 4},
        bert,
        changes=(("^mobilebert/", "bert/"), ("ffn_(\\d)", r"ffn_layer_\1")),
    ),
    "mobilenet_v1": Converter(
        "mobilenet_v1",
        "MobileNetV1ForImageClassification",
        {"depth_multiplier": 0.25, "num_labels": 3},
        mapped("_build_tf_to_pytorch_map"),
    ),
    "mobilenet_v2": Converter(
        "mobilenet_v2",
        "MobileNetV2ForImageClassification",
        {"depth_multiplier": 0.25, "num_labels": 3},
        mapped("_build_tf_to_pytorch_map"),
    ),
    "mt5": Converter("mt5", "MT5ForConditionalGeneration", T5, t5),
    "nezha": Converter("nezha", "NezhaForPreTraining", TINY, bert),
    "realm": Converter("realm", "RealmEmbedder", {**TINY, "retriever_proj_size": 4}, bert),
    "rembert": Converter(
        "rembert",
        "RemBertModel",
        {**TINY, "input_embedding_size": 6, "output_embedding_size": 6},
        bert,
    ),
    "roc_bert": Converter(
        "roc_bert", "RoCBertForPreTraining", TINY, bert, changes=(("_embed$", "_embed/gamma"),)
    ),
    "roformer": Converter(
        "roformer",
        "RoFormerForMaskedLM",
        {**TINY, "embedding_size": 8},
        bert,
        changes=(("^roformer/", "bert/"),),
    ),
    "t5": Converter("t5", "T5ForConditionalGeneration", T5, t5),
    "tapas": Converter(
        "tapas",
        "TapasForMaskedLM",
        {**TINY, "type_vocab_sizes": [2] * 7},
        bert,
        changes=(("^tapas/", "bert/"),),
    ),
    "transfo_xl": Converter(
        "deprecated.transfo_xl",
        "TransfoXLLMHeadModel",
        {
            "vocab_size": 11,
            "cutoffs": [4, 7],
            "d_model": 8,
            "d_embed": 8,
            "n_head": 2,
            "d_head": 4,
            "d_inner": 12,
            "n_layer": 2,
            "div_val": 2,
        },
        mapped("build_tf_to_pytorch_map"),
    ),
    "xlnet": Converter(
        "xlnet",
        "XLNetLMHeadModel",
        {"vocab_size": 11, "d_model": 8, "n_layer": 2, "n_head": 2, "d_inner": 12},
        mapped("build_tf_xlnet_to_pytorch_map"),
    ),
}


def numbers(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that depend on the name alone."""
    source = np.random.default_rng(zlib.crc32(name.encode()))
    return source.standard_normal(shape).astype(np.float32)


def write(library: str, prefix: str, tensors: dict[str, np.ndarray]) -> None:
    if library == "tfckpt":
        import tfckpt

        tfckpt.save(prefix, tensors)
    else:
        import tensorflow as tf

        names = sorted(tensors)
        tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tensors[name] for name in names],
        )


def convert(library: str, name: str, folder: str) -> dict[str, Any]:
    import torch

    one = CONVERTERS[name]
    module = importlib.import_module(
        f"transformers.models.{one.module}.modeling_{one.module.rpartition('.')[2]}"
    )
    torch.manual_seed(0)
    kind = getattr(module, one.model)
    model = kind(kind.config_class(**one.config))
    before = digests(model)
    prefix = f"{folder}/{name}"
    tensors = {key: numbers(key, shape) for key, shape in one.names(model, *one.changes)}
    step = {} if one.names is gpt2 else {"global_step": np.int64(3)}  # which that one has not
    write(library, prefix, {**tensors, **step})
    function = getattr(module, one.function or f"load_tf_weights_in_{name}")
    arguments = (model, model.config, prefix) if one.takes_config else (model, prefix)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            function(*arguments)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"[:200]}
    after = digests(model)
    filled = sum(after[key] != value for key, value in before.items())
    together = hashlib.sha256(json.dumps(after, sort_keys=True).encode()).hexdigest()
    return {"tensors": len(after), "filled": filled, "digest": together[:16]}


def digests(model: Any) -> dict[str, str]:
    return {
        key: hashlib.sha256(value.detach().numpy().tobytes()).hexdigest()[:16]
        for key, value in model.state_dict().items()
    }


def main() -> None:
    library = sys.argv[1]
    logging.disable(logging.ERROR)
    if library == "tfckpt":
        from tfckpt import compat

        compat.install(force=True)
    with tempfile.TemporaryDirectory() as folder:
        found = {name: convert(library, name, folder) for name in CONVERTERS}
    text = json.dumps(found, indent=1) + "\n"
    EXPECTED.write_text(text) if "--write" in sys.argv else print(text)


if __name__ == "__main__":
    main()
