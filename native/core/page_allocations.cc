#include "page_allocations.h"

#include <unistd.h>

#include <algorithm>
#include <variant>

#include "memory_usage.h"

namespace spillway {

namespace {

uint64_t page_bytes() {
  static const auto bytes = static_cast<uint64_t>(getpagesize());
  return bytes;
}

}  // namespace

Parsed parse_page_allocations(std::string_view text, uint64_t* pages) {
  constexpr std::string_view kPrefix = "pgalloc_";
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  uint64_t sum = 0;
  bool found = false;
  while (!text.empty()) {
    if (!text.starts_with(kPrefix)) {
      text.remove_prefix(text.find('\n') + 1);
      continue;
    }
    FlatKeyedLine line;
    if (!next_flat_keyed_line(&text, &line)) return Parsed::kMalformed;
    sum = std::min(sum + line.value, kSaturated);
    found = true;
  }
  if (!found) return Parsed::kMalformed;
  *pages = sum;
  return Parsed::kOk;
}

std::optional<uint64_t> PageAllocations::read(std::span<char> buffer) {
  if (!file_.has_value()) {
    Result<HeldFile> file = HeldFile::open(proc_, "vmstat");
    if (failure_of(file) != nullptr) return std::nullopt;
    file_ = std::get<HeldFile>(std::move(file));
  }
  uint64_t pages = 0;
  const auto failure = file_->read(buffer, [&pages](std::string_view text) {
    return parse_page_allocations(text, &pages);
  });
  if (failure.has_value()) return std::nullopt;
  return std::min(pages, kSaturated / page_bytes()) * page_bytes();
}

bool has_room_left(uint64_t room, uint64_t given_out) {
  return given_out + charged_ahead() < room / 2;
}

}  // namespace spillway
