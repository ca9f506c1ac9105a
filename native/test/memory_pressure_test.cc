#include "memory_pressure.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway {
namespace {

using std::string_literals::operator""s;

constexpr const char* kText =
    "some avg10=0.12 avg60=1.00 avg300=22.22 total=123456\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=789\n";

TEST(MemoryPressure, ReadsBothTotals) {
  PressureTotals totals;
  EXPECT_EQ(parse_memory_pressure(kText, &totals), Parsed::kOk);
  EXPECT_EQ(totals.some_us, 123456u);
  EXPECT_EQ(totals.full_us, 789u);
  EXPECT_EQ(totals.of(Stall::kSome), 123456u);
  EXPECT_EQ(totals.of(Stall::kFull), 789u);
}

TEST(MemoryPressure, OrderUnknownLinesAndFieldsDoNotMatter) {
  PressureTotals totals;
  EXPECT_EQ(parse_memory_pressure("irq avg10=0.00 total=x\n"
                                  "\n"
                                  "full total=2 avg600=1.00\n"
                                  "someone total=9\n"
                                  "some subtotal=5 avg10=- total=1\n",
                                  &totals),
            Parsed::kOk);
  EXPECT_EQ(totals.some_us, 1u);
  EXPECT_EQ(totals.full_us, 2u);
}

TEST(MemoryPressure, NumbersSaturate) {
  PressureTotals totals;
  const std::string huge(10'000, '9');
  EXPECT_EQ(parse_memory_pressure(
                "some total=18446744073709551616\nfull total=" + huge + "\n",
                &totals),
            Parsed::kOk);
  EXPECT_EQ(totals.some_us, kSaturated);
  EXPECT_EQ(totals.full_us, kSaturated);
}

TEST(MemoryPressure, CutTextIsIncomplete) {
  const std::string text = kText;
  for (size_t size = 0; size < text.size(); ++size) {
    if (size > 0 && text[size - 1] == '\n') continue;
    PressureTotals totals{7, 8};
    EXPECT_EQ(parse_memory_pressure(text.substr(0, size), &totals),
              Parsed::kIncomplete)
        << size;
    EXPECT_EQ(totals.some_us, 7u);
    EXPECT_EQ(totals.full_us, 8u);
  }
}

TEST(MemoryPressure, OtherTextIsMalformed) {
  PressureTotals totals{7, 8};
  for (const std::string& text :
       {"\n"s, "some avg10=0.00 total=1\n"s, "full total=1\n"s, "some\nfull\n"s,
        "some total=\nfull total=1\n"s, "some total=-1\nfull total=1\n"s,
        "some total=1.5\nfull total=1\n"s, "some total=1\r\nfull total=1\r\n"s,
        "some total=1\nfull total=0x1\n"s, "some total=1\0\nfull total=1\n"s,
        "\0\n"s, " some total=1\n"s, "some\ttotal=1\nfull\ttotal=1\n"s,
        "some total =1\nfull total=1\n"s}) {
    EXPECT_EQ(parse_memory_pressure(text, &totals), Parsed::kMalformed) << text;
  }
  EXPECT_EQ(totals.some_us, 7u);
  EXPECT_EQ(totals.full_us, 8u);
}

TEST(MemoryPressure, LongAndBinaryTextIsReadToItsEnd) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  for (int doubling = 0; doubling < 8; ++doubling) text += text;
  PressureTotals totals;
  EXPECT_EQ(parse_memory_pressure(text + "\n" + kText, &totals), Parsed::kOk);
  EXPECT_EQ(totals.full_us, 789u);
}

}  // namespace
}  // namespace spillway
