#include "page_allocations.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>

#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"

namespace spillway {
namespace {

// As Linux 6.18 writes it, cut short.
const std::string kText =
    "nr_free_pages 1012528\n"
    "workingset_refault_file 99536\n"
    "pgpgin 3081233\n"
    "pgalloc_dma 2\n"
    "pgalloc_dma32 30\n"
    "pgalloc_normal 4271035\n"
    "pgalloc_movable 0\n"
    "pgalloc_device 0\n"
    "allocstall_dma 7\n"
    "pgfree 4303567\n";

TEST(PageAllocationsTest, AddsUpTheZones) {
  uint64_t pages = 0;
  ASSERT_EQ(parse_page_allocations(kText, &pages), Parsed::kOk);
  EXPECT_EQ(pages, 4271067U);
}

// Linux without CONFIG_VM_EVENT_COUNTERS has none of these lines.
TEST(PageAllocationsTest, WithoutACountItIsMalformed) {
  uint64_t pages = 7;
  EXPECT_EQ(parse_page_allocations("nr_free_pages 1\n", &pages),
            Parsed::kMalformed);
  for (const char* line : {"pgalloc_dma\n", "pgalloc_dma -1\n",
                           "pgalloc_dma 1 2\n", "pgalloc_dma max\n"}) {
    EXPECT_EQ(parse_page_allocations(kText + line, &pages), Parsed::kMalformed)
        << line;
  }
  EXPECT_EQ(pages, 7U);
}

TEST(PageAllocationsTest, LinesOfOtherNamesMayBeAnything) {
  uint64_t pages = 0;
  EXPECT_EQ(parse_page_allocations("\n-\npgalloc 9\n pgalloc_dma 9\n" + kText +
                                       "words of all kinds\n",
                                   &pages),
            Parsed::kOk);
  EXPECT_EQ(pages, 4271067U);
}

TEST(PageAllocationsTest, CountsSaturate) {
  uint64_t pages = 0;
  ASSERT_EQ(parse_page_allocations(kText + "pgalloc_a 99999999999999999999\n" +
                                       "pgalloc_b 99999999999999999999\n",
                                   &pages),
            Parsed::kOk);
  EXPECT_EQ(pages, kSaturated);
}

TEST(PageAllocationsTest, CutTextIsIncompleteAndAnyCutIsNoCrash) {
  uint64_t pages = 0;
  for (size_t size = 0; size < kText.size(); ++size) {
    const std::string cut = kText.substr(0, size);
    const Parsed parsed = parse_page_allocations(cut, &pages);
    if (cut.empty() || cut.back() != '\n') {
      EXPECT_EQ(parsed, Parsed::kIncomplete) << size;
    }
  }
}

class PageAllocationsFileTest : public testing::Test {
 protected:
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(PageAllocationsFileTest, TellsBytes) {
  const test::FixtureDirectory proc;
  PageAllocations allocations(proc.path());
  EXPECT_EQ(allocations.read(buffer_), std::nullopt) << "no file";
  proc.write("vmstat", kText);
  const auto page = static_cast<uint64_t>(getpagesize());
  EXPECT_EQ(allocations.read(buffer_), 4271067 * page);
  proc.write("vmstat", "pgalloc_normal 99999999999999999999\n");
  EXPECT_EQ(allocations.read(buffer_), kSaturated / page * page);
  proc.write("vmstat", "");
  EXPECT_EQ(allocations.read(buffer_), std::nullopt);
}

// Descriptors run out at the first read; there are some again at the second.
TEST_F(PageAllocationsFileTest, IsOpenedWhenThatIsPossible) {
  PageAllocations allocations("/proc");
  {
    const test::FaultOrder order(&test::faults.open, 1, EMFILE);
    EXPECT_EQ(allocations.read(buffer_), std::nullopt);
  }
  EXPECT_NE(allocations.read(buffer_), std::nullopt);
}

TEST_F(PageAllocationsFileTest, ThisMachinesCountHoldsWhatIsTouched) {
  constexpr size_t kBytes = size_t{64} << 20;
  PageAllocations allocations("/proc");
  const auto before = allocations.read(buffer_);
  ASSERT_NE(before, std::nullopt);
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const auto after = allocations.read(buffer_);
  munmap(memory, kBytes);
  ASSERT_NE(after, std::nullopt);
  EXPECT_GE(*after - *before, kBytes);
}

TEST(HasRoomLeftTest, HalfOfItIsKept) {
  constexpr uint64_t kGib = uint64_t{1} << 30;
  EXPECT_TRUE(has_room_left(kGib, 0));
  EXPECT_TRUE(has_room_left(kGib, kGib / 4));
  EXPECT_FALSE(has_room_left(kGib, kGib / 2));
  EXPECT_TRUE(has_room_left(kUnlimited, kSaturated));
}

// What each processor charges ahead may fill a small one without a page.
TEST(HasRoomLeftTest, SmallRoomIsNone) {
  EXPECT_FALSE(has_room_left(0, 0));
  EXPECT_FALSE(has_room_left(uint64_t{256} << 10, 0));
}

}  // namespace
}  // namespace spillway
