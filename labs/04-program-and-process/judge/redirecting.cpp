// spawn: which descriptors the child has.
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "cases.hpp"

namespace lab04 {
namespace {

constexpr int highest_placed = 420;  // above it the shim keeps what it needs

/// What the student's process has at a number; empty: it is closed.
std::string identity_at(const Trial& trial, int number) {
  struct stat status {};
  const std::string link =
      "/proc/" + std::to_string(trial.student.pid()) + "/fd/" + std::to_string(number);
  if (::stat(link.c_str(), &status) != 0) return "";
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

/// Files of the judge's at numbers of the student's process, and what a redirection there should
/// come to.
class Board {
 public:
  /// Puts a file of its own at each of these numbers.
  Board(Trial& trial, const std::vector<int>& numbers, bool close_on_exec,
        const std::vector<int>& closed = {})
      : trial_(trial), files_(std::min<std::size_t>(numbers.size(), most_files)) {
    std::string told;
    std::vector<Place> places;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      places.push_back({i % most_files, numbers[i], close_on_exec});
      told += " " + std::to_string(numbers[i]) + "=" + letter(i % most_files);
    }
    for (const int number : closed) told += " " + std::to_string(number) + tr("=closed", "=关闭");
    trial.step(tr("descriptors of this process:", "本进程的描述符：") + told);
    place(trial, files_.numbers(), places, closed);
    for (int number = 0; number <= highest_placed; ++number)
      if (auto what = identity_at(trial, number); !what.empty()) own_[number] = std::move(what);
  }

  /// The numbers of redirections, and where it is asked for 0, 1 and 2 without any, in a child that
  /// has just what it should.
  std::map<int, std::string> expected(const Program& program, bool standard) const {
    std::map<int, std::string> wanted;
    for (int number = 0; standard && number <= 2; ++number)
      if (own_.contains(number)) wanted[number] = own_.at(number);
    for (const auto& [child, parent] : program.redirections) wanted[child] = own_.at(parent);
    return wanted;
  }

  /// A letter for a file of the judge's; else what this process has it as.
  std::string name_of(const std::string& identity) const {
    for (std::size_t i = 0; i < files_.files.size(); ++i)
      if (identity == identity_of(files_.files[i].get())) return letter(i);
    for (const auto& [number, own] : own_)
      if (own == identity) return tr("this process's ", "本进程的 ") + std::to_string(number);
    return identity.empty() ? tr("closed", "关闭") : tr("something else", "别的东西");
  }

  /// spawn, and what the child has then.
  Report play(const Program& program, const Reports& reports) {
    spawn(trial_, program);
    return next_report(trial_, reports);
  }

  /// The child has what it should there.
  void expect_redirected(const Program& program, const Report& report, bool standard) const {
    for (const auto& [number, wanted] : expected(program, standard)) {
      const auto found = report.descriptors.find(number);
      trial_.expect_equal(
          tr("descriptor of the child: ", "子进程的描述符 ") + std::to_string(number),
          name_of(found == report.descriptors.end() ? "" : found->second), name_of(wanted));
    }
  }

 private:
  static constexpr std::size_t most_files = dialtone::most_descriptors;

  static std::string letter(std::size_t which) {
    return std::string(1, static_cast<char>('A' + which));
  }

  Trial& trial_;
  MemoryFiles files_;
  std::map<int, std::string> own_;  ///< what this process has, by number
};

/// Different numbers of a range.
std::vector<int> draw_numbers(dialtone::Random& random, std::size_t count, int low, int high) {
  std::set<int> numbers;
  while (numbers.size() < count)
    numbers.insert(static_cast<int>(
        random.between(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high))));
  std::vector<int> shuffled(numbers.begin(), numbers.end());
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[random.between(0, i - 1)]);
  return shuffled;
}

// --- one by one ---

/// Numbers of children and parents are different here, and far from what spawn opens itself.
void redirections_are_made(Trial& trial) {
  const Reports reports;
  Program program{reports.words(), {}, {}};
  std::vector<int> numbers = draw_numbers(trial.random, 10, 60, highest_placed);
  std::vector<int> parents(numbers.begin(), numbers.begin() + 5);
  switch (trial.index) {
    case 0:
      program.redirections = {{1, parents[0]}};
      break;
    case 1:
      program.redirections = {{2, 1}};
      break;
    case 2:  // the number stays, and must not be closed by the exec
      program.redirections = {{parents[0], parents[0]}};
      break;
    case 3:
      parents = {1, 2, 70};
      program.redirections = {{0, 70}};
      break;
    case 4:
      program.redirections = {{static_cast<int>(dialtone::Student::most_descriptors) - 1, 2}};
      break;
    default: {
      std::vector<int> children(numbers.begin() + 5, numbers.end());
      children.insert(children.end(), {0, 1, 2});
      for (const int child : children)
        if (trial.random.chance(0.4))
          program.redirections.emplace_back(child,
                                            parents[trial.random.between(0, parents.size() - 1)]);
      if (trial.random.chance(0.3)) program.redirections.emplace_back(parents[0], parents[0]);
    }
  }
  Board board(trial, parents, true);
  board.expect_redirected(program, board.play(program, reports), true);
  unplace(trial);
}

// --- all at once ---

/// Where none of its redirections hurts it, the child's word of a failed exec still arrives.
void exec_error_gets_through(Trial& trial, Program program) {
  program.arguments = {"/nowhere/at-all"};
  const Message alone = ask_spawn(trial, {program.arguments, {}, {}});
  if (!alone.body.contains("error")) return;  // another case's matter
  failed(
      trial, ask_spawn(trial, program),
      tr("a program that is not there, with these redirections", "带着这些重定向启动不存在的程序"));
}

void take_effect_at_once(Trial& trial) {
  const Reports reports;
  Program program{reports.words(), {}, {}};
  auto& redirections = program.redirections;
  std::vector<int> parents = {0, 1, 2};
  std::vector<int> closed;
  const auto draw = [&](int low, int high) {
    return static_cast<int>(
        trial.random.between(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)));
  };
  switch (trial.index) {
    case 0:
      redirections = {{1, 2}, {2, 1}};
      break;
    case 1:
      redirections = {{0, 1}, {1, 2}, {2, 0}};
      break;
    case 2:
      parents = {10, 11};
      redirections = {{1, 10}, {1, 11}};
      break;
    case 3:  // what spawn opens itself gets the lowest numbers
      for (int number = 3; number <= 14; ++number) redirections.emplace_back(number, number % 3);
      break;
    case 4:
      parents = {1, 2, 12};
      closed = {0};
      redirections = {{2, 12}, {12, 1}};
      break;
    case 5:
      parents = {1, 2};
      closed = {0};
      redirections = {{0, 1}};
      break;
    default: {
      parents = draw_numbers(trial.random, trial.random.between(2, 8), 4, 20);
      const bool whole_cycle = trial.random.chance(0.3);
      for (std::size_t i = 0; i < parents.size(); ++i) {
        if (whole_cycle)
          redirections.emplace_back(parents[i], parents[(i + 1) % parents.size()]);
        else
          redirections.emplace_back(draw(0, 20),
                                    parents[trial.random.between(0, parents.size() - 1)]);
      }
      if (trial.random.chance(
              0.3))  // one of the standard ones is copied, and takes another's place
        redirections.insert(redirections.begin(), {{parents[0], 1}, {1, parents[0]}});
    }
  }
  // One that stays at its number is another case's matter.
  std::erase_if(redirections, [](const auto& one) { return one.first == one.second; });
  Board board(trial, parents, trial.random.chance(0.5), closed);
  const Report report = board.play(program, reports);
  board.expect_redirected(program, report, false);
  for (const int number : closed)
    if (!board.expected(program, false).contains(number))
      trial.expect(tr("a descriptor that is closed here is closed in the child: ",
                      "本进程中关闭的描述符，在子进程中也是关闭的：") +
                       std::to_string(number),
                   !report.descriptors.contains(number), tr("closed", "关闭"),
                   report.targets.contains(number) ? report.targets.at(number) : "");
  if (trial.index == 3 || trial.index > 5) exec_error_gets_through(trial, program);
  unplace(trial);
}

// --- and no others ---

void every_other_is_closed(Trial& trial) {
  const Reports reports;
  Program program{reports.words(), {}, {}};
  std::vector<int> numbers;
  switch (trial.index) {
    case 0:  // but the channel to the judge, which every child of it would inherit
      break;
    case 1:
      numbers = {4, 5, 6, 7, 8, 9};
      break;
    case 2:
      numbers = {highest_placed, 63, 64, 255, 256};
      break;
    case 3:
      numbers = {300, 100};
      break;
    default:
      numbers = draw_numbers(trial.random, trial.random.between(1, 40), 4, highest_placed);
      if (trial.random.chance(0.5)) program.redirections = {{numbers[0], 2}, {430, numbers[0]}};
  }
  Board board(trial, numbers, false);
  if (trial.index == 3) {
    trial.step(tr("from now on it may open descriptors below 64 alone; the higher ones stay open",
                  "从现在起只能打开 64 以下的描述符；更高的仍然开着"));
    trial.student.limit_descriptors(64);
  }
  const Report report = board.play(program, reports);
  if (trial.index == 3) trial.student.limit_descriptors(dialtone::Student::most_descriptors);
  std::string more;
  for (const auto& [number, identity] : report.descriptors) {
    const bool wanted =
        number <= 2 || std::any_of(program.redirections.begin(), program.redirections.end(),
                                   [n = number](const auto& one) { return one.first == n; });
    if (!wanted)
      more += (more.empty() ? "" : ", ") + std::to_string(number) + " (" +
              report.targets.at(number) + ")";
  }
  trial.expect(tr("descriptors of the child beside those wanted", "子进程除所需之外的描述符"),
               more.empty(), tr("none", "没有"), more);
  unplace(trial);
}

}  // namespace

std::vector<Case> redirecting_cases() {
  return {{"redirections_are_made", 30, redirections_are_made},
          {"redirections_take_effect_at_once", 30, take_effect_at_once},
          {"every_other_descriptor_is_closed", 20, every_other_is_closed}};
}

}  // namespace lab04
