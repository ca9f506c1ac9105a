// memory.pressure and /proc/pressure/memory.

#include "check_parser.h"
#include "memory_pressure.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct MemoryPressureTarget {
  using Value = PressureTotals;

  static Parsed parse(std::string_view text, Value* totals) {
    return parse_memory_pressure(text, totals);
  }

  static Parsed read_plainly(std::string_view text, Value* totals) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    std::optional<uint64_t> some;
    std::optional<uint64_t> full;
    for (const std::string_view line : *lines) {
      const std::vector<std::string_view> words = plain::split(line, ' ');
      if (words[0] != "some" && words[0] != "full") continue;
      const auto total = std::find_if(
          words.begin() + 1, words.end(),
          [](const auto& word) { return word.substr(0, 6) == "total="; });
      if (total == words.end()) return Parsed::kMalformed;
      const auto value = plain::number(total->substr(6));
      if (!value.has_value()) return Parsed::kMalformed;
      (words[0] == "some" ? some : full) = value;
    }
    if (!some.has_value() || !full.has_value()) return Parsed::kMalformed;
    *totals = {*some, *full};
    return Parsed::kOk;
  }

  static Figures<2> figures(const Value& totals) {
    return {totals.some_us, totals.full_us};
  }

  static Value filled() { return {7, 7}; }

  static std::string write(const Value& totals) {
    const std::string averages = " avg10=0.00 avg60=0.00 avg300=0.00 total=";
    return "some" + averages + std::to_string(totals.some_us) + "\nfull" +
           averages + std::to_string(totals.full_us) + "\n";
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::MemoryPressureTarget>::run(data, size);
}
