#ifndef SPILLWAY_CORE_PAGE_ALLOCATIONS_H_
#define SPILLWAY_CORE_PAGE_ALLOCATIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "flat_keyed.h"
#include "held_file.h"

namespace spillway {

// Reads /proc/vmstat: how many pages the machine has given out since its start,
// in all zones, whoever has returned them since. Lines of other names are
// ignored. Without one of ours it is malformed.
Parsed parse_page_allocations(std::string_view text, uint64_t* pages);

// How much memory the whole machine has given out. A cgroup cannot have grown
// by more, so that one file tells of any number of them that nothing can have
// come of them yet. The kernel adds it up when it is read: it is never old.
class PageAllocations {
 public:
  // `proc`: where the file is. It is opened when it is read first.
  explicit PageAllocations(std::string proc) : proc_(std::move(proc)) {}

  // Bytes so far; nothing where the kernel does not tell. It never shrinks, but
  // for 32 bits that overflow.
  std::optional<uint64_t> read(std::span<char> buffer);

 private:
  const std::string proc_;
  std::optional<HeldFile> file_;
};

// Whether what had `room` bytes left has some left now, after the machine has
// given out `given_out`. Half of it is kept for what is charged and not given
// out anew: free places of slabs, recycled buffers of sockets.
bool has_room_left(uint64_t room, uint64_t given_out);

}  // namespace spillway

#endif  // SPILLWAY_CORE_PAGE_ALLOCATIONS_H_
