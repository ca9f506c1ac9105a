// /proc/meminfo.

#include "check_parser.h"
#include "meminfo.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct MeminfoTarget {
  using Value = HostMemory;

  static Parsed parse(std::string_view text, Value* memory) {
    return parse_meminfo(text, memory);
  }

  static Parsed read_plainly(std::string_view text, Value* memory) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    constexpr std::array<std::string_view, 8> kNames = {
        "MemTotal", "MemFree",    "MemAvailable", "Buffers",
        "Cached",   "SwapCached", "SwapTotal",    "SwapFree"};
    Figures<kNames.size()> found;
    for (const std::string_view line : *lines) {
      const size_t colon = line.find(':');
      if (colon == line.npos) return Parsed::kMalformed;
      const auto* name =
          std::find(kNames.begin(), kNames.end(), line.substr(0, colon));
      if (name == kNames.end()) continue;
      const auto bytes = bytes_of(line.substr(colon + 1));
      if (!bytes.has_value()) return Parsed::kMalformed;
      found[static_cast<size_t>(name - kNames.begin())] = bytes;
    }
    const auto& [total, free, available, buffers, cached, swap_cached,
                 swap_total, swap_free] = found;
    if (total.value_or(0) == 0) return Parsed::kMalformed;
    const bool can_be_added = free && buffers && cached;
    if (!available && !can_be_added) return Parsed::kMalformed;
    memory->total = *total;
    memory->available =
        std::min(*total, available ? *available : *free + *buffers + *cached);
    memory->swap_total = swap_total.value_or(0);
    memory->swap_free = swap_free.value_or(0);
    memory->swap_cached = swap_cached.value_or(0);
    return Parsed::kOk;
  }

  static Figures<5> figures(const Value& memory) {
    return {memory.total, memory.available, memory.swap_total, memory.swap_free,
            memory.swap_cached};
  }

  static Value filled() { return {7, 7, 7, 7, 7}; }

  static std::string write(const Value& memory) {
    const auto line = [](const char* name, uint64_t bytes) {
      return name + std::string(":   ") +
             std::to_string((bytes + 1023) / 1024) + " kB\n";
    };
    return line("MemTotal", memory.total) +
           line("MemAvailable", memory.available) +
           line("SwapCached", memory.swap_cached) +
           line("SwapTotal", memory.swap_total) +
           line("SwapFree", memory.swap_free) + "HugePages_Total:       0\n";
  }

 private:
  // "   123 kB", blanks in front and the one behind the number only.
  static std::optional<uint64_t> bytes_of(std::string_view value) {
    std::vector<std::string_view> words = plain::split(value, ' ');
    if (words.size() < 2 || words.back() != "kB") return std::nullopt;
    words.pop_back();
    const std::string_view digits = words.back();
    words.pop_back();
    for (const std::string_view blank : words) {
      if (!blank.empty()) return std::nullopt;
    }
    const auto kb = plain::number(digits);
    if (!kb.has_value()) return std::nullopt;
    constexpr uint64_t kBeyond = uint64_t{1} << 43;
    return std::min(std::min(*kb, kBeyond) * 1024, kSaturated);
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::MeminfoTarget>::run(data, size);
}
