#ifndef SPILLWAY_ADDON_PROCESS_FUNCTIONS_H_
#define SPILLWAY_ADDON_PROCESS_FUNCTIONS_H_

#include <napi.h>

namespace spillway {

// Adds the raw functions on the memory of processes to the addon's exports.
void add_process_functions(Napi::Env env, Napi::Object exports);

}  // namespace spillway

#endif  // SPILLWAY_ADDON_PROCESS_FUNCTIONS_H_
