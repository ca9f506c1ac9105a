#include "cgroup_events.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway {
namespace {

using std::string_literals::operator""s;

TEST(CgroupEvents, ReadsPopulated) {
  bool populated = false;
  EXPECT_EQ(parse_populated("populated 1\nfrozen 0\n", &populated),
            Parsed::kOk);
  EXPECT_TRUE(populated);
  EXPECT_EQ(parse_populated("populated 0\nfrozen 1\n", &populated),
            Parsed::kOk);
  EXPECT_FALSE(populated);
}

TEST(CgroupEvents, OrderAndUnknownKeysDoNotMatter) {
  bool populated = false;
  EXPECT_EQ(parse_populated("frozen 0\nnew 7\npopulated 1\n", &populated),
            Parsed::kOk);
  EXPECT_TRUE(populated);
}

TEST(CgroupEvents, CutTextIsIncomplete) {
  bool populated = true;
  for (const char* text : {"", "populated", "populated 0", "populated 0\nfr"}) {
    EXPECT_EQ(parse_populated(text, &populated), Parsed::kIncomplete) << text;
  }
  EXPECT_TRUE(populated);
}

TEST(CgroupEvents, OtherTextIsMalformed) {
  bool populated = true;
  for (const std::string& text :
       {"\n"s, "frozen 0\n"s, "populated\n"s, "populated x\n"s,
        "populated -1\n"s, "populated 0\r\n"s, "populated 0\0\n"s, "\0\n"s,
        " populated 0\n"s}) {
    EXPECT_EQ(parse_populated(text, &populated), Parsed::kMalformed) << text;
  }
  EXPECT_TRUE(populated);
}

}  // namespace
}  // namespace spillway
