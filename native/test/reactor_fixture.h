#ifndef SPILLWAY_TEST_REACTOR_FIXTURE_H_
#define SPILLWAY_TEST_REACTOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "fixture_directory.h"
#include "probe_source.h"
#include "reactor.h"
#include "recording_sink.h"

namespace spillway::test {

// A reactor, and sources that record how they are looked at.
class ReactorTest : public testing::Test {
 protected:
  ReactorTest() { directory_.write("file", "0\n"); }

  void start(const std::string& proc = "/proc") {
    auto started = Reactor::start(&sink_, proc);
    ASSERT_EQ(failure_of(started), nullptr);
    reactor_ = std::move(std::get<std::unique_ptr<Reactor>>(started));
  }

  std::shared_ptr<ProbeSource> probe(int64_t safety_read_ns = kHourNs) {
    return std::make_shared<ProbeSource>(safety_read_ns);
  }
  std::shared_ptr<ProbeSource> file_probe(int64_t safety_read_ns = kHourNs) {
    return std::make_shared<ProbeSource>(safety_read_ns,
                                         directory_.path("file"));
  }

  SourceId add(std::shared_ptr<ProbeSource> source) {
    const Result<SourceId> id = reactor_->add(std::move(source));
    EXPECT_EQ(failure_of(id), nullptr);
    return failure_of(id) == nullptr ? std::get<SourceId>(id) : 0;
  }

  void touch() { directory_.write("file", "1\n"); }

  FixtureDirectory directory_;
  RecordingSink sink_;
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_REACTOR_FIXTURE_H_
