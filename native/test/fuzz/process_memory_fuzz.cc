// statm, status and smaps_rollup of /proc/PID. Each text is taken for each.

#include "check_parser.h"
#include "plain_reading.h"
#include "process_memory.h"

namespace spillway {
namespace {

constexpr uint64_t kPageBytes = 4096;

Figures<6> figures_of(const ProcessMemory& memory) {
  return {memory.rss,  memory.anon, memory.shmem,
          memory.swap, memory.pss,  memory.uss};
}

std::optional<uint64_t> times(std::optional<uint64_t> count, uint64_t unit) {
  if (!count.has_value()) return std::nullopt;
  // Beyond this any of the units here saturates.
  return std::min(std::min(*count, uint64_t{1} << 43) * unit, kSaturated);
}

// " \t 123 kB", blanks in front only.
std::optional<uint64_t> bytes_of(std::string_view value) {
  while (value.starts_with(' ') || value.starts_with('\t')) {
    value.remove_prefix(1);
  }
  const std::vector<std::string_view> words = plain::split(value, ' ');
  if (words.size() != 2 || words[1] != "kB") return std::nullopt;
  return times(plain::number(words[0]), 1024);
}

// The first line of this key that holds a size; not the first line of all.
std::optional<uint64_t> find(std::string_view text, std::string_view key) {
  const auto lines = plain::lines(text);
  if (!lines.has_value()) return std::nullopt;
  for (size_t index = 1; index < lines->size(); ++index) {
    const std::string_view line = (*lines)[index];
    const size_t colon = line.find(':');
    if (colon == line.npos || line.substr(0, colon) != key) continue;
    const auto bytes = bytes_of(line.substr(colon + 1));
    if (bytes.has_value()) return bytes;
  }
  return std::nullopt;
}

std::optional<uint64_t> resident(std::string_view text) {
  if (!plain::lines(text).has_value()) return std::nullopt;
  const std::vector<std::string_view> words = plain::split(text, ' ');
  if (words.size() < 3 || plain::number(words[0]).value_or(0) == 0) {
    return std::nullopt;
  }
  return times(plain::number(words[1]), kPageBytes);
}

template <typename Parse>
Figures<6> check(std::string_view text, Parse parse) {
  const Figures<6> figures = figures_of(parse(text));
  // It depends on the text alone: not on the call before, nor on what stands
  // behind the text in the buffer.
  const std::string longer = std::string(text) + "9 kB\nRss: 9 kB\n";
  FUZZ_CHECK(figures_of(parse(text)) == figures);
  FUZZ_CHECK(figures_of(parse(
                 std::string_view(longer).substr(0, text.size()))) == figures);
  for (const auto& figure : figures) {
    FUZZ_CHECK(figure.value_or(0) <= kSaturated);
  }
  return figures;
}

void check_all(std::string_view text) {
  const Figures<6> status = check(text, parse_status_memory);
  const auto absent = std::optional<uint64_t>();
  FUZZ_CHECK((status == Figures<6>{find(text, "VmRSS"), find(text, "RssAnon"),
                                   find(text, "RssShmem"), find(text, "VmSwap"),
                                   absent, absent}));

  Figures<6> rollup = check(text, parse_smaps_rollup);
  rollup[5] = absent;  // a sum
  FUZZ_CHECK(
      (rollup == Figures<6>{find(text, "Rss"), find(text, "Pss_Anon"),
                            find(text, "Pss_Shmem"), find(text, "SwapPss"),
                            find(text, "Pss"), absent}));

  const Figures<6> statm = check(text, [](std::string_view each) {
    return parse_statm(each, kPageBytes);
  });
  FUZZ_CHECK((statm == Figures<6>{resident(text)}));
}

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const spillway::ExactCopy copy({reinterpret_cast<const char*>(data), size});
  spillway::check_all(copy.text());
  return 0;
}
