// memory.limit_in_bytes and memory.memsw.limit_in_bytes of cgroup v1.

#include "check_parser.h"
#include "memory_v1.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct LimitV1Target {
  using Value = uint64_t;

  static Parsed parse(std::string_view text, Value* limit) {
    return parse_limit_v1(text, limit);
  }

  static Parsed read_plainly(std::string_view text, Value* limit) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    if (lines->size() != 1) return Parsed::kMalformed;
    // v1 has no such word, but -1 only, and that only to write.
    const auto found =
        lines->front() == "max" ? kUnlimited : plain::number(lines->front());
    if (!found.has_value()) return Parsed::kMalformed;
    *limit = *found < kSaturated ? *found : kUnlimited;
    return Parsed::kOk;
  }

  static Figures<1> figures(Value limit) { return {limit}; }

  static Value filled() { return 7; }

  static std::string write(Value limit) {
    return (limit == kUnlimited ? "9223372036854771712"
                                : std::to_string(limit)) +
           "\n";
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::LimitV1Target>::run(data, size);
}
