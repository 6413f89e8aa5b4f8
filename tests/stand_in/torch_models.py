"""Llama-, Qwen2- and Qwen3-shaped models in plain PyTorch, with the parameter names and the roundings of transformers."""

import dataclasses
import math
import types
import typing

import torch
from torch import nn


@dataclasses.dataclass
class Llama3Scaling:
    factor: float
    low_freq_factor: float
    high_freq_factor: float
    original_context: int

    def apply(self, frequencies):
        """Slow frequencies divided by the factor, fast ones as they are, those between blended (Llama 3.1's model card)."""
        turns = self.original_context * frequencies / (2 * math.pi)
        blend = ((turns - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor)).clamp(0, 1)
        return frequencies * (blend + (1 - blend) / self.factor)


@dataclasses.dataclass
class Config:
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    num_hidden_layers: int = 2
    vocab_size: int = 640
    rope_theta: float = 1e6
    rms_norm_eps: float = 1e-6
    has_qkv_bias: bool = False
    has_qk_norm: bool = False
    rope_scaling: typing.Optional[Llama3Scaling] = None


class RmsNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(size)), epsilon

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)
        return self.weight * wide.to(x.dtype)  # Rounded before the weight, not after.


class Rotary(nn.Module):
    attention_scaling = 1.0

    def __init__(self, config):
        super().__init__()
        frequencies = config.rope_theta ** (-torch.arange(0, config.head_dim, 2).float() / config.head_dim)
        if config.rope_scaling:
            frequencies = config.rope_scaling.apply(frequencies)
        self.register_buffer("inv_freq", frequencies, persistent=False)

    def forward(self, count, dtype):
        angles = torch.outer(torch.arange(count).float(), self.inv_freq.float()).repeat(1, 2)
        return angles.cos().to(dtype), angles.sin().to(dtype)


def rotated(x, cosines, sines):
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width, kv_width = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
        self.q_proj = nn.Linear(config.hidden_size, width, bias=config.has_qkv_bias)
        self.k_proj = nn.Linear(config.hidden_size, kv_width, bias=config.has_qkv_bias)
        self.v_proj = nn.Linear(config.hidden_size, kv_width, bias=config.has_qkv_bias)
        self.o_proj = nn.Linear(width, config.hidden_size, bias=False)
        if config.has_qk_norm:
            self.q_norm = RmsNorm(config.head_dim, config.rms_norm_eps)
            self.k_norm = RmsNorm(config.head_dim, config.rms_norm_eps)

    def forward(self, x, cosines, sines):
        count = x.shape[1]
        query, key, value = (project(x).view(count, -1, self.config.head_dim)
                             for project in (self.q_proj, self.k_proj, self.v_proj))
        if self.config.has_qk_norm:
            query, key = self.q_norm(query), self.k_norm(key)
        group = query.shape[1] // key.shape[1]
        query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        query, key = rotated(query, cosines, sines), rotated(key, cosines, sines)
        key, value = key.repeat_interleave(group, 0), value.repeat_interleave(group, 0)
        scores = query.float() @ key.float().transpose(1, 2) / math.sqrt(self.config.head_dim)
        scores = scores.masked_fill(torch.ones(count, count).triu(1).bool(), -math.inf)
        weights = scores.softmax(-1).to(x.dtype)
        attended = (weights.float() @ value.float()).to(x.dtype)
        return self.o_proj(attended.transpose(0, 1).reshape(1, count, -1))


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(nn.functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn, self.mlp = Attention(config), FeedForward(config)

    def forward(self, x, cosines, sines):
        x = x + self.self_attn(self.input_layernorm(x), cosines, sines)
        return x + self.mlp(self.post_attention_layernorm(x))


class Trunk(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm, self.rotary_emb = RmsNorm(config.hidden_size, config.rms_norm_eps), Rotary(config)

    def forward(self, ids):
        x = self.embed_tokens(ids)
        cosines, sines = self.rotary_emb(ids.shape[1], x.dtype)
        for layer in self.layers:
            x = layer(x, cosines, sines)
        return self.norm(x)


class Model(nn.Module):
    """A causal language model of batch 1: token ids [1, count] to logits [1, count, vocabulary]."""

    def __init__(self, config):
        super().__init__()
        self.config, self.model = config, Trunk(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def forward(self, ids):
        return types.SimpleNamespace(logits=self.lm_head(self.model(ids)))
