// The scenarios of lab 03: each shows what it is about, played just now or recorded; and nothing is
// left of a play that is broken off.
#include "wire/scenarios.hpp"

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
#include "session.hpp"
#include "wire/arrivals.hpp"

namespace {

using namespace tracing;
using dialtone::FileDescriptor;
using dialtone::Story;
using handshake_trace::Kind;
using handshake_trace::State;
namespace flag = handshake_trace::flag;

constexpr Nanoseconds one_way = 20'000'000;
constexpr Nanoseconds second = 1'000'000'000;

// --- what each scenario must show ---

struct Shown {
  Trace trace;
  std::vector<Connection> rows;
};

bool has(const TracedSegment& segment, std::uint8_t bits) {
  return (segment.header.flags & bits) == bits;
}

bool is_from(const TracedSegment& segment, End end) {
  return segment.note.from == end;
}

template <class Is>
std::size_t count(const Shown& shown, const Is& is) {
  const auto& segments = shown.trace.segments;
  return static_cast<std::size_t>(std::count_if(segments.begin(), segments.end(), is));
}

template <class Is>
const TracedSegment& the(Story& story, const Shown& shown, std::string_view what, const Is& is) {
  const auto& segments = shown.trace.segments;
  const auto found = std::find_if(segments.begin(), segments.end(), is);
  story.expect(what, found != segments.end(), "one", "none");
  return *found;
}

std::uint64_t bytes_of(const Shown& shown, End end) {
  return shown.trace.connection.sent[static_cast<std::size_t>(end)].bytes;
}

void expect_beginning_and_end(Story& story, const Shown& shown, Handshake handshake,
                              Ending ending) {
  const Connection& connection = shown.trace.connection;
  story.expect_equal("the handshake", static_cast<int>(connection.handshake),
                     static_cast<int>(handshake));
  story.expect_equal("the ending", static_cast<int>(connection.ending), static_cast<int>(ending));
}

void expect_last_states(Story& story, const Shown& shown, State client, State server) {
  const Connection& connection = shown.trace.connection;
  story.expect_equal("the client is at last", to_string(connection.client_state),
                     to_string(client));
  story.expect_equal("the server is at last", to_string(connection.server_state),
                     to_string(server));
}

void expect_both_spoke(Story& story, const Shown& shown) {
  story.expect_equal("the client said", bytes_of(shown, End::client), 15U);
  story.expect_equal("the server said", bytes_of(shown, End::server), 15U);
  const auto& words = the(story, shown, "data of the client", [](const TracedSegment& s) {
    return is_from(s, End::client) && s.length > 0;
  });
  story.expect_equal("the client's words", words.data, "我是客户端");
}

void expect_whole_call(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  expect_last_states(story, shown, State::closed, State::time_wait);
  const auto trip = shown.trace.connection.round_trip;
  story.expect("the round trip takes 40 ms or more", trip && *trip >= 2 * one_way, "40 ms",
               trip ? std::to_string(*trip) + " ns" : "none");
}

void refused(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::refused, Ending::reset);
  expect_last_states(story, shown, State::closed, State::closed);
  story.expect("a RST is all that the server says",
               has(shown.trace.segments.back(), flag::rst) &&
                   is_from(shown.trace.segments.back(), End::server),
               "RST", "something else");
}

void half_open(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::half_open, Ending::open);
  expect_last_states(story, shown, State::syn_sent, State::syn_received);
  story.expect_equal("segments of the client",
                     count(shown, [](const auto& s) { return is_from(s, End::client); }), 1U);
  story.expect_equal(
      "SYN-ACKs that reach nobody",
      count(shown, [](const auto& s) { return has(s, flag::syn | flag::ack) && s.lost; }), 3U);
}

void syn_lost(Story& story, const Shown& shown) {
  expect_whole_call(story, shown);
  const auto& segments = shown.trace.segments;
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 1U);
  story.expect("the first is the lost SYN", segments[0].lost && segments[0].note.kind == Kind::syn,
               "a lost SYN", "something else");
  story.expect("the second repeats it",
               segments[1].note.kind == Kind::retransmission && has(segments[1], flag::syn) &&
                   segments[1].header.sequence == segments[0].header.sequence,
               "the same SYN", "something else");
  story.expect("a second later", segments[1].time - segments[0].time > second * 9 / 10, "1 s",
               std::to_string(segments[1].time - segments[0].time) + " ns");
}

void syn_ack_lost(Story& story, const Shown& shown) {
  expect_whole_call(story, shown);
  const auto& segments = shown.trace.segments;
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 1U);
  story.expect("the second is the lost SYN-ACK",
               segments[1].lost && segments[1].note.kind == Kind::syn_ack, "a lost SYN-ACK",
               "something else");
  story.expect_equal("the client does not know of it", to_string(segments[1].note.client),
                     "SYN-SENT");
  story.expect("a SYN is repeated",
               segments[2].note.kind == Kind::retransmission && has(segments[2], flag::syn),
               "a SYN again", "something else");
}

void broken_off(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::reset);
  expect_last_states(story, shown, State::closed, State::closed);
  story.expect_equal("the client said", bytes_of(shown, End::client), 15U);
  story.expect_equal("half a sentence of the server", bytes_of(shown, End::server), 6U);
  story.expect_equal("FINs", count(shown, [](const auto& s) { return has(s, flag::fin); }), 0U);
  const TracedSegment& last = shown.trace.segments.back();
  story.expect("the last is the server's RST", has(last, flag::rst) && is_from(last, End::server),
               "RST", "something else");
}

void simultaneous_close(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  const auto fin_of = [&](End end) -> const TracedSegment& {
    return the(story, shown, "a FIN of each",
               [end](const TracedSegment& s) { return has(s, flag::fin) && is_from(s, end); });
  };
  const TracedSegment& clients = fin_of(End::client);
  const TracedSegment& servers = fin_of(End::server);
  story.expect("each FIN leaves before the other arrives",
               clients.time < servers.time + servers.delay.value_or(0) &&
                   servers.time < clients.time + clients.delay.value_or(0),
               "they cross", "one after the other");
  story.expect_equal("the other's FIN makes the server", to_string(clients.note.server), "CLOSING");
  story.expect_equal("the other's FIN makes the client", to_string(servers.note.client), "CLOSING");
  expect_last_states(story, shown, State::time_wait, State::time_wait);
}

void slow_close(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  expect_last_states(story, shown, State::time_wait, State::closed);
  const auto& clients = the(story, shown, "the client's FIN", [](const TracedSegment& s) {
    return has(s, flag::fin) && is_from(s, End::client);
  });
  const auto& servers = the(story, shown, "the server's FIN", [](const TracedSegment& s) {
    return has(s, flag::fin) && is_from(s, End::server);
  });
  story.expect_equal("a FIN makes the server", to_string(clients.note.server), "CLOSE-WAIT");
  story.expect("the server takes a second", servers.time - clients.time >= second, "1 s",
               std::to_string(servers.time - clients.time) + " ns");
  story.expect_equal("the server speaks in CLOSE-WAIT",
                     count(shown,
                           [](const auto& s) {
                             return s.note.kind == Kind::data && is_from(s, End::server) &&
                                    s.note.server == State::close_wait &&
                                    s.note.client == State::fin_wait_2;
                           }),
                     2U);
}

void backlog_full(Story& story, const Shown& shown) {
  expect_whole_call(story, shown);
  story.expect_equal("connections", shown.rows.size(), 2U);
  story.expect("the first stands", shown.rows[0].handshake == Handshake::complete, "complete",
               "not");
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 0U);
  const auto& segments = shown.trace.segments;
  const auto answer = std::find_if(segments.begin(), segments.end(),
                                   [](const auto& s) { return s.note.kind == Kind::syn_ack; });
  const auto unheard = std::count_if(segments.begin(), answer, [](const auto& s) {
    return has(s, flag::syn) && s.note.server == State::listen;
  });
  story.expect("SYNs that nobody answers", unheard >= 2, "2 or more", std::to_string(unheard));
}

struct Facts {
  const char* name;
  void (*expect)(Story&, const Shown&);
};
constexpr Facts facts[] = {{"call", expect_whole_call},
                           {"refused", refused},
                           {"half-open", half_open},
                           {"syn-lost", syn_lost},
                           {"syn-ack-lost", syn_ack_lost},
                           {"rst", broken_off},
                           {"simultaneous-close", simultaneous_close},
                           {"slow-close", slow_close},
                           {"backlog-full", backlog_full}};

/// Gathers packets, and checks what holds for those of every scenario.
class Gathering {
 public:
  Gathering(Story& story, std::uint64_t follow) : story_(story), session_(follow) {}

  PacketSink sink() {
    return [this](const CapturedPacket& packet) {
      story_.expect_equal("numbers go up by one", packet.number, ++packets_);
      story_.expect_equal("the link", packet.link_type, link::ethernet);
      story_.expect("time does not run backwards", packet.time >= last_, "later", "earlier");
      last_ = packet.time;
      session_.take(packet);
    };
  }

  Shown shown() {
    story_.expect_equal("packets that are in connections", session_.segments(), packets_);
    const auto trace = session_.trace();
    story_.expect("the connection to follow is there", trace.has_value(), "it", "none");
    Shown shown{*trace, session_.connections().rows()};
    for (const TracedSegment& segment : shown.trace.segments) {
      story_.expect("every checksum is right", segment.checksum == handshake_trace::Verdict::right,
                    "right", std::to_string(static_cast<int>(segment.checksum)));
      story_.expect("every segment's fate is known", segment.lost || segment.delay >= one_way,
                    "lost, or 20 ms and more", "neither");
    }
    apply_arrivals(shown.trace);
    return shown;
  }

 private:
  Story& story_;
  Session session_;
  std::uint64_t packets_ = 0;
  Nanoseconds last_ = 0;
};

void expect_facts(const Facts& fact, bool played) {
  Story story;
  story.step(std::string(played ? "play " : "read ") + fact.name);
  const Scenario* scenario = find_scenario(fact.name);
  story.expect("there is such a scenario", scenario != nullptr, fact.name, "none");
  Gathering gathering(story, scenario->follow);
  if (played) {
    const Production production = play_scenario(*scenario, gathering.sink(), true);
    story.expect("it is produced", production.produced, "produced", production.why_not);
    story.expect_equal("which to follow", production.follow, scenario->follow);
  } else {
    play_recording(fact.name, gathering.sink());
  }
  fact.expect(story, gathering.shown());
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
  for (const Facts& fact : facts) expect_facts(fact, true);
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
/// waits for the end of the wire's process.
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
  kill(playing.pid(), signal);
  const int status = playing.ended();
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == signal));
  pollfd wait{watched.get(), POLLIN, 0};
  CHECK(poll(&wait, 1, 60'000) == 1);
}

}  // namespace

TEST_CASE("every_scenario_has_its_facts_and_both_languages", "[recorded]") {
  CHECK(scenarios().size() == std::size(facts));
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.name);
    CHECK(std::any_of(std::begin(facts), std::end(facts), [&](const Facts& fact) {
      return std::string_view(fact.name) == scenario.name;
    }));
    for (const char* text : {scenario.title_english, scenario.title_chinese,
                             scenario.explanation_english, scenario.explanation_chinese})
      CHECK(std::strlen(text) > 10);
  }
  CHECK(find_scenario("no-such-thing") == nullptr);
}

TEST_CASE("recordings_show_what_their_scenarios_are_about", "[recorded]") {
  for (const Facts& fact : facts) expect_facts(fact, false);
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
    play_all();
  });
  const std::string said = playing.said();
  if (said == "ordinary already")
    std::cout << "  (this is an ordinary user's namespace: the test before was this one)\n";
  else
    CHECK(said == "");
}

TEST_CASE("where_networks_are_forbidden_the_recording_is_shown", "[played]") {
  const Forked playing([](int report) {
    forbid_networks();
    Story story;
    story.step("refused without networks");
    Gathering gathering(story, 1);
    const Production production = play_scenario(*find_scenario("refused"), gathering.sink());
    story.expect_equal("it is produced", production.produced, false);
    refused(story, gathering.shown());
    Forked::say(report, production.why_not);
  });
  const std::string said = playing.said();
  INFO(said);
  CHECK(said.find("(No space left on device)") != std::string::npos);
}

TEST_CASE("what_must_be_produced_does_not_fall_back", "[played]") {
  const Forked playing([](int report) {
    forbid_networks();
    const auto nothing = [report](const CapturedPacket&) { Forked::say(report, "a packet; "); };
    play_scenario(*find_scenario("refused"), nothing, true);
    Forked::say(report, "it fell back");
  });
  const std::string said = playing.said();
  INFO(said);
  CHECK(said.find("(No space left on device)") != std::string::npos);
  CHECK(said.find("a packet") == std::string::npos);
}

TEST_CASE("an_interrupted_scenario_leaves_no_process", "[played]") {
  expect_nothing_left(SIGINT);
}

TEST_CASE("a_killed_scenario_leaves_no_process", "[played]") {
  expect_nothing_left(SIGKILL);
}
