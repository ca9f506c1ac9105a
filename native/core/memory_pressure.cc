#include "memory_pressure.h"

#include <optional>

namespace spillway {

namespace {

// Takes what stands before the separator off the text; the last piece has none
// behind it.
std::string_view next_piece(std::string_view* text, char separator) {
  const size_t end = text->find(separator);
  const std::string_view piece = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return piece;
}

std::optional<uint64_t> total_of(std::string_view fields) {
  constexpr std::string_view kName = "total=";
  while (!fields.empty()) {
    const std::string_view field = next_piece(&fields, ' ');
    if (field.starts_with(kName)) {
      return parse_number(field.substr(kName.size()));
    }
  }
  return std::nullopt;
}

}  // namespace

Parsed parse_memory_pressure(std::string_view text, PressureTotals* totals) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  std::optional<uint64_t> some;
  std::optional<uint64_t> full;
  while (!text.empty()) {
    std::string_view fields = next_piece(&text, '\n');
    const std::string_view name = next_piece(&fields, ' ');
    if (name != "some" && name != "full") continue;
    const std::optional<uint64_t> total = total_of(fields);
    if (!total.has_value()) return Parsed::kMalformed;
    (name == "some" ? some : full) = total;
  }
  if (!some.has_value() || !full.has_value()) return Parsed::kMalformed;
  *totals = PressureTotals{*some, *full};
  return Parsed::kOk;
}

}  // namespace spillway
