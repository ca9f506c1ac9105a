#include "cgroup_events.h"

namespace spillway {

Parsed parse_populated(std::string_view text, bool* populated) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  while (!text.empty()) {
    FlatKeyedLine line;
    if (!next_flat_keyed_line(&text, &line)) return Parsed::kMalformed;
    if (line.key != "populated") continue;
    *populated = line.value != 0;
    return Parsed::kOk;
  }
  return Parsed::kMalformed;
}

}  // namespace spillway
