// Files of one number or "max": memory.current, memory.high, memory.max and
// those of swap.

#include "check_parser.h"
#include "flat_keyed.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct SingleValueTarget {
  using Value = uint64_t;

  static Parsed parse(std::string_view text, Value* value) {
    return parse_value(text, value);
  }

  static Parsed read_plainly(std::string_view text, Value* value) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    if (lines->size() != 1) return Parsed::kMalformed;
    const auto found =
        lines->front() == "max" ? kUnlimited : plain::number(lines->front());
    if (!found.has_value()) return Parsed::kMalformed;
    *value = *found;
    return Parsed::kOk;
  }

  static Figures<1> figures(Value value) { return {value}; }

  static Value filled() { return 7; }

  static std::string write(Value value) {
    return (value == kUnlimited ? "max" : std::to_string(value)) + "\n";
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::SingleValueTarget>::run(data, size);
}
