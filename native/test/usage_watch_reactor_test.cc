#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <variant>
#include <vector>

#include "place_fixture.h"
#include "reactor_fixture.h"
#include "recording_sink.h"
#include "this_process.h"
#include "usage_watch.h"

namespace spillway {
namespace {

using test::kMillisecondNs;
using test::kOwn;

class UsageWatchReactorTest : public test::ReactorTest {
 protected:
  UsageWatchReactorTest() {
    fixture_.limit(kOwn, "max");
    fixture_.usage(kOwn, 100);
    options_.scale = {.limit = 1000, .slow_at_fraction = 0.95};
    options_.interval_ns = 10 * kMillisecondNs;
    start();
  }

  // The thread writes to the boards.
  ~UsageWatchReactorTest() override { reactor_.reset(); }

  void sample_cgroup() { options_.place = fixture_.place(PlaceKind::kV2); }

  std::shared_ptr<UsageWatch> watch(UsageBoard::Layout* board) {
    options_.board = board;
    auto opened = UsageWatch::open(options_);
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<std::shared_ptr<UsageWatch>>(opened);
  }

  SourceId add(UsageBoard::Layout* board) {
    const auto id = reactor_->add(watch(board));
    EXPECT_EQ(failure_of(id), nullptr);
    return std::get<SourceId>(id);
  }

  // As another thread reads it.
  template <typename T>
  static T load(T* field) {
    return std::atomic_ref<T>(*field).load();
  }

  // Whole rounds of samples: proven by a source that is looked at as often.
  void let_samples_pass() {
    const auto metronome = probe(10 * kMillisecondNs);
    const SourceId id = ReactorTest::add(metronome);
    ASSERT_TRUE(metronome->wait_for_looks(5));
    reactor_->remove(id);
  }

  test::PlaceFixture fixture_;
  UsageWatchOptions options_;
  UsageBoard::Layout board_{};
};

TEST_F(UsageWatchReactorTest, TheRealThreadPublishesAndWakesNobody) {
  sample_cgroup();
  add(&board_);
  const int64_t first_ns = load(&board_.sampled_ns);
  fixture_.usage(kOwn, 1000);
  let_samples_pass();
  EXPECT_EQ(load(&board_.is_slow), 1);
  EXPECT_EQ(load(&board_.used), 1000);
  EXPECT_GT(load(&board_.sampled_ns), first_ns);
  EXPECT_EQ(sink_.pokes(), 0);
}

TEST_F(UsageWatchReactorTest, ThisProcessIsSampled) {
  add(&board_);
  const int64_t first_ns = load(&board_.sampled_ns);
  let_samples_pass();
  EXPECT_GT(load(&board_.used), 1 << 16);
  EXPECT_EQ(load(&board_.is_slow), 1) << "of a limit of 1000 bytes";
  EXPECT_GT(load(&board_.sampled_ns), first_ns);
}

// The memory may be freed from then on.
TEST_F(UsageWatchReactorTest, NothingIsWrittenOnceRemoved) {
  auto board = std::make_unique<UsageBoard::Layout>();
  const SourceId id = add(board.get());
  let_samples_pass();
  reactor_->remove(id);
  *board = {};
  let_samples_pass();
  EXPECT_EQ(board->sampled_ns, 0);
  EXPECT_EQ(board->used, 0);
}

TEST_F(UsageWatchReactorTest, AFailureIsToldOnce) {
  sample_cgroup();
  const auto watched = watch(&board_);
  ASSERT_EQ(failure_of(reactor_->add(watched)), nullptr);
  fixture_.directory.write("parent/own/memory.current", "much\n");
  EXPECT_TRUE(sink_.take_until(
      reactor_.get(), [&] { return watched->take().failure.has_value(); }));
  const int pokes = sink_.pokes();
  let_samples_pass();
  EXPECT_EQ(sink_.pokes(), pokes);
}

TEST_F(UsageWatchReactorTest, StopsWhileSamplingAndLeavesNothing) {
  reactor_.reset();
  const size_t fds = test::open_fds();
  const size_t threads = test::threads();
  for (int round = 0; round < 20; ++round) {
    start();
    std::vector<UsageBoard::Layout> boards(10);
    for (auto& board : boards) add(&board);
    reactor_.reset();
  }
  EXPECT_EQ(test::open_fds(), fds);
  EXPECT_EQ(test::threads(), threads);
}

}  // namespace
}  // namespace spillway
