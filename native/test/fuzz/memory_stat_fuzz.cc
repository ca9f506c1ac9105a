// memory.stat.

#include "check_parser.h"
#include "memory_usage.h"
#include "plain_reading.h"

namespace spillway {
namespace {

constexpr std::array<std::string_view, 10> kKeys = {
    "anon",          "file",        "kernel",
    "sock",          "shmem",       "zswap",
    "inactive_file", "active_file", "slab_reclaimable",
    "swapcached"};

struct MemoryStatTarget {
  using Value = MemoryUsage;

  static Parsed parse(std::string_view text, Value* usage) {
    return parse_memory_stat(text, usage);
  }

  static Parsed read_plainly(std::string_view text, Value* usage) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    Figures<kKeys.size()> found;
    for (const std::string_view line : *lines) {
      // What stands behind the last of them is not looked at.
      if (std::find(found.begin(), found.end(), std::nullopt) == found.end()) {
        break;
      }
      const auto entry = plain::entry(line);
      if (!entry.has_value()) return Parsed::kMalformed;
      const auto* key = std::find(kKeys.begin(), kKeys.end(), entry->first);
      if (key != kKeys.end()) {
        found[static_cast<size_t>(key - kKeys.begin())] = entry->second;
      }
    }
    for (size_t key = 0; key < kKeys.size(); ++key) {
      if (found[key].has_value()) *fields(usage)[key] = found[key];
    }
    return Parsed::kOk;
  }

  // Those that the file does not tell as well: they have to stay.
  static Figures<kKeys.size() + 2> figures(Value usage) {
    Figures<kKeys.size() + 2> figures;
    for (size_t key = 0; key < kKeys.size(); ++key) {
      figures[key] = *fields(&usage)[key];
    }
    figures[kKeys.size()] = usage.current;
    figures[kKeys.size() + 1] = usage.swap;
    return figures;
  }

  static Value filled() { return {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}; }

  static std::string write(Value usage) {
    // A key that is not among ours, as a text may not be empty.
    std::string text = "file_dirty 0\n";
    for (size_t key = 0; key < kKeys.size(); ++key) {
      const auto& value = *fields(&usage)[key];
      if (!value.has_value()) continue;
      text += std::string(kKeys[key]) + " " + std::to_string(*value) + "\n";
    }
    return text;
  }

 private:
  static std::array<OptionalBytes*, kKeys.size()> fields(Value* usage) {
    return {
        &usage->anon,          &usage->file,        &usage->kernel,
        &usage->sock,          &usage->shmem,       &usage->zswap,
        &usage->inactive_file, &usage->active_file, &usage->slab_reclaimable,
        &usage->swap_cached};
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::MemoryStatTarget>::run(data, size);
}
