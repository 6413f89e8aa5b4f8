#include "engine/generate_request.h"

namespace ringmaster::engine {

void StepResult::clear() {
  admitted.clear();
  outputs.clear();
  error.clear();
  prefill_tokens = 0;
  decode_tokens = 0;
  device_time = {};
  has_kv_events = false;
}

}  // namespace ringmaster::engine
