#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "child_process.h"
#include "clock.h"
#include "faults.h"
#include "fixture_directory.h"
#include "probe_source.h"
#include "reactor.h"
#include "reactor_fixture.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::kHourNs;
using test::kMillisecondNs;
using test::ProbeSource;
using test::ReactorTest;
using test::RecordingSink;

TEST_F(ReactorTest, SafetyReadsComeByThemselves) {
  start();
  auto source = probe(kMillisecondNs);
  std::atomic<bool> only_safety_reads = true;
  source->on_look = [&](Cause cause, int64_t) {
    if (cause != Cause::kSafetyRead) only_safety_reads = false;
    return false;
  };
  add(source);
  EXPECT_TRUE(source->wait_for_looks(5));
  reactor_.reset();
  EXPECT_TRUE(only_safety_reads);
  EXPECT_EQ(sink_.pokes(), 0);
}

TEST_F(ReactorTest, LaterSourceWithAShorterIntervalIsNotKeptWaiting) {
  start();
  add(probe(kHourNs));
  auto source = probe(kMillisecondNs);
  const SourceId id = add(source);
  EXPECT_TRUE(source->wait_for_looks(3));
  reactor_->remove(id);
  auto again = probe(kMillisecondNs);
  add(again);
  EXPECT_TRUE(again->wait_for_looks(3));
}

TEST_F(ReactorTest, LaterSourceWithALongerIntervalPostponesNothing) {
  start();
  auto source = probe(20 * kMillisecondNs);
  add(source);
  for (int round = 0; round < 5; ++round) {
    const int looks = source->looks();
    add(probe(kHourNs));
    ASSERT_TRUE(source->wait_for_looks(looks + 1));
  }
}

TEST_F(ReactorTest, ChangesComeWithoutTheTimer) {
  start();
  auto source = file_probe();
  std::atomic<bool> only_changes = true;
  source->on_look = [&](Cause cause, int64_t) {
    if (cause != Cause::kChange) only_changes = false;
    return true;
  };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  reactor_.reset();
  EXPECT_TRUE(only_changes);
}

TEST_F(ReactorTest, PokeIsNotRepeatedBeforeTakeReady) {
  start();
  auto source = file_probe();
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  for (int round = 0; round < 20; ++round) {
    const int looks = source->looks();
    touch();
    ASSERT_TRUE(source->wait_for_looks(looks + 1));
  }
  // The last look's poke, if there were one, comes before the next look.
  auto clock = probe(kMillisecondNs);
  add(clock);
  ASSERT_TRUE(clock->wait_for_looks(2));
  EXPECT_EQ(sink_.pokes(), 1);
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  touch();
  EXPECT_TRUE(sink_.wait_for_pokes(2));
}

TEST_F(ReactorTest, ReadySourceIsHandedOverOnce) {
  start();
  auto source = file_probe(kMillisecondNs);
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  ASSERT_TRUE(source->wait_for_looks(10));
  const std::vector<SourceId> ready = reactor_->take_ready();
  EXPECT_EQ(ready, std::vector<SourceId>{id}) << "many looks, one entry";
}

TEST_F(ReactorTest, RemovedSourceIsNoLongerReady) {
  start();
  auto source = file_probe();
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  reactor_->remove(id);
  reactor_->remove(id);
  EXPECT_TRUE(reactor_->take_ready().empty());
  EXPECT_EQ(source.use_count(), 1) << "let go of";
}

TEST_F(ReactorTest, ThousandSourcesShareAWakeUp) {
  constexpr int kSources = 1000;
  start();
  std::map<int64_t, int> looks_at;  // under the reactor's lock
  std::vector<std::shared_ptr<ProbeSource>> sources;
  for (int index = 0; index < kSources; ++index) {
    auto source = probe(50 * kMillisecondNs);
    source->on_look = [&](Cause, int64_t now_ns) {
      ++looks_at[now_ns];
      return true;
    };
    sources.push_back(source);
    add(source);
  }
  // From when all are there: the first and the last wake-up may be partial.
  int first = 0;
  {
    const auto guard = reactor_->lock();
    looks_at.clear();
    first = sources[0]->looks();
  }
  const int pokes = sink_.pokes();
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(sources[0]->wait_for_looks(first + round + 1));
    reactor_->take_ready();
  }
  reactor_.reset();
  ASSERT_GE(looks_at.size(), 5U);
  for (auto at = std::next(looks_at.begin()); at != std::prev(looks_at.end());
       ++at) {
    EXPECT_EQ(at->second, kSources);
  }
  EXPECT_LE(sink_.pokes() - pokes, static_cast<int>(looks_at.size()));
}

TEST(ReactorSink, PokeThatDidNotGetThroughIsRepeated) {
  class DeafSink final : public Sink {
   public:
    bool poke() override {
      inner.poke();
      return false;
    }
    RecordingSink inner;
  } sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  auto source = std::make_shared<ProbeSource>(kMillisecondNs);
  source->on_look = [](Cause, int64_t) { return true; };
  auto& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  ASSERT_EQ(failure_of(reactor.add(source)), nullptr);
  EXPECT_TRUE(sink.inner.wait_for_pokes(2));
}

// The lock of the sources is free during a poke: a sink may call back.
TEST(ReactorSink, MayCallTheReactorFromAPoke) {
  class CallingSink final : public Sink {
   public:
    bool poke() override {
      for (const SourceId id : reactor->take_ready()) reactor->remove(id);
      return inner.poke();
    }
    Reactor* reactor = nullptr;
    RecordingSink inner;
  } sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  sink.reactor = std::get<std::unique_ptr<Reactor>>(started).get();
  auto source = std::make_shared<ProbeSource>(kMillisecondNs);
  source->on_look = [](Cause, int64_t) { return true; };
  ASSERT_EQ(failure_of(sink.reactor->add(source)), nullptr);
  EXPECT_TRUE(sink.inner.wait_for_pokes(1));
  EXPECT_EQ(source->looks(), 1);
}

}  // namespace
}  // namespace spillway
