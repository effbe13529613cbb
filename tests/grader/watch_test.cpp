// `watch` on a terminal of its own: a pseudo-terminal whose other end the test holds.
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "file_descriptor.hpp"
#include "practice.hpp"
#include "toy_tree.hpp"

using namespace grader_test;
using dialtone::Child;
using dialtone::Command;
using dialtone::FileDescriptor;

namespace {

class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    grantpt(master_.get());
    unlockpt(master_.get());
    slave_.reset(open(ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }

  Child start(const ToyTree& tree, const std::vector<std::string>& arguments) const {
    Command command;
    command.arguments = {(tree.root() / "build/bin/workbook").string()};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.environment =
        std::vector<std::string>{std::string("PATH=") + std::getenv("PATH"), "LC_ALL=C.UTF-8",
                                 "TERM=dumb", "DIALTONE_PROGRESS=" + tree.progress().string()};
    command.descriptors = {{0, slave_.get()}, {1, slave_.get()}, {2, slave_.get()}};
    return Child(command);
  }

  void type(const std::string& keys) const {
    CHECK(write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }

  /// What came since the last call, up to `end`; gives up when nothing comes for half a minute.
  std::string read_until(const std::string& end) {
    std::string text;
    while (!contains(text, end)) {
      pollfd wait{master_.get(), POLLIN, 0};
      char byte = '\0';
      if (poll(&wait, 1, 30'000) != 1 || read(master_.get(), &byte, 1) != 1)
        return text + " <nothing more came>";
      text += byte;
    }
    return text;
  }

  bool echoes_lines() const {
    termios settings{};
    tcgetattr(slave_.get(), &settings);
    return (settings.c_lflag & static_cast<tcflag_t>(ICANON | ECHO)) ==
           static_cast<tcflag_t>(ICANON | ECHO);
  }

 private:
  FileDescriptor master_;
  FileDescriptor slave_;
};

}  // namespace

TEST_CASE("watch_checks_upon_each_save_and_takes_keys") {
  const ToyTree& tree = ToyTree::fresh();
  Terminal terminal;
  Child child = terminal.start(tree, {"watch", "1", "--seed", "4"});
  CHECK(contains(terminal.read_until("q quit"), "Total: 0/100"));
  CHECK_FALSE(terminal.echoes_lines());
  tree.edit(toy::half);  // by renaming into place, as editors do
  CHECK(contains(terminal.read_until("q quit"), "Total: 60/100"));
  terminal.type("h");
  CHECK(contains(terminal.read_until("Look at *."), "doubles"));
  terminal.type("rn");
  CHECK(contains(terminal.read_until("nothing was changed"), "[y/N]"));
  terminal.type("n");
  CHECK_FALSE(contains(terminal.read_until("last lab"), "nothing more"));
  terminal.type("ry");
  CHECK(contains(terminal.read_until("q quit"), "Total: 0/100"));
  CHECK(dialtone::read_file(tree.starter()) == toy::starter);
  terminal.type("q");
  const auto ending = child.wait_for(std::chrono::seconds(30));
  REQUIRE(ending.has_value());
  CHECK(ending->exit_code == 0);
  CHECK(terminal.echoes_lines());
}

TEST_CASE("watch_leaves_the_terminal_as_it_was_on_signals") {
  const ToyTree& tree = ToyTree::fresh();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Terminal terminal;
    Child child = terminal.start(tree, {"watch", "1"});
    terminal.read_until("q quit");
    CHECK_FALSE(terminal.echoes_lines());
    kill(child.pid(), signal);
    const auto ending = child.wait_for(std::chrono::seconds(30));
    REQUIRE(ending.has_value());
    CHECK(ending->signal == signal);
    CHECK(terminal.echoes_lines());
  }
}
