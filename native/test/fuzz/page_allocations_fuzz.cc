// pgalloc_* of /proc/vmstat.

#include "check_parser.h"
#include "page_allocations.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct PageAllocationsTarget {
  using Value = uint64_t;

  static Parsed parse(std::string_view text, Value* pages) {
    return parse_page_allocations(text, pages);
  }

  static Parsed read_plainly(std::string_view text, Value* pages) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    std::optional<uint64_t> sum;
    for (const std::string_view line : *lines) {
      if (line.substr(0, 8) != "pgalloc_") continue;
      const auto entry = plain::entry(line);
      if (!entry.has_value()) return Parsed::kMalformed;
      sum = std::min(sum.value_or(0) + entry->second, kSaturated);
    }
    if (!sum.has_value()) return Parsed::kMalformed;
    *pages = *sum;
    return Parsed::kOk;
  }

  static Figures<1> figures(Value pages) { return {pages}; }

  static Value filled() { return 7; }

  static std::string write(Value pages) {
    return "nr_free_pages 1\npgalloc_dma 0\npgalloc_normal " +
           std::to_string(pages) + "\npgfree 1\n";
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::PageAllocationsTarget>::run(data,
                                                                     size);
}
