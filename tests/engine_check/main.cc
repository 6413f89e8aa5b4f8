// What can be checked of the engine on any device: scripts/gpu-check runs it with --device cuda,
// the tests with the CPU and with an emulated GPU.

#include <cstdio>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "tests/engine_check/engine_checks.h"

namespace ringmaster::engine {
namespace {

void add_device_flags(CLI::App& part, DeviceChoice& choice) {
  static const std::map<std::string, TinyShape> kShapes{{"llama", TinyShape::kTinyLlama},
                                                        {"qwen2", TinyShape::kTinyQwen2},
                                                        {"qwen3", TinyShape::kTinyQwen3},
                                                        {"toy", TinyShape::kToy}};
  part.add_option("--device", choice.name, "cpu, cuda or sim")
      ->check(CLI::IsMember({"cpu", "cuda", "sim"}))
      ->capture_default_str();
  part.add_option("--module", choice.module,
                  "libringmaster_cuda.so; else $RINGMASTER_CUDA_MODULE, else beside the program")
      ->check(CLI::ExistingFile);
  part.add_option("--shape", choice.shape, "Of the tiny model")
      ->transform(CLI::CheckedTransformer(kShapes));
  static const std::map<std::string, cuda::KvType> kKvTypes{{"bf16", cuda::KvType::kBf16},
                                                            {"e4m3", cuda::KvType::kE4m3}};
  part.add_option("--kv-cache-type", choice.kv_type, "Of cuda, but for the part kv-cache")
      ->transform(CLI::CheckedTransformer(kKvTypes));
  part.add_option("--tensor-parallel", choice.gpus, "Of cuda: so many GPUs share the model out")
      ->check(CLI::Range(1, 64));
  static const std::map<std::string, cuda::PrefillKernel> kPrefillKernels{
      {"mma", cuda::PrefillKernel::kMma}, {"wgmma", cuda::PrefillKernel::kWgmma}};
  part.add_option("--prefill-kernel", choice.prefill_kernel, "Of cuda; wgmma wants the shape toy")
      ->transform(CLI::CheckedTransformer(kPrefillKernels));
  part.add_flag("--overlap-launches", choice.overlaps_launches, "Of cuda, on one GPU");
  part.add_flag("--deterministic", choice.is_deterministic, "Of cuda; results then must be equal");
}

int run(int argc, char** argv) {
  CLI::App app("Checks of the engine on a device; exit code 1: one failed, 2: no such device");
  app.require_subcommand(1);
  DeviceChoice choice;
  std::size_t requests = 14;
  SoakOptions soak;
  ServingOptions serving;
  double noise = 0.02;
  int code = 0;

  auto* equality = app.add_subcommand("equality", "The same outputs under all circumstances");
  add_device_flags(*equality, choice);
  equality->add_option("--requests", requests, "Only the first so many of the suite's 14")
      ->check(CLI::Range(1, 14));
  equality->callback([&] { code = check_equality(choice, requests); });

  bool is_large = false;
  auto* kv_cache = app.add_subcommand("kv-cache", "The gate of a KV cache of e4m3; only on cuda");
  add_device_flags(*kv_cache, choice);
  kv_cache->add_flag("--large", is_large, "The Qwen2.5-7B shape, with random weights");
  kv_cache->callback([&] {
    choice.name = "cuda";
    code = check_kv_cache(choice, is_large);
  });

  auto* soaking = app.add_subcommand("soak", "Requests come and go on too little KV; no leaks");
  add_device_flags(*soaking, choice);
  soaking->add_option("--seconds", soak.seconds, "How long")->check(CLI::Range(0.5, 86'400.0));
  soaking->add_option("--seed", soak.seed, "Of what comes and goes");
  soaking->callback([&] { code = check_soak(choice, soak); });

  auto* http = app.add_subcommand("serving", "The server through HTTP beside the engine's loop");
  add_device_flags(*http, choice);
  http->add_option("--batch", serving.batch, "Requests")->check(CLI::Range(1, 256));
  http->add_option("--prompt-tokens", serving.prompt_tokens, "Of each")->check(CLI::Range(1, 3000));
  http->add_option("--output-tokens", serving.output_tokens, "Of each")
      ->check(CLI::Range(32, 1000));
  http->add_option("--rounds", serving.rounds, "The median counts")->check(CLI::Range(1, 99));
  http->callback([&] { code = measure_serving(choice, serving); });

  auto* scheduling = app.add_subcommand("scheduling", "Time to schedule and pack a step");
  scheduling->callback([&] { code = measure_scheduling(); });

  auto* steps = app.add_subcommand("steps", "Simulated steps in the format of gpu_check steps");
  steps->add_option("--noise", noise, "Share by which times are off")->check(CLI::Range(0.0, 0.5));
  steps->callback([&] { code = write_steps(noise); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace
}  // namespace ringmaster::engine

int main(int argc, char** argv) {
  return ringmaster::engine::run(argc, argv);
}
