#ifndef SPILLWAY_TEST_FIXTURE_DIRECTORY_H_
#define SPILLWAY_TEST_FIXTURE_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace spillway::test {

// A temporary directory whose files stand in for a cgroup's.
class FixtureDirectory {
 public:
  FixtureDirectory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "spillway-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "mkdtemp: " << name;
    path_ = name;
  }
  FixtureDirectory(const FixtureDirectory&) = delete;
  FixtureDirectory& operator=(const FixtureDirectory&) = delete;
  ~FixtureDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return path_.string(); }
  std::string path(std::string_view name) const {
    return (path_ / name).string();
  }

  // Truncates, then writes: the careless way, and that of fs.writeFile().
  void write(std::string_view name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

  // Writes a new file and renames it over the old one: the careful way.
  void replace(std::string_view name, std::string_view text) const {
    write("replacement", text);
    rename("replacement", name);
  }

  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(path_ / from, path_ / to);
  }

  void remove(std::string_view name) const {
    std::filesystem::remove(path_ / name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_FIXTURE_DIRECTORY_H_
