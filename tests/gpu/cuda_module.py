"""The CUDA module's functions for Python: engine/cuda/cuda_api.h and step_layout.h, mirrored."""

import ctypes
import struct

BLOCK_TOKENS = 16
VERSION = 7


class HostTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("type", ctypes.c_int32)]


LAYER_FIELDS = ("attention_norm mlp_norm query key value attention_out gate up down query_bias key_bias value_bias "
                "query_norm key_norm").split()


class HostLayer(ctypes.Structure):
    _fields_ = [(name, HostTensor) for name in LAYER_FIELDS]


class Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in
                "layers hidden heads kv_heads head_dim feed_forward vocabulary context_tokens_max".split()]
    _fields_ += [("norm_epsilon", ctypes.c_float)]
    _fields_ += [(name, ctypes.c_int32) for name in "has_qkv_bias has_qk_norm has_tied_head".split()]


class OpenRequest(ctypes.Structure):
    _fields_ = [("shape", Shape), ("embedding", HostTensor), ("final_norm", HostTensor), ("head", HostTensor),
                ("layers", ctypes.POINTER(HostLayer)), ("cosines", ctypes.c_void_p), ("sines", ctypes.c_void_p),
                ("ordinal", ctypes.c_int32), ("block_tokens", ctypes.c_int32), ("block_count", ctypes.c_int32),
                ("memory_utilization", ctypes.c_double), ("step_tokens_max", ctypes.c_int32),
                ("sequences_max", ctypes.c_int32), ("uses_graphs", ctypes.c_int32),
                ("is_deterministic", ctypes.c_int32), ("keeps_logits", ctypes.c_int32),
                ("tuning_file", ctypes.c_char_p), ("host_block_count", ctypes.c_int32),
                ("kv_type", ctypes.c_int32), ("few_rows_kernel", ctypes.c_int32),
                ("host_kv_bytes", ctypes.c_int64), ("overlaps_launches", ctypes.c_int32), ("ranks", ctypes.c_int32),
                ("rank", ctypes.c_int32), ("prefill_kernel", ctypes.c_int32)]


class DeviceInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 128), ("block_count", ctypes.c_int32), ("memory_bytes", ctypes.c_int64),
                ("weight_bytes", ctypes.c_int64), ("kv_bytes", ctypes.c_int64), ("workspace_bytes", ctypes.c_int64),
                ("graphs", ctypes.c_int32), ("host_block_count", ctypes.c_int32),
                ("few_rows_products", ctypes.c_int32)]


class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in "tokens sequences decode_sequences rows table_entries".split()]


class Step(ctypes.Structure):
    _fields_ = [("counts", Counts), ("words", ctypes.c_void_p), ("prefill_tiles", ctypes.c_int32),
                ("prefill_row_tiles", ctypes.c_int32), ("saves", ctypes.c_void_p), ("loads", ctypes.c_void_p),
                ("save_count", ctypes.c_int32), ("load_count", ctypes.c_int32)]


ERROR = [ctypes.c_char_p, ctypes.c_int32]
FUNCTIONS = {
    "device_count": ERROR,
    "open": [ctypes.POINTER(OpenRequest), ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(DeviceInfo)] + ERROR,
    "submit": [ctypes.c_void_p, ctypes.POINTER(Step)] + ERROR,
    "wait": [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_double)] + ERROR,
    "read_logits": [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32] + ERROR,
}


class Api(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32)]
    _fields_ += [(name, ctypes.CFUNCTYPE(ctypes.c_int32, *types)) for name, types in FUNCTIONS.items()]
    _fields_ += [("close", ctypes.CFUNCTYPE(None, ctypes.c_void_p))]


def load(path):
    library = ctypes.CDLL(path)
    library.ringmaster_cuda_api.restype = ctypes.POINTER(Api)
    api = library.ringmaster_cuda_api().contents
    if api.version != VERSION:
        raise SystemExit(f"{path} has version {api.version}, expected {VERSION}")
    return api


def call(function, *arguments):
    error = ctypes.create_string_buffer(512)
    if function(*arguments, error, 512) != 0:
        raise SystemExit(error.value.decode())


def pack_step(tokens, context, heads_per_kv_head, first_block=0):
    """One sequence, `tokens` at the end of `context` tokens, a greedy row for each token."""
    count = len(tokens)
    blocks = -(-context // BLOCK_TOKENS)
    table = [first_block + i for i in range(blocks)]
    positions = list(range(context - count, context))
    is_decode = count == 1
    pieces = 256
    while -(-context // pieces) > 32:
        pieces *= 2
    tiles = 0 if is_decode else -(-count * heads_per_kv_head // 64)
    words = []

    def put(values):
        words.extend(values)
        words.extend([0] * (-len(words) % 4))

    put(tokens)
    put(positions)
    put([table[p // BLOCK_TOKENS] * BLOCK_TOKENS + p % BLOCK_TOKENS for p in positions])
    put([0])
    put([count])
    put([context])
    put([0])
    put([0, -(-context // pieces)] if is_decode else [0])
    put([0] if is_decode else [0, tiles])
    rows = b"".join(struct.pack("<QiiiifffI", 0, 0, row, 0, 0, 0.0, 1.0, 0.0, 0xFFFFFFFF) for row in range(count))
    put(list(struct.unpack(f"<{len(rows) // 4}i", rows)))
    put(table)
    array = (ctypes.c_int32 * len(words))(*words)
    counts = Counts(count, 1, 1 if is_decode else 0, count, blocks)
    return Step(counts, ctypes.cast(array, ctypes.c_void_p), tiles, 1), array
