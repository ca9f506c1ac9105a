#include "flat_keyed.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace spillway {
namespace {

using std::string_literals::operator""s;

TEST(FlatKeyed, NumberIsDecimalDigitsOnly) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("007"), 7U);
  EXPECT_EQ(parse_number("9007199254740991"), kSaturated);
  for (const std::string& text :
       {""s, " "s, "-1"s, "+1"s, " 1"s, "1 "s, "1\r"s, "1\n"s, "0x10"s, "1e3"s,
        "1.5"s, "max"s, "\0"s, "1\0"s, "\xff\xfe"s, "\xd9\xa1"s}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(FlatKeyed, NumberSaturates) {
  EXPECT_EQ(parse_number("9007199254740992"), kSaturated);
  EXPECT_EQ(parse_number("18446744073709551615"), kSaturated);
  EXPECT_EQ(parse_number("18446744073709551616"), kSaturated);
  EXPECT_EQ(parse_number(std::string(100'000, '9')), kSaturated);
  EXPECT_EQ(parse_number(std::string(100'000, '0') + "1"), 1U);
  EXPECT_EQ(parse_number(std::string(1000, '9') + "x"), std::nullopt);
}

TEST(FlatKeyed, ValueIsANumberOrMax) {
  uint64_t value = 5;
  EXPECT_EQ(parse_value("42\n", &value), Parsed::kOk);
  EXPECT_EQ(value, 42U);
  EXPECT_EQ(parse_value("max\n", &value), Parsed::kOk);
  EXPECT_EQ(value, kUnlimited);
  EXPECT_EQ(parse_value("18446744073709551615\n", &value), Parsed::kOk);
  EXPECT_EQ(value, kSaturated) << "a number is never taken for no limit";
}

TEST(FlatKeyed, ValueWithoutNewlineIsIncomplete) {
  uint64_t value = 5;
  for (const char* text : {"", "4", "42", "max", "m"}) {
    EXPECT_EQ(parse_value(text, &value), Parsed::kIncomplete) << text;
  }
  EXPECT_EQ(value, 5U) << "left alone";
}

TEST(FlatKeyed, MalformedValueIsLeftAlone) {
  uint64_t value = 5;
  for (const std::string& text :
       {"\n"s, "MAX\n"s, "max \n"s, "maximum\n"s, "-1\n"s, "42\r\n"s, " 42\n"s,
        "42 \n"s, "42\n\n"s, "4\n2\n"s, "\0\n"s, "4\0002\n"s, "\xff\n"s}) {
    EXPECT_EQ(parse_value(text, &value), Parsed::kMalformed) << text;
  }
  EXPECT_EQ(value, 5U);
}

TEST(FlatKeyed, LineIsKeySpaceNumber) {
  std::string_view text = "low 0\nhigh 12\nrest";
  FlatKeyedLine line;
  EXPECT_TRUE(next_flat_keyed_line(&text, &line));
  EXPECT_EQ(line.key, "low");
  EXPECT_EQ(line.value, 0U);
  EXPECT_TRUE(next_flat_keyed_line(&text, &line));
  EXPECT_EQ(line.key, "high");
  EXPECT_EQ(line.value, 12U);
  EXPECT_FALSE(next_flat_keyed_line(&text, &line)) << "no newline";
  EXPECT_EQ(text, "rest");
}

TEST(FlatKeyed, OtherLinesAreRefused) {
  for (const std::string& bad :
       {"\n"s, " \n"s, "high\n"s, "high \n"s, " 5\n"s, "high  5\n"s,
        "high 5 \n"s, "high 5 6\n"s, "high\t5\n"s, "high -5\n"s, "high 5\r\n"s,
        "high max\n"s, "high 5\0\n"s, "\n\n"s}) {
    std::string_view text = bad;
    FlatKeyedLine line;
    EXPECT_FALSE(next_flat_keyed_line(&text, &line)) << '"' << bad << '"';
  }
}

TEST(FlatKeyed, EveryLineMakesProgress) {
  const std::string noise = "\n\n \nx\n\0\n 1\na 1\n"s;
  std::string_view text = noise;
  FlatKeyedLine line;
  int lines = 0;
  while (!text.empty()) {
    const size_t before = text.size();
    next_flat_keyed_line(&text, &line);
    ASSERT_LT(text.size(), before);
    ++lines;
  }
  EXPECT_EQ(lines, 7);
  EXPECT_EQ(line.key, "a");
}

}  // namespace
}  // namespace spillway
