#pragma once

namespace ringmaster::engine::cuda {

/// What the card itself can do, measured in this process; the yardstick of every speed.
struct CardCeilings {
  double read_bytes_per_second = 0;     ///< The faster of reading 8 GiB and copying 4 GiB.
  double product_flops_per_second = 0;  ///< cuBLASLt, 8192 x 8192 x 8192, bfloat16, random numbers.
};

/// Takes some seconds and 8 GiB of the card's memory while it runs.
[[nodiscard]] CardCeilings measure_ceilings();

}  // namespace ringmaster::engine::cuda
