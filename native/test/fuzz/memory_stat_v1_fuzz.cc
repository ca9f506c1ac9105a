// memory.stat of cgroup v1.

#include "check_parser.h"
#include "memory_v1.h"
#include "plain_reading.h"

namespace spillway {
namespace {

constexpr std::array<std::string_view, 6> kKeys = {
    "total_cache",      "total_rss",           "total_shmem",
    "total_swapcached", "total_inactive_file", "total_active_file"};

struct MemoryStatV1Target {
  using Value = MemoryUsage;

  static Parsed parse(std::string_view text, Value* usage) {
    return parse_memory_stat_v1(text, usage);
  }

  static Parsed read_plainly(std::string_view text, Value* usage) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    Figures<kKeys.size()> found;
    for (const std::string_view line : *lines) {
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
  static Figures<kKeys.size() + 6> figures(Value usage) {
    Figures<kKeys.size() + 6> figures = {usage.current, usage.swap,
                                         usage.kernel,  usage.sock,
                                         usage.zswap,   usage.slab_reclaimable};
    for (size_t key = 0; key < kKeys.size(); ++key) {
      figures[key + 6] = *fields(&usage)[key];
    }
    return figures;
  }

  static Value filled() { return {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}; }

  static std::string write(Value usage) {
    // A key that is not among ours, as a text may not be empty.
    std::string text = "total_unevictable 0\n";
    for (size_t key = 0; key < kKeys.size(); ++key) {
      const auto& value = *fields(&usage)[key];
      if (!value.has_value()) continue;
      text += std::string(kKeys[key]) + " " + std::to_string(*value) + "\n";
    }
    return text;
  }

 private:
  static std::array<OptionalBytes*, kKeys.size()> fields(Value* usage) {
    return {&usage->file,        &usage->anon,          &usage->shmem,
            &usage->swap_cached, &usage->inactive_file, &usage->active_file};
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::MemoryStatV1Target>::run(data, size);
}
