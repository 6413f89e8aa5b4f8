#!/usr/bin/env python3
"""Decode speed of Hugging Face transformers at the Qwen2.5-7B shape with random weights, batch 1, for comparison.

Usage: measure_transformers.py   (prints tokens per second: eager generate, and a static cache with torch.compile)
"""

import time

import torch
import transformers

PROMPT_TOKENS, FIRST_TOKENS, TIMED_TOKENS, ROUNDS = 1024, 8, 96, 4


class TokenTimes:
    """What generate() calls a streamer: the prompt comes first, then each token once it is known."""

    def __init__(self):
        self.seconds = []

    def put(self, _tokens):
        self.seconds.append(time.perf_counter())

    def end(self):
        pass


def measure(model, **options):
    """Tokens per second of decode, behind the first few. The first round compiles, and what was compiled may be recorded again in
    the second: it is the best of those behind.
    """
    ids = torch.randint(0, 1000, (1, PROMPT_TOKENS), device="cuda")
    count = FIRST_TOKENS + TIMED_TOKENS
    rounds = []
    for _ in range(ROUNDS):
        times = TokenTimes()
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, eos_token_id=None, pad_token_id=0,
                       max_new_tokens=count, min_new_tokens=count, streamer=times, **options)
        rounds.append(times.seconds[count] - times.seconds[FIRST_TOKENS])
    return TIMED_TOKENS / min(rounds[2:])


def main():
    config = transformers.Qwen2Config(
        num_hidden_layers=28, hidden_size=3584, intermediate_size=18944, num_attention_heads=28, num_key_value_heads=4,
        vocab_size=152064, rope_theta=1e6, tie_word_embeddings=False, max_position_embeddings=32768,
        attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        print(f"speed | transformers, eager, batch 1         | {measure(model):8.1f} |        |  | tokens/s", flush=True)
        rate = measure(model, cache_implementation="static")
        print(f"speed | transformers, compiled, batch 1      | {rate:8.1f} |        |  | tokens/s", flush=True)


if __name__ == "__main__":
    main()
