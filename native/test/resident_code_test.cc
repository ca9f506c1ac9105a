#include "resident_code.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "faults.h"
#include "seccomp_filter.h"

namespace spillway {
namespace {

bool is_resident(const void* address) {
  const auto page = static_cast<uintptr_t>(getpagesize());
  auto* begin = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(address) &
                                        ~(page - 1));
  unsigned char resident = 0;
  return mincore(begin, page, &resident) == 0 && (resident & 1) == 1;
}

TEST(ResidentCode, ItsPagesAreInMemory) {
  EXPECT_GT(keep_code_resident(), static_cast<size_t>(getpagesize()));
  EXPECT_TRUE(is_resident(reinterpret_cast<void*>(&keep_code_resident)));
}

TEST(ResidentCode, WhereNothingMayBeLockedItIsReadAllTheSame) {
  const test::FaultOrder refused(&test::faults.mlock, 1000, ENOMEM);
  EXPECT_EQ(keep_code_resident(), 0U);
  EXPECT_TRUE(is_resident(reinterpret_cast<void*>(&keep_code_resident)));
}

TEST(ResidentCode, IsNotLockedWhereThatMayEndTheProcess) {
  size_t locked = 1;
  std::thread([&locked] {
    test::filter_call(SYS_mlock);
    locked = keep_code_resident();
  }).join();
  EXPECT_EQ(locked, 0U);
}

}  // namespace
}  // namespace spillway
