// The scenarios of lab 03: each shows what it is about, played just now or recorded; and nothing is
// left of a play that is broken off.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>

#include "file_descriptor.hpp"
#include "interruption.hpp"
#include "practice.hpp"
#include "scenario_facts.hpp"

namespace {

using namespace tracing;
using dialtone::FileDescriptor;
using dialtone::Story;
using handshake_trace::Kind;

void expect_facts_of(const Scenario& scenario, bool played) {
  Story story;
  story.step(std::string(played ? "play " : "read ") + scenario.name);
  Gathering gathering(story, scenario.follow);
  if (played) {
    const Production production = play_scenario(scenario, gathering.sink(), true);
    story.expect("it is produced", production.produced, "produced", production.why_not);
    story.expect_equal("which to follow", production.follow, scenario.follow);
  } else {
    play_recording(scenario.name, gathering.sink());
  }
  expect_facts(story, scenario.name, gathering.shown());
}

// --- processes for what cannot be undone ---

/// A forked child that does something and reports what it says; it is killed when this goes.
class Forked {
 public:
  explicit Forked(const std::function<void(int report)>& act) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    report_.reset(ends[0]);
    const FileDescriptor childs(ends[1]);
    std::cout.flush();
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::string failure;
    try {
      act(childs.get());
    } catch (const dialtone::StoryFailed& story) {
      failure = (story.steps.empty() ? "" : story.steps.back() + ": ") + story.failed +
                ": expected " + story.expected + ", got " + story.got;
    } catch (const std::exception& other) {
      failure = other.what();
    }
    say(childs.get(), failure);
    _exit(0);
  }
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;
  ~Forked() {
    kill(pid_, SIGKILL);
    ended();
  }

  static void say(int report, const std::string& text) {
    if (!text.empty() && write(report, text.data(), text.size()) < 0) _exit(1);
  }

  /// All that it says until it ends; what comes first, where `first` is enough.
  std::string said(bool first = false) const {
    std::string all;
    for (;;) {
      pollfd wait{report_.get(), POLLIN, 0};
      if (poll(&wait, 1, 120'000) <= 0) return all + " (and then nothing for two minutes)";
      char room[4096];
      const ssize_t size = read(report_.get(), room, sizeof room);
      if (size <= 0) return all;
      all.append(room, static_cast<std::size_t>(size));
      if (first) return all;
    }
  }

  pid_t pid() const { return pid_; }

  int ended() {
    if (collected_) return status_;
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    collected_ = true;
    return status_;
  }

 private:
  FileDescriptor report_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool collected_ = false;
};

void play_all() {
  for (const Scenario& scenario : scenarios()) expect_facts_of(scenario, true);
}

/// As a program has it that an ordinary user starts. False where this user is root of a namespace
/// that knows no other user: an ordinary one already.
bool become_an_ordinary_user() {
  constexpr uid_t nobody = 65534;
  if (geteuid() != 0) return true;
  if (setgroups(0, nullptr) != 0 || setresgid(nobody, nobody, nobody) != 0 ||
      setresuid(nobody, nobody, nobody) != 0)
    return false;
  prctl(PR_SET_DUMPABLE, 1);  // as after an exec: its files in /proc are its own
  return true;
}

/// Whether whoever asks may make namespaces: a container, or a machine's owner, may forbid it.
bool may_make_namespaces() {
  const pid_t asked = fork();
  if (asked == 0) _exit(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 1;
  while (waitpid(asked, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

/// What a test's process says that cannot do what it is to show.
const std::string not_here = "whoever runs this may not make namespaces here";

bool write_to(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

/// In a user namespace of one's own, in which nobody may have networks.
void forbid_networks() {
  const std::string user = std::to_string(geteuid());
  const std::string group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0 || !write_to("/proc/self/setgroups", "deny") ||
      !write_to("/proc/self/uid_map", "0 " + user + " 1") ||
      !write_to("/proc/self/gid_map", "0 " + group + " 1") ||
      !write_to("/proc/sys/user/max_net_namespaces", "0"))
    throw std::runtime_error("cannot forbid networks");
}

/// A child of the process, which has just one.
pid_t child_of(pid_t process) {
  const std::string id = std::to_string(process);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  pid_t child = -1;
  children >> child;
  return child;
}

/// Plays half-open, which takes seconds, breaks it off by the signal after its first segment, and
/// waits for the end of the wire's process, which is stopped, so that it cannot come by itself.
void expect_nothing_left(int signal) {
  Forked playing([](int report) {
    dialtone::clean_up_on_interruption();
    play_scenario(
        *find_scenario("half-open"),
        [report](const CapturedPacket&) { Forked::say(report, "segment"); }, true);
  });
  REQUIRE(playing.said(true) == "segment");
  const pid_t wire = child_of(playing.pid());
  REQUIRE(wire > 0);
  const FileDescriptor watched(static_cast<int>(syscall(SYS_pidfd_open, wire, 0U)));
  REQUIRE(watched);
  kill(wire, SIGSTOP);
  kill(playing.pid(), signal);
  const int status = playing.ended();
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == signal));
  pollfd wait{watched.get(), POLLIN, 0};
  const bool ended = poll(&wait, 1, 20'000) == 1;
  CHECK(ended);
  if (!ended) kill(wire, SIGKILL);
}

}  // namespace

TEST_CASE("every_scenario_speaks_both_languages", "[recorded]") {
  CHECK(scenarios().size() == 9);
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.name);
    CHECK(find_scenario(scenario.name) == &scenario);
    for (const char* text : {scenario.title_english, scenario.title_chinese,
                             scenario.explanation_english, scenario.explanation_chinese})
      CHECK(std::strlen(text) > 10);
  }
  CHECK(find_scenario("no-such-thing") == nullptr);
}

TEST_CASE("recordings_show_what_their_scenarios_are_about", "[recorded]") {
  for (const Scenario& scenario : scenarios()) expect_facts_of(scenario, false);
}

TEST_CASE("a_recorded_call_over_loopback_is_whole", "[recorded]") {
  Session session(1);
  play_recording("call-tcp", [&](const CapturedPacket& packet) { session.take(packet); });
  const auto trace = session.trace();
  REQUIRE(trace);
  CHECK(trace->connection.handshake == Handshake::complete);
  CHECK(trace->connection.ending == Ending::both_fins);
  CHECK(session.connections().count() == 1);
  const auto number_of = [&](Kind kind) {
    return std::count_if(trace->segments.begin(), trace->segments.end(),
                         [kind](const TracedSegment& s) { return s.note.kind == kind; });
  };
  CHECK(number_of(Kind::syn) == 1);
  CHECK(number_of(Kind::syn_ack) == 1);
  CHECK(number_of(Kind::data) == 2);
  CHECK(number_of(Kind::fin) == 2);
  CHECK(number_of(Kind::retransmission) == 0);
}

TEST_CASE("scenarios_are_really_produced", "[played]") {
  play_all();
}

TEST_CASE("scenarios_are_really_produced_for_an_ordinary_user", "[played]") {
  const Forked playing([](int report) {
    if (!become_an_ordinary_user()) return Forked::say(report, "ordinary already");
    if (!may_make_namespaces()) return Forked::say(report, not_here);
    play_all();
  });
  const std::string said = playing.said();
  INFO(said);
  if (said == "ordinary already")
    std::cout << "  (this is an ordinary user's namespace: the test before was this one)\n";
  else if (said == not_here)
    std::cout << "  (not shown: " << not_here << ")\n";
  else
    CHECK(said.empty());
}

TEST_CASE("where_networks_are_forbidden_the_recording_is_shown", "[played]") {
  const Forked playing([](int report) {
    if (!may_make_namespaces()) return Forked::say(report, not_here);
    forbid_networks();
    Story story;
    story.step("refused without networks");
    Gathering gathering(story, 1);
    const Production production = play_scenario(*find_scenario("refused"), gathering.sink());
    story.expect_equal("it is produced", production.produced, false);
    expect_facts(story, "refused", gathering.shown());
    Forked::say(report, production.why_not);
  });
  const std::string said = playing.said();
  INFO(said);
  if (said == not_here) return void(std::cout << "  (not shown: " << not_here << ")\n");
  CHECK(said.find("(No space left on device)") != std::string::npos);
}

TEST_CASE("what_must_be_produced_does_not_fall_back", "[played]") {
  const Forked playing([](int report) {
    if (!may_make_namespaces()) return Forked::say(report, not_here);
    forbid_networks();
    const auto nothing = [report](const CapturedPacket&) { Forked::say(report, "a packet; "); };
    play_scenario(*find_scenario("refused"), nothing, true);
    Forked::say(report, "it fell back");
  });
  const std::string said = playing.said();
  INFO(said);
  if (said == not_here) return void(std::cout << "  (not shown: " << not_here << ")\n");
  CHECK(said.find("(No space left on device)") != std::string::npos);
  CHECK(said.find("a packet") == std::string::npos);
}

TEST_CASE("an_interrupted_scenario_leaves_no_process", "[played]") {
  expect_nothing_left(SIGINT);
}

TEST_CASE("a_killed_scenario_leaves_no_process", "[played]") {
  expect_nothing_left(SIGKILL);
}
