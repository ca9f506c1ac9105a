#ifndef SPILLWAY_CORE_FLAT_KEYED_H_
#define SPILLWAY_CORE_FLAT_KEYED_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace spillway {

// Numbers beyond this are held at it: it is the largest that JavaScript holds
// exactly, and no counter of the kernel gets there in a machine's life.
inline constexpr uint64_t kSaturated = (uint64_t{1} << 53) - 1;

// The kernel's word "max": no limit.
inline constexpr uint64_t kUnlimited = UINT64_MAX;

// What a read of a kernel file amounted to.
enum class Parsed : uint8_t {
  kOk,
  // Empty, or cut before its last newline: a writer may be half way (fixture
  // files). No sample, not a failure.
  kIncomplete,
  kMalformed,
};

// Decimal digits only, saturating; nothing else is a number.
std::optional<uint64_t> parse_number(std::string_view digits);

// The content of a single-value file: a number or "max", then a newline.
Parsed parse_value(std::string_view text, uint64_t* value);

// The next "KEY VALUE\n" line of a flat-keyed file; takes it off `text`.
// False when the line is not of that form.
struct FlatKeyedLine {
  std::string_view key;
  uint64_t value = 0;
};
bool next_flat_keyed_line(std::string_view* text, FlatKeyedLine* line);

// kOk when the text may be parsed line by line.
Parsed check_complete(std::string_view text);

}  // namespace spillway

#endif  // SPILLWAY_CORE_FLAT_KEYED_H_
