#include "cli/model_command.h"

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/model_folder_writer.h"
#include "cli/prompt_encoder_folder.h"
#include "engine/loaders/model_folder.h"
#include "engine/tiny_model.h"

namespace ringmaster {
namespace {

struct ModelOptions {
  std::string folder;
  std::string shape = "tiny-llama";
  std::string dtype = "bf16";
  std::uint64_t seed = 1;
  bool is_forced = false;
  bool is_json = false;
};

int report_failure(const Error& error, int exit_code) {
  std::fprintf(stderr, "ringmaster: %s\n", error.message.c_str());
  return exit_code;
}

int make_tiny(const ModelOptions& options) {
  const auto shape = engine::parse_tiny_shape(options.shape);
  if (!shape) return report_failure(shape.error(), 2);
  const auto dtype = options.dtype == "f32" ? engine::DType::kF32 : engine::DType::kBf16;
  const auto files =
      engine::make_tiny_model({.shape = *shape, .seed = options.seed, .dtype = dtype});
  if (const auto written = write_model_folder(options.folder, files, options.is_forced); !written) {
    return report_failure(written.error(), 1);
  }
  if (options.is_json) {
    boost::json::array list;
    for (const auto& file : files)
      list.push_back({{"name", file.name}, {"bytes", file.bytes.size()}});
    std::cout << boost::json::object{{"folder", options.folder},
                                     {"shape", options.shape},
                                     {"seed", options.seed},
                                     {"files", std::move(list)}}
              << '\n';
    return 0;
  }
  for (const auto& file : files) {
    std::printf("%10zu  %s/%s\n", file.bytes.size(), options.folder.c_str(), file.name.c_str());
  }
  return 0;
}

boost::json::object describe(const engine::LoadedModel& model, const PromptEncoder& encoder) {
  const engine::ModelConfig& config = model.config;
  boost::json::array end_tokens(config.end_tokens.begin(), config.end_tokens.end());
  return {{"name", model.name},
          {"architecture", architecture_name(config.architecture)},
          {"weights", engine::dtype_name(model.weights.embedding.dtype)},
          {"parameters", config.parameter_count()},
          {"layers", config.layers},
          {"hidden", config.hidden},
          {"heads", config.heads},
          {"kv_heads", config.kv_heads},
          {"head_dim", config.head_dim},
          {"feed_forward", config.feed_forward},
          {"vocabulary_size", config.vocabulary_size},
          {"context_tokens_max", config.context_tokens_max},
          {"tied_embeddings", config.tied_embeddings},
          {"qkv_bias", config.qkv_bias},
          {"qk_norm", config.qk_norm},
          {"end_tokens", std::move(end_tokens)},
          {"kv_elements_per_token", config.kv_elements_per_token()},
          {"tensors", model.files.tensors().size()},
          {"chat_template", encoder.has_chat_template()}};
}

int inspect(const ModelOptions& options) {
  const auto model = engine::load_model_folder(options.folder);
  if (!model) return report_failure(model.error(), 2);
  const auto encoder = load_prompt_encoder(options.folder);
  if (!encoder) return report_failure(encoder.error(), 2);
  const auto description = describe(**model, **encoder);
  if (options.is_json) {
    std::cout << description << '\n';
    return 0;
  }
  for (const auto& [key, value] : description) {
    const std::string text =
        value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
    std::printf("%-22s %s\n", std::string(key).c_str(), text.c_str());
  }
  return 0;
}

}  // namespace

void add_model_command(CLI::App& app, int& exit_code) {
  auto* model = app.add_subcommand("model", "Make a small model, or look into a model's folder");
  model->require_subcommand(1);
  auto options = std::make_shared<ModelOptions>();

  auto* make_command = model->add_subcommand(
      "make-tiny",
      "Write a small model with random weights and a real tokenizer: the same bytes every time");
  make_command->add_option("folder", options->folder, "Where to; made if it does not exist")
      ->required();
  make_command
      ->add_option("--shape", options->shape,
                   "tiny-llama, tiny-qwen2, tiny-qwen3 (0.15 M parameters) or toy (25 M)")
      ->capture_default_str();
  make_command->add_option("--dtype", options->dtype, "Type of the stored weights: bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  make_command->add_option("--seed", options->seed, "Other weights for another seed")
      ->capture_default_str();
  make_command->add_flag("--force", options->is_forced, "Write into a folder that has files in it");
  make_command->add_flag("--json", options->is_json, "Print one JSON object");
  make_command->footer(
      "Examples:\n  ringmaster model make-tiny /tmp/tiny\n"
      "  ringmaster model make-tiny /tmp/toy --shape toy --seed 7");
  make_command->callback([options, &exit_code] { exit_code = make_tiny(*options); });

  auto* inspect_command = model->add_subcommand(
      "inspect", "Check a model's folder as the engine would, and print its shape");
  inspect_command->add_option("folder", options->folder, "With config.json and *.safetensors")
      ->required();
  inspect_command->add_flag("--json", options->is_json, "Print one JSON object");
  inspect_command->footer("Example:\n  ringmaster model inspect /tmp/tiny");
  inspect_command->callback([options, &exit_code] { exit_code = inspect(*options); });
}

}  // namespace ringmaster
