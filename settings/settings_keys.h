#pragma once

#include "settings/engine_settings.h"
#include "settings/gateway_settings.h"
#include "settings/visitor.h"

namespace ringmaster {

// Where each struct names its keys: the only table of them.

void visit_keys(SettingsVisitor& visitor, GatewaySettings& settings);
void visit_keys(SettingsVisitor& visitor, EngineSettings& settings);
void visit_keys(SettingsVisitor& visitor, LimitSettings& settings);
void visit_keys(SettingsVisitor& visitor, DrainSettings& settings);
void visit_keys(SettingsVisitor& visitor, LogSettings& settings);

}  // namespace ringmaster
