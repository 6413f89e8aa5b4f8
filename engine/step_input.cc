#include "engine/step_input.h"

namespace ringmaster::engine {

void StepInput::clear() {
  sequences.clear();
  tokens.clear();
  positions.clear();
  block_tables.clear();
  sampling.clear();
  saves.clear();
  loads.clear();
  decode_sequences = 0;
}

}  // namespace ringmaster::engine
