#ifndef SPILLWAY_CORE_OPTIONAL_BYTES_H_
#define SPILLWAY_CORE_OPTIONAL_BYTES_H_

#include <cstdint>
#include <optional>

namespace spillway {

// A number of bytes, or none: std::optional in half its size. A watch keeps
// some twenty of them, and there may be thousands of watches.
class OptionalBytes {
 public:
  constexpr OptionalBytes() = default;
  // In place of an optional everywhere, so both ways without a word:
  constexpr OptionalBytes(std::nullopt_t /*none*/) {}         // NOLINT
  constexpr OptionalBytes(uint64_t bytes) : bytes_(bytes) {}  // NOLINT
  constexpr OptionalBytes(std::optional<uint64_t> bytes)      // NOLINT
      : bytes_(bytes.value_or(kNone)) {}
  constexpr operator std::optional<uint64_t>() const {  // NOLINT
    return has_value() ? std::optional(bytes_) : std::nullopt;
  }

  constexpr bool has_value() const { return bytes_ != kNone; }
  constexpr explicit operator bool() const { return has_value(); }
  // Of one that has a value.
  constexpr uint64_t operator*() const { return bytes_; }
  constexpr uint64_t& operator*() { return bytes_; }
  constexpr uint64_t value_or(uint64_t other) const {
    return has_value() ? bytes_ : other;
  }
  constexpr void reset() { bytes_ = kNone; }

  constexpr bool operator==(const OptionalBytes& other) const = default;

 private:
  // Next to kUnlimited, and no amount that there is.
  static constexpr uint64_t kNone = UINT64_MAX - 1;

  uint64_t bytes_ = kNone;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_OPTIONAL_BYTES_H_
