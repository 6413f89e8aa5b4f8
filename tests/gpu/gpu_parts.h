#pragma once

// The parts of gpu_check; each prints its results and returns the exit code.

namespace ringmaster::engine::cuda {

/// Every kernel against its reference in double, at odd sizes and at a model's own.
int check_kernels();

/// Steps of a tiny model with random weights, graphs against eager ones: the same bits.
int check_graphs();

/// Some of them, for compute-sanitizer, under which everything takes long.
int check_graphs_briefly();

/// Products of 1, 2 and 4 rows of a Qwen2.5-7B shape: the library's against our own.
int compare_few_rows();

/// The card's own ceilings, then decode and prefill of a Qwen2.5-7B shape with random weights.
int measure_speed();

/// A line of CSV per measured step, for `ringmaster profile fit`.
int measure_steps();

}  // namespace ringmaster::engine::cuda
