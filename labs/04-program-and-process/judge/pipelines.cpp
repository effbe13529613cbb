// start_pipeline.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "cases.hpp"
#include "hex.hpp"
#include "tracing.hpp"

namespace lab04 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds line_time{4000};

/// Numbers in the student's process at which a line's input and output are placed.
constexpr int in_number = 40;
constexpr int out_number = 41;

/// The judge's ends of a line's input and output, whose other ends are placed in the student's
/// process: as `in` and `out`, or as its own 0 and 1.
class Ends {
 public:
  Ends(Trial& trial, bool own_in, bool own_out)
      : trial_(trial), in_(own_in ? 0 : in_number), out_(own_out ? 1 : out_number) {
    Pipe input;
    Pipe output;
    place(trial, {input.reading.get(), output.writing.get()}, {{0, in_, true}, {1, out_, true}});
    feed_ = std::move(input.writing);
    drain_ = std::move(output.reading);
    ::fcntl(feed_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(drain_.get(), F_SETFL, O_NONBLOCK);
  }

  int in() const { return in_ == 0 ? -1 : in_; }
  int out() const { return out_ == 1 ? -1 : out_; }

  /// The student's process still has what it was given, and then no more.
  void keep_and_take_back() {
    const auto open = trial_.student.open_descriptors();
    for (const int number : {in_, out_})
      trial_.expect(
          tr("the process keeps its descriptor ", "进程保留自己的描述符 ") + std::to_string(number),
          std::any_of(open.begin(), open.end(),
                      [&](const std::string& one) {
                        return one.starts_with(std::to_string(number) + " pipe:");
                      }),
          tr("open", "打开着"), tr("closed", "关闭了"));
    take_back();
  }
  void take_back() { unplace(trial_); }

  /// Writes the text and reads until `expected` bytes have come, or the end of the stream, or no
  /// more in time.
  std::string pass(std::string_view text, std::size_t expected) {
    std::string got;
    const auto until = Clock::now() + line_time;
    while (got.size() < expected && !ended_) {
      const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
      pollfd waits[] = {{drain_.get(), POLLIN, 0}, {text.empty() ? -1 : feed_.get(), POLLOUT, 0}};
      if (left.count() <= 0 || ::poll(waits, 2, static_cast<int>(left.count())) <= 0) break;
      if (waits[1].revents != 0) {
        const ssize_t count = ::write(feed_.get(), text.data(), text.size());
        if (count < 0 && errno != EAGAIN) text = {};
        if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
      }
      if (waits[0].revents != 0) read_some(got, expected - got.size());
    }
    return got;
  }

  /// What the pipe holds by itself.
  void put(std::string_view text) const {
    if (::write(feed_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("judge: a pipe takes too little");
  }
  void hang_up() { feed_.reset(); }

  /// Whether the output ends, with not one byte more.
  bool ends() {
    std::string more;
    const auto until = Clock::now() + line_time;
    while (!ended_ && more.empty()) {
      const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
      pollfd wait{drain_.get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) break;
      read_some(more, 1);
    }
    return ended_ && more.empty();
  }

 private:
  void read_some(std::string& into, std::size_t most) {
    static char buffer[1 << 16];
    const ssize_t count = ::read(drain_.get(), buffer, std::min(most, sizeof buffer));
    if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
    if (count == 0) ended_ = true;
  }

  Trial& trial_;
  int in_;
  int out_;
  FileDescriptor feed_;
  FileDescriptor drain_;
  bool ended_ = false;
};

std::string tag_of(std::size_t number) {
  return "<" + std::to_string(number) + ">";
}

/// Programs that each write their tag and then pass on what they read.
std::vector<Program> copiers(std::size_t count) {
  std::vector<Program> programs;
  for (std::size_t i = 0; i < count; ++i) programs.push_back({witness("copy", tag_of(i)), {}, {}});
  return programs;
}

/// What comes out of a line of them: the last one's tag first.
std::string copied(std::size_t count, const std::string& text) {
  std::string expected;
  for (std::size_t i = count; i > 0; --i) expected += tag_of(i - 1);
  return expected + text;
}

std::size_t draw_length(Trial& trial) {
  if (trial.index < 2) return trial.index + 1;
  return trial.index == 2 ? 8 : trial.random.between(1, 6);
}

std::string draw_text(Trial& trial) {
  if (trial.index == 0) return "hello\n";
  return trial.random.bytes(trial.random.chance(0.3) ? trial.random.between(100'000, 1'500'000)
                                                     : trial.random.between(0, 5000));
}

/// Ends witnesses that are children of the student's process, whatever else the list holds.
void kill_all(const Trial& trial, const std::vector<pid_t>& pids) {
  for (const pid_t one : pids) {
    const auto seen = look_at(one);
    if (seen && seen->parent == trial.student.pid() && is_own_program(one)) ::kill(one, SIGKILL);
  }
}

void collect_all(Trial& trial, const std::vector<pid_t>& pids) {
  for (const pid_t one : pids) collect(trial, one);
}

// --- bytes ---

void passes_bytes_on(Trial& trial) {
  const std::size_t length = draw_length(trial);
  const std::string text = draw_text(trial);
  Ends ends(trial, trial.random.chance(0.3), trial.random.chance(0.3));
  const auto pids = start_pipeline(trial, copiers(length), ends.in(), ends.out());
  ends.keep_and_take_back();
  trial.step(tr("bytes that go in: ", "送入的字节数：") + std::to_string(text.size()));
  const std::string expected = copied(length, text);
  dialtone::expect_bytes(trial, tr("what comes out of the line", "从流水线另一头出来的内容"),
                         ends.pass(text, expected.size()), expected);
  for (std::size_t i = 0; i < length; ++i) {  // they all run, as their input has not ended
    const std::string words = dialtone::proc_file(pids[i], "cmdline");
    trial.expect(tr("the process whose number stands at ", "所返回的进程号中的第 ") +
                     std::to_string(i) + tr("", " 个"),
                 words.find(tag_of(i)) != std::string::npos,
                 tr("the program of this place", "对应位置上的程序"),
                 dialtone::printable(words, 200));
  }
  kill_all(trial, pids);
  collect_all(trial, pids);
}

// --- the end ---

void expect_all_ended(Trial& trial, const std::vector<pid_t>& pids) {
  for (std::size_t i = 0; i < pids.size(); ++i) {
    trial.step(tr("the program at place ", "流水线第 ") + std::to_string(i) +
               tr(" is to end", " 个程序应当结束"));
    await_end(trial, pids[i]);
  }
  collect_all(trial, pids);
}

/// The last program ends first: whoever writes to it must learn that nobody reads.
void writers_learn_that_nobody_reads(Trial& trial) {
  std::vector<Program> programs = {{witness("flood"), {}, {}}};
  for (std::uint64_t i = trial.random.between(0, 2); i > 0; --i)
    programs.push_back({witness("copy", "x"), {}, {}});
  programs.push_back({witness("end", "0"), {}, {}});
  expect_all_ended(trial, start_pipeline(trial, programs));
}

void sees_the_end(Trial& trial) {
  if (trial.index % 3 == 1) return writers_learn_that_nobody_reads(trial);
  const std::size_t length = draw_length(trial);
  const std::string text = trial.random.bytes(trial.random.between(0, 3000));
  Ends ends(trial, false, false);
  trial.step(tr("the input of the line holds some bytes and then ends; their number: ",
                "流水线的输入中有若干字节，随后结束；字节数：") +
             std::to_string(text.size()));
  ends.put(text);
  ends.hang_up();
  const auto pids = start_pipeline(trial, copiers(length), ends.in(), ends.out());
  ends.take_back();
  ends.pass("", copied(length, text).size());
  expect_all_ended(trial, pids);
  trial.expect(tr("the output of the line ends, too", "流水线的输出也随之结束"), ends.ends(),
               tr("end of file", "文件结束"), tr("somebody holds it open", "还有人开着它"));
}

// --- redirections of the programs ---

/// "device:inode" of a descriptor of the student's process.
std::string own_identity(const Trial& trial, int number) {
  struct stat status {};
  const std::string link =
      "/proc/" + std::to_string(trial.student.pid()) + "/fd/" + std::to_string(number);
  if (::stat(link.c_str(), &status) != 0) throw std::runtime_error("judge: " + link);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

void redirections_come_on_top(Trial& trial) {
  const Reports reports;
  const MemoryFiles files(3);
  place(trial, files.numbers(), {{0, 50, true}, {1, 51, true}, {2, 1, true}});
  const std::vector<int> parents = {50, 51, 1, 2};
  std::map<std::string, int> parent_of;  // by identity
  for (const int one : parents) parent_of[own_identity(trial, one)] = one;

  const std::size_t length = trial.index < 2 ? 2 : trial.random.between(1, 4);
  std::vector<Program> programs(length);
  for (std::size_t i = 0; i < length; ++i) {
    programs[i].arguments = reports.words();
    programs[i].arguments.push_back(std::to_string(i));
    for (const int child : {0, 1, 2, 60})
      if (const int parent = trial.random.pick(parents);
          trial.index >= 2 && child != parent && trial.random.chance(0.4))
        programs[i].redirections.emplace_back(child, parent);
  }
  if (trial.index == 0) programs[0].redirections = {{2, 1}};
  if (trial.index == 1) {
    programs[0].redirections = {{1, 50}};
    programs[1].redirections = {{0, 51}};
  }
  start_pipeline(trial, programs, 50, 51);
  std::vector<Report> came;
  for (std::size_t i = 0; i < length; ++i) came.push_back(next_report(trial, reports));
  for (const Report& report : came) {
    const std::size_t number = std::strtoul(report.arguments.back().c_str(), nullptr, 10);
    for (const auto& [child, parent] : programs.at(number).redirections) {
      const auto found = report.descriptors.find(child);
      const bool known = found != report.descriptors.end() && parent_of.contains(found->second);
      trial.expect_equal(tr("program ", "程序 ") + std::to_string(number) +
                             tr(", its descriptor ", "，描述符 ") + std::to_string(child) +
                             tr(": which one of this process's", "：是本进程的哪一个"),
                         known ? std::to_string(parent_of.at(found->second))
                         : found != report.descriptors.end() ? report.targets.at(child)
                                                             : tr("closed", "关闭"),
                         std::to_string(parent));
    }
  }
  unplace(trial);
}

// --- a line that cannot start ---

/// What the student's spawn leaves by itself: 0 in a right one. A line may leave as much as its
/// spawns do, which is another case's matter.
struct Leavings {
  std::size_t of_success = 0;  ///< descriptors
  std::size_t of_failure = 0;  ///< likewise
  std::size_t zombies = 0;     ///< of a failure
  json error{};                ///< what the failing one says; null where it says nothing
};

Leavings leavings_of(Trial& trial, const Program& broken) {
  Leavings found;
  const auto count = [&] { return trial.student.open_descriptors().size(); };
  const auto more_than = [&](std::size_t before) { return std::max(count(), before) - before; };
  std::size_t before = count();
  const std::vector<pid_t> one = {spawn(trial, copiers(1).front())};
  kill_all(trial, one);
  collect_all(trial, one);
  found.of_success = more_than(before);
  before = count();
  const Message answer = ask_spawn(trial, broken);
  if (answer.body.contains("error")) found.error = answer.body.at("error");
  const std::vector<pid_t> left = children_of(trial.student.pid());
  found.zombies = left.size();
  kill_all(trial, left);
  collect_all(trial, left);
  found.of_failure = more_than(before);
  return found;
}

void expect_nothing_left(Trial& trial, const std::vector<std::string>& before,
                         const Leavings& allowed = {}, std::size_t successes = 0) {
  if (children_of(trial.student.pid()).size() > allowed.zombies) expect_children(trial, {});
  if (trial.student.open_descriptors().size() >
      before.size() + successes * allowed.of_success + allowed.of_failure)
    expect_same_descriptors(trial, before, "start_pipeline");
}

/// With so few descriptors left that a pipe may not be had.
void too_few_descriptors(Trial& trial, int in, const std::vector<std::string>& before) {
  const Leavings alone = leavings_of(trial, {{"/nowhere/at-all"}, {}, {}});
  if (alone.of_success + alone.of_failure + alone.zombies > 0) return;  // another case's matter
  std::uint64_t limit = 0;
  for (const std::string& one : before)
    if (const auto number = static_cast<std::uint64_t>(number_at(one)); number < 30)
      limit = std::max(limit, number + 1);
  limit += trial.random.between(0, 8);
  trial.step(tr("from now on it may open descriptors below this number alone: ",
                "从现在起只能打开编号小于此数的描述符：") +
             std::to_string(limit));
  trial.student.limit_descriptors(limit);
  const Message answer = ask_pipeline(trial, copiers(4), in, -1);
  trial.student.limit_descriptors(dialtone::Student::most_descriptors);
  if (answer.body.contains("error")) return expect_nothing_left(trial, before);
  const auto pids = answer.body.at("value").get<std::vector<pid_t>>();
  kill_all(trial, pids);
  collect_all(trial, pids);
}

/// After the first program has been started no further descriptor can be had.
void no_second_pipe(Trial& trial, int in, const std::vector<std::string>& before) {
  const Leavings alone = leavings_of(trial, {{"/nowhere/at-all"}, {}, {}});
  trial.step(tr("after its first fork it may open no further descriptor",
                "第一次 fork 之后，它再也不能打开新的描述符"));
  const auto programs = copiers(3);
  const Traced traced =
      ask_traced(trial, story_of(programs, in, -1), pipeline_request(programs, in, -1), 0,
                 [&] { trial.student.limit_descriptors(3); });
  trial.student.limit_descriptors(dialtone::Student::most_descriptors);
  failed(trial, traced.answer, "start_pipeline");
  expect_nothing_left(trial, before, alone, 1);
}

void leaves_nothing(Trial& trial) {
  if (trial.index == 0) {
    const json error = failed(trial, ask_pipeline(trial, {}), "system",
                              tr("a pipeline of no programs", "没有程序的流水线"));
    trial.expect_equal("Error::code", error.at("code").get<int>(), EINVAL);
    return;
  }
  // Its input never ends: who is not killed goes on.
  Pipe input;
  place(trial, {input.reading.get()}, {{0, in_number, true}});
  if (trial.index % 4 == 3) {
    const auto before = trial.student.open_descriptors();
    if (trial.index % 8 == 3)
      no_second_pipe(trial, in_number, before);
    else
      too_few_descriptors(trial, in_number, before);
    return unplace(trial);
  }
  const std::size_t length = trial.random.between(2, 5);
  const std::size_t broken = trial.index == 1 ? length - 1 : trial.random.between(0, length - 1);
  std::vector<Program> programs = copiers(length);
  programs[broken].arguments = {trial.random.chance(0.5) ? "/nowhere/at-all" : "/etc/passwd"};
  if (trial.random.chance(0.2)) programs[broken].redirections = {{7, 400}};
  const Leavings alone = leavings_of(trial, programs[broken]);
  const auto before = trial.student.open_descriptors();
  if (alone.error.is_null()) return unplace(trial);  // a failure that is not told: another case's
  const json error = failed(trial, ask_pipeline(trial, programs, in_number, -1), "start_pipeline");
  expect_nothing_left(trial, before, alone, broken);
  trial.expect_equal(tr("Error::kind, as of spawn", "Error::kind，与 spawn 的相同"),
                     error.at("kind").get<std::string>(),
                     alone.error.at("kind").get<std::string>());
  trial.expect_equal(tr("Error::code, as of spawn", "Error::code，与 spawn 的相同"),
                     error.at("code").get<int>(), alone.error.at("code").get<int>());
  trial.expect_equal(tr("Error::message, as of spawn", "Error::message，与 spawn 的相同"),
                     message_of(error), message_of(alone.error));
  unplace(trial);
}

}  // namespace

std::vector<Case> pipeline_cases() {
  return {{"a_pipeline_passes_bytes_on", 15, passes_bytes_on},
          {"a_pipeline_sees_the_end_of_file", 15, sees_the_end},
          {"a_programs_redirections_come_on_top", 20, redirections_come_on_top},
          {"a_pipeline_that_cannot_start_leaves_nothing", 24, leaves_nothing}};
}

}  // namespace lab04
