// Any text of "KEY VALUE" lines, line by line as the parsers of flat-keyed
// files take it.

#include "check_parser.h"
#include "flat_keyed.h"
#include "plain_reading.h"

namespace spillway {
namespace {

void check_lines(std::string_view text) {
  for (const std::string_view plain_line :
       plain::lines(text).value_or(std::vector<std::string_view>{})) {
    const std::string_view before = text;
    FlatKeyedLine line;
    const bool found = next_flat_keyed_line(&text, &line);
    const auto entry = plain::entry(plain_line);
    FUZZ_CHECK(found == entry.has_value());
    // One line is taken off, also one of another form.
    FUZZ_CHECK(text == before.substr(plain_line.size() + 1));
    if (!found) continue;
    FUZZ_CHECK(line.key == entry->first);
    FUZZ_CHECK(line.value == entry->second);
    // The key is a part of the text, not of a copy that has ended.
    FUZZ_CHECK(line.key.data() == before.data());
  }
}

void check_without_end(std::string_view text) {
  const std::string_view last = plain::split(text, '\n').back();
  std::string_view rest = last;
  FlatKeyedLine line;
  FUZZ_CHECK(!next_flat_keyed_line(&rest, &line));
  FUZZ_CHECK(rest == last);
}

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const spillway::ExactCopy copy({reinterpret_cast<const char*>(data), size});
  spillway::check_lines(copy.text());
  spillway::check_without_end(copy.text());
  return 0;
}
