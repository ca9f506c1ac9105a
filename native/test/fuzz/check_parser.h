#ifndef SPILLWAY_TEST_FUZZ_CHECK_PARSER_H_
#define SPILLWAY_TEST_FUZZ_CHECK_PARSER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flat_keyed.h"

// Ends the program, with or without NDEBUG: libFuzzer then keeps the input.
#define FUZZ_CHECK(condition) \
  ((condition) ? void() : ::spillway::give_up(#condition, __FILE__, __LINE__))

namespace spillway {

[[noreturn]] inline void give_up(const char* condition, const char* file,
                                 int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  std::abort();
}

// A copy in a piece of the heap that ends where the text ends, so that the
// address sanitizer sees a read behind it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view text)
      : bytes_(new char[text.size()]), size_(text.size()) {
    std::copy(text.begin(), text.end(), bytes_.get());
  }
  std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// What a parser found, number by number. Absent: it found nothing for it.
template <size_t count>
using Figures = std::array<std::optional<uint64_t>, count>;

// Checks what every parser of a kernel file promises, on one text. A target
// gives:
//   Value                           what the parser fills in
//   Parsed parse(text, Value*)      the parser
//   Parsed read_plainly(text, Value*)
//                                   the same, written to be seen to be right
//   Figures<n> figures(Value)
//   Value filled()                  with something in every figure
//   std::string write(Value)        as the kernel would print it
template <typename Target>
class ParserCheck {
 public:
  static int run(const uint8_t* data, size_t size) {
    const ExactCopy copy({reinterpret_cast<const char*>(data), size});
    check_from(copy.text(), {});
    check_from(copy.text(), Target::filled());
    return 0;
  }

 private:
  using Value = typename Target::Value;

  // A parser may leave what stood in the value before, where the text does not
  // tell: so it starts from an empty and from a full one.
  static void check_from(std::string_view text, const Value& start) {
    Value value = start;
    const Parsed parsed = Target::parse(text, &value);
    const auto figures = Target::figures(value);

    // It finds what a plain reading finds; after a failure, nothing.
    Value plain = start;
    FUZZ_CHECK(Target::read_plainly(text, &plain) == parsed);
    FUZZ_CHECK(Target::figures(plain) == figures);
    const bool is_complete = !text.empty() && text.back() == '\n';
    FUZZ_CHECK((parsed == Parsed::kIncomplete) == !is_complete);
    if (parsed != Parsed::kOk) {
      FUZZ_CHECK(Target::figures(start) == figures);
    }

    // It depends on the text alone: not on the call before, nor on what stands
    // behind the text in the reactor's buffer.
    const std::string longer = std::string(text) + "9\nhigh 9\nfull total=9\n";
    for (const std::string_view same :
         {text, std::string_view(longer).substr(0, text.size())}) {
      Value again = start;
      FUZZ_CHECK(Target::parse(same, &again) == parsed);
      FUZZ_CHECK(Target::figures(again) == figures);
    }

    // JavaScript can hold every figure exactly.
    for (const auto& figure : figures) {
      FUZZ_CHECK(figure.value_or(0) <= kSaturated || figure == kUnlimited);
    }

    if (parsed != Parsed::kOk) return;
    Value reread = start;
    FUZZ_CHECK(Target::parse(Target::write(value), &reread) == Parsed::kOk);
    FUZZ_CHECK(Target::figures(reread) == figures);
  }
};

}  // namespace spillway

#endif  // SPILLWAY_TEST_FUZZ_CHECK_PARSER_H_
