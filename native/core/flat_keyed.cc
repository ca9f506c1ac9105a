#include "flat_keyed.h"

namespace spillway {

std::optional<uint64_t> parse_number(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    // Saturated values stay below 2^53 * 10 + 9, so this cannot overflow.
    value = value * 10 + static_cast<uint64_t>(digit - '0');
    if (value > kSaturated) value = kSaturated;
  }
  return value;
}

Parsed check_complete(std::string_view text) {
  return text.empty() || text.back() != '\n' ? Parsed::kIncomplete
                                             : Parsed::kOk;
}

Parsed parse_value(std::string_view text, uint64_t* value) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  text.remove_suffix(1);
  if (text == "max") {
    *value = kUnlimited;
    return Parsed::kOk;
  }
  const std::optional<uint64_t> number = parse_number(text);
  if (!number.has_value()) return Parsed::kMalformed;
  *value = *number;
  return Parsed::kOk;
}

bool next_flat_keyed_line(std::string_view* text, FlatKeyedLine* line) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return false;
  const std::string_view content = text->substr(0, end);
  text->remove_prefix(end + 1);
  const size_t space = content.find(' ');
  if (space == std::string_view::npos || space == 0) return false;
  const std::optional<uint64_t> value = parse_number(content.substr(space + 1));
  if (!value.has_value()) return false;
  line->key = content.substr(0, space);
  line->value = *value;
  return true;
}

}  // namespace spillway
