// memory.events and memory.events.local.

#include "check_parser.h"
#include "memory_events.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct MemoryEventsTarget {
  using Value = EventCounts;

  static Parsed parse(std::string_view text, Value* events) {
    return parse_memory_events(text, events);
  }

  static Parsed read_plainly(std::string_view text, Value* events) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    Value found;
    for (const std::string_view line : *lines) {
      const auto entry = plain::entry(line);
      if (!entry.has_value()) return Parsed::kMalformed;
      for (uint8_t key = 0; key < kEventKeyCount; ++key) {
        if (entry->first != kEventKeyNames[key]) continue;
        found.counts[key] = entry->second;
        found.present |= key_bit(static_cast<EventKey>(key));
      }
    }
    if (found.present == 0) return Parsed::kMalformed;
    *events = found;
    return Parsed::kOk;
  }

  static auto figures(const Value& events) {
    Figures<kEventKeyCount + 1> figures;
    std::copy(events.counts.begin(), events.counts.end(), figures.begin());
    figures.back() = events.present;
    return figures;
  }

  static Value filled() { return {{7, 7, 7, 7, 7, 7}, 0b111111}; }

  static std::string write(const Value& events) {
    std::string text;
    for (uint8_t key = 0; key < kEventKeyCount; ++key) {
      if ((events.present & key_bit(static_cast<EventKey>(key))) == 0) continue;
      text += std::string(kEventKeyNames[key]) + " " +
              std::to_string(events.counts[key]) + "\n";
    }
    return text;
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::MemoryEventsTarget>::run(data, size);
}
