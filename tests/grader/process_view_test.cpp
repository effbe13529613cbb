// What a judge sees of a student's process from outside.
#include "process_view.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "file_descriptor.hpp"
#include "practice.hpp"

namespace {

/// Its main thread sleeps; another one computes until a byte comes, and then sleeps too.
[[noreturn]] void compute_until_told(int told) {
  std::thread([told] {
    char byte = 0;
    while (::read(told, &byte, 1) != 1) continue;
    while (true) ::pause();
  }).detach();
  while (true) ::pause();
}

}  // namespace

TEST_CASE("a_process_is_asleep_when_each_of_its_threads_is") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const dialtone::FileDescriptor told(ends[0]);
  const dialtone::FileDescriptor tell(ends[1]);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) compute_until_told(told.get());
  for (int tries = 0; dialtone::threads_of(child).size() < 2 && tries < 5000; ++tries)
    ::usleep(1000);
  const std::size_t threads = dialtone::threads_of(child).size();
  const bool asleep_while_one_computes = dialtone::is_asleep(child);
  const ssize_t written = ::write(tell.get(), "x", 1);
  dialtone::wait_until_asleep(child);
  const bool asleep_afterwards = dialtone::is_asleep(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(threads == 2);
  CHECK(written == 1);
  CHECK_FALSE(asleep_while_one_computes);
  CHECK(asleep_afterwards);
}
