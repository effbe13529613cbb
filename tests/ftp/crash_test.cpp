// A server that is killed in the middle of its work.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "file_descriptor.hpp"
#include "store_support.hpp"

using namespace store_test;
using dialtone::FileDescriptor;

namespace {

const Target target{Type::file, "stored"};

/// The bytes of a version: its number, then as many as the seed and it say.
std::string version(std::uint64_t number) {
  dialtone::Random random(dialtone::test_seed() ^ number);
  const std::size_t size = random.between(0, 20'000);
  return std::to_string(number) + ':' + random.bytes(size);
}

/// Stores one version after the other until it is killed, and says so: 's' is a step, 'c' a commit.
[[noreturn]] void store_for_ever(const std::string& root, std::uint64_t number, int told) {
  auto opened = ftp::open_directory_store(root, {});
  const auto tell = [told](char what) {
    if (write(told, &what, 1) != 1) _exit(1);
  };
  while (opened) {
    const std::string bytes = version(++number);
    auto writing = (*opened)->create(target, {.size = bytes.size()});
    tell('s');
    for (std::size_t at = 0; writing && at < bytes.size(); at += 5000) {
      if (!(*writing)->write(bytes_of(std::string_view(bytes).substr(at, 5000)))) _exit(2);
      tell('s');
    }
    if (!writing || !(*writing)->commit()) _exit(2);
    tell('c');
  }
  _exit(2);
}

}  // namespace

TEST_CASE("a_kill_leaves_the_old_file_or_the_new") {
  INFO("seed " << dialtone::test_seed());
  dialtone::Random random(dialtone::test_seed());
  Place place;
  std::uint64_t current = 0;
  REQUIRE(problem(put(place.store(), target, version(current))) == "");
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) store_for_ever(place.root().string(), current, writing.get());
    writing.reset();
    char what = '\0';
    std::uint64_t commits = 0;
    for (std::uint64_t steps = random.between(1, 40); steps > 0; --steps) {
      if (read(reading.get(), &what, 1) != 1) break;
      if (what == 'c') ++commits;
    }
    kill(child, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    while (read(reading.get(), &what, 1) == 1)
      if (what == 'c') ++commits;

    const std::string bytes = get(place.store(), target);
    const std::uint64_t found = std::stoull("0" + bytes.substr(0, bytes.find(':')));
    // All that was told was stored; the one after it may be there as well, untold.
    REQUIRE(found >= current + commits);
    REQUIRE(found <= current + commits + 1);
    REQUIRE(bytes == version(found));
    current = found;
  }
  place.open_again();
  CHECK(get(place.store(), target) == version(current));
  place.hours_pass(25);
  place.open_again();
  CHECK(place.files() == std::vector<std::string>{"file/stored"});
  CHECK(place.store().usage().used == version(current).size());
}
