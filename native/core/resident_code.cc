#include "resident_code.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "call_filter.h"

namespace spillway {

namespace {

struct Search {
  uintptr_t inside;  // an address in the library
  bool may_lock;
  size_t kept_bytes = 0;
};

// The pages of one mapped segment.
struct Pages {
  void* begin;
  size_t bytes;
};

Pages pages_of(const dl_phdr_info& info, const ElfW(Phdr) & segment) {
  const uintptr_t page = static_cast<uintptr_t>(getpagesize());
  const uintptr_t begin = info.dlpi_addr + segment.p_vaddr;
  const uintptr_t end = (begin + segment.p_memsz + page - 1) & ~(page - 1);
  const uintptr_t first = begin & ~(page - 1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells an integer.
  return {reinterpret_cast<void*>(first), end - first};
}

bool holds(const dl_phdr_info& info, uintptr_t address) {
  for (size_t index = 0; index < info.dlpi_phnum; ++index) {
    const auto& segment = info.dlpi_phdr[index];
    const uintptr_t begin = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= begin &&
        address - begin < segment.p_memsz)
      return true;
  }
  return false;
}

int keep(dl_phdr_info* info, size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!holds(*info, search.inside)) return 0;
  for (size_t index = 0; index < info->dlpi_phnum; ++index) {
    const auto& segment = info->dlpi_phdr[index];
    if (segment.p_type != PT_LOAD) continue;
    const auto [begin, bytes] = pages_of(*info, segment);
    if (search.may_lock && mlock(begin, bytes) == 0) {
      search.kept_bytes += bytes;
    } else {
      // Linux 5.14; without it each page is read when it is needed first.
      madvise(begin, bytes, MADV_POPULATE_READ);
    }
  }
  return 1;  // there is no other one
}

}  // namespace

size_t keep_code_resident() {
  Search search{reinterpret_cast<uintptr_t>(&keep_code_resident),
                passes_filter({SYS_mlock})};
  dl_iterate_phdr(keep, &search);
  return search.kept_bytes;
}

}  // namespace spillway
