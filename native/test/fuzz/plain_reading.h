#ifndef SPILLWAY_TEST_FUZZ_PLAIN_READING_H_
#define SPILLWAY_TEST_FUZZ_PLAIN_READING_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flat_keyed.h"

// Reads texts by cutting them into pieces first: slow, and plain enough to be
// seen to be right. The fuzz targets compare the parsers with it.
namespace spillway::plain {

// The pieces between separators; a text without any is one piece.
inline std::vector<std::string_view> split(std::string_view text,
                                           char separator) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != separator) continue;
    pieces.push_back(text.substr(begin, at - begin));
    begin = at + 1;
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

// The lines of a text of which the last is whole; nothing when it is not.
inline std::optional<std::vector<std::string_view>> lines(
    std::string_view text) {
  std::vector<std::string_view> pieces = split(text, '\n');
  if (text.empty() || !pieces.back().empty()) return std::nullopt;
  pieces.pop_back();
  return pieces;
}

inline std::optional<uint64_t> number(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != digits.npos) {
    return std::nullopt;
  }
  const size_t first = digits.find_first_not_of('0');
  if (first == digits.npos) return 0;
  const std::string figures(digits.substr(first));
  if (figures.size() > std::to_string(kSaturated).size()) return kSaturated;
  return std::min<uint64_t>(std::stoull(figures), kSaturated);
}

// "KEY VALUE".
inline std::optional<std::pair<std::string_view, uint64_t>> entry(
    std::string_view line) {
  const size_t space = line.find(' ');
  if (space == 0 || space == line.npos) return std::nullopt;
  const auto value = number(line.substr(space + 1));
  if (!value.has_value()) return std::nullopt;
  return std::pair(line.substr(0, space), *value);
}

}  // namespace spillway::plain

#endif  // SPILLWAY_TEST_FUZZ_PLAIN_READING_H_
