#ifndef SPILLWAY_ADDON_VICTIM_FUNCTIONS_H_
#define SPILLWAY_ADDON_VICTIM_FUNCTIONS_H_

#include <napi.h>

namespace spillway {

// Adds the raw functions on victims and armed plans to the addon's exports.
void add_victim_functions(Napi::Env env, Napi::Object exports);

}  // namespace spillway

#endif  // SPILLWAY_ADDON_VICTIM_FUNCTIONS_H_
