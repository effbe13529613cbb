// What a judge sees of a student's process from outside.
#include "process_view.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "file_descriptor.hpp"
#include "practice.hpp"

namespace {

/// Its main thread sleeps; another one says that it is there, computes until it is told to stop,
/// and then sleeps too.
[[noreturn]] void compute_until_told(int line) {
  std::thread([line] {
    char byte = 'x';
    while (::write(line, &byte, 1) != 1) continue;
    while (::recv(line, &byte, 1, MSG_DONTWAIT) != 1) continue;
    while (true) ::pause();
  }).detach();
  while (true) ::pause();
}

}  // namespace

TEST_CASE("a_process_is_asleep_when_each_of_its_threads_is") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const dialtone::FileDescriptor ours(ends[0]);
  const dialtone::FileDescriptor theirs(ends[1]);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) compute_until_told(theirs.get());
  pollfd computes{ours.get(), POLLIN, 0};
  const bool began = ::poll(&computes, 1, 10'000) == 1;
  const bool asleep_while_one_computes = dialtone::is_asleep(child);
  const bool told = ::write(ours.get(), "x", 1) == 1;
  dialtone::wait_until_asleep(child);
  const bool asleep_afterwards = dialtone::is_asleep(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(began);
  CHECK(told);
  CHECK_FALSE(asleep_while_one_computes);
  CHECK(asleep_afterwards);
}
