#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/cpu/kernels.h"
#include "engine/executor.h"
#include "engine/loaders/model_folder.h"

namespace ringmaster::engine {

struct CpuOptions {
  std::int32_t block_tokens = 16;  ///< Tokens in a KV block; 1 to 1024.
  std::int32_t block_count = 0;    ///< KV blocks; 0: as many as kv_bytes holds.
  std::uint64_t kv_bytes = std::uint64_t{256}
                           << 20U;    ///< Size of the KV cache, if block_count is 0.
  std::int32_t host_block_count = 0;  ///< Blocks of a host tier; 0: as host_kv_bytes holds.
  std::uint64_t host_kv_bytes = 0;    ///< Size of the host tier; 0: none.
  std::int32_t threads = 0;           ///< 0: all cores but one, for the I/O, and at least one.
  Isa isa = best_isa();
};

/// Runs steps on the CPU; all the work happens inside wait(), on its thread and `threads` - 1 more.
///
/// Logits, and so tokens, are the same bits with the prefix cache on or off, alone or batched,
/// chunked or not, and for any number of threads, as long as the instruction set is the same. A
/// host tier is here only what it is on a GPU: further memory of the same kind.
///
/// Fails with kInvalidArgument if an option is out of range, with kUnavailable if the KV cache does
/// not fit into memory or cannot hold one block.
[[nodiscard]] Result<std::unique_ptr<Executor>> make_cpu_executor(
    std::shared_ptr<const LoadedModel> model, const CpuOptions& options);

}  // namespace ringmaster::engine
