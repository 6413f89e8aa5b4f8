#!/usr/bin/env python3
"""The CUDA module against Hugging Face transformers: 4 layers at full width with random weights.

For the shapes of Qwen2.5-7B, Llama-3-8B (rope scaling included) and Qwen3-8B: logits of every position of a prompt, then 64 teacher-forced
decode steps. The error against transformers in float32 may be at most 1.5 times the error that transformers itself
makes in bfloat16.

Usage: compare_with_transformers.py libringmaster_cuda.so   (prints a line per comparison; exits 1 if one failed)
"""

import sys

import torch
import transformers

import cuda_module
from model_in_module import compare

PROMPT_TOKENS, DECODE_STEPS, CONTEXT = 200, 64, 512


def configs():
    wide = dict(num_hidden_layers=4, torch_dtype="bfloat16", attn_implementation="sdpa", tie_word_embeddings=False,
                max_position_embeddings=131072)
    yield "qwen2.5-7b", transformers.Qwen2Config(
        hidden_size=3584, intermediate_size=18944, num_attention_heads=28, num_key_value_heads=4, vocab_size=152064,
        rope_theta=1e6, rms_norm_eps=1e-6, **wide)
    yield "llama-3-8b", transformers.LlamaConfig(
        hidden_size=4096, intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8, vocab_size=128256,
        rope_theta=5e5, rms_norm_eps=1e-5,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 8192}, **wide)
    if not hasattr(transformers, "Qwen3Config"):
        print(f"qwen3-8b skipped: transformers {transformers.__version__} has no Qwen3", flush=True)
        return
    yield "qwen3-8b", transformers.Qwen3Config(
        hidden_size=4096, intermediate_size=12288, num_attention_heads=32, num_key_value_heads=8, head_dim=128,
        vocab_size=151936, rope_theta=1e6, rms_norm_eps=1e-6, **wide)


def make_model(config):
    torch.manual_seed(1)
    with torch.device("cuda"):  # A billion random numbers are there at once.
        model = transformers.AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    for name, weight in model.named_parameters():
        if name.endswith("bias") or "norm" in name:
            weight.data.copy_((1.0 if "norm" in name else 0.0) + 0.1 * torch.randn_like(weight))
    model.lm_head.weight.data *= 4.0  # Logits that differ.
    return model.eval()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.backends.cuda.matmul.allow_tf32 = False
    api = cuda_module.load(sys.argv[1])
    results = [compare(name, make_model(config), api, PROMPT_TOKENS, DECODE_STEPS, CONTEXT) for name, config in configs()]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
