// The ready queue, against a line that is kept in a std::deque.
#include <algorithm>
#include <deque>

#include "cases.hpp"

namespace lab06 {
namespace {

/// Steps on one queue, and what each must answer.
class Line {
 public:
  explicit Line(int processes) : processes_(processes) {}

  void push_back(int pid) {
    add({"push_back", pid}, nullptr);
    line_.push_back(pid);
  }
  void push_front(int pid) {
    add({"push_front", pid}, nullptr);
    line_.push_front(pid);
  }
  void pop_front() {
    add({"pop_front"}, head());
    if (!line_.empty()) line_.pop_front();
  }
  void remove(int pid) {
    add({"remove", pid}, nullptr);
    line_.erase(std::find(line_.begin(), line_.end(), pid));
  }
  void front() { add({"front"}, head()); }
  void size() { add({"size"}, line_.size()); }
  void links_of_neighbours() { add({"links"}, {{"neighbours", line_}}); }
  void links_of_others() { add({"links"}, {{"standing", line_}}); }
  void empty() {
    while (!line_.empty()) pop_front();
    pop_front();
  }

  const std::deque<int>& line() const { return line_; }

  /// Each answer is as it must be.
  void play(Trial& trial) const {
    const json got = ask(trial).body.at("value");
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const std::string& name = steps_[i].asked.at(0).get_ref<const std::string&>();
      std::string told = name + "(";
      if (steps_[i].asked.size() > 1) told += std::to_string(steps_[i].asked.at(1).get<int>());
      if (name != "links") trial.step(told + ")");
      check(trial, name, got.at(i), steps_[i].expected);
    }
  }

  /// How many times the calls allocate, whatever they answer.
  int count_allocations(Trial& trial) const { return ask(trial).body.at("allocations").get<int>(); }

 private:
  struct Step {
    json asked;
    json expected;  ///< of links: whose, and the line
  };

  Message ask(Trial& trial) const {
    json steps = json::array();
    for (const Step& step : steps_) steps.push_back(step.asked);
    return trial.student.ask({{"call", "queue"}, {"processes", processes_}, {"steps", steps}});
  }

  void add(json asked, json expected) { steps_.push_back({std::move(asked), std::move(expected)}); }
  int head() const { return line_.empty() ? -1 : line_.front(); }

  void check(Trial& trial, const std::string& name, const json& got, const json& expected) const {
    if (name == "links") return check_links(trial, got, expected);
    if (name == "size")
      trial.expect_equal(tr("how many stand there", "队列里有几个"), got.get<std::size_t>(),
                         expected.get<std::size_t>());
    else if (!expected.is_null())
      trial.expect(tr("who it is", "是哪个进程"), got == expected, told_pid(expected.get<int>()),
                   told_pid(got.get<int>()));
  }

  static void expect_link(Trial& trial, const json& links, int pid, bool is_next, int expected) {
    const int link = links.at(static_cast<std::size_t>(pid)).at(is_next ? 0 : 1).get<int>();
    trial.expect((is_next ? "next: " : "previous: ") + told_pid(pid), link == expected,
                 told_pid(expected), told_pid(link));
  }

  /// Neighbours point at each other; who stands nowhere points at nobody.
  void check_links(Trial& trial, const json& links, const json& expected) const {
    if (expected.contains("neighbours")) {
      const auto line = expected.at("neighbours").get<std::vector<int>>();
      for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        expect_link(trial, links, line[i], true, line[i + 1]);
        expect_link(trial, links, line[i + 1], false, line[i]);
      }
      return;
    }
    const auto line = expected.at("standing").get<std::vector<int>>();
    for (int pid = 0; pid < processes_; ++pid) {
      if (std::find(line.begin(), line.end(), pid) != line.end()) continue;
      expect_link(trial, links, pid, true, -1);
      expect_link(trial, links, pid, false, -1);
    }
  }

  int processes_;
  std::vector<Step> steps_;
  std::deque<int> line_;
};

int draw_count(const Trial& trial, Random& random, int least, int most) {
  return trial.index < 4 ? std::min(most, least + static_cast<int>(trial.index))
                         : draw(random, least, most);
}

/// All push to the end, in a drawn order.
Line draw_line(Random& random, int count) {
  Line line(count);
  for (const int pid : shuffled(random, count)) line.push_back(pid);
  return line;
}

void first_come_first_served(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 0, 12);
  Line line(count);
  for (const int pid : shuffled(random, count)) {
    line.push_back(pid);
    if (random.chance(0.3)) line.pop_front();
    if (random.chance(0.1)) line.empty();
  }
  line.empty();
  line.play(trial);
}

void push_front_goes_before_all(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 1, 12);
  Line line(count);
  for (const int pid : shuffled(random, count)) {
    if (line.line().size() == 1 && random.chance(0.5))
      line.push_back(pid);  // behind one who came by the other end
    else
      line.push_front(pid);
    if (random.chance(0.2)) line.pop_front();
  }
  line.empty();
  line.play(trial);
}

void front_shows_who_is_first(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 0, 8);
  Line line(count);
  line.front();
  for (const int pid : shuffled(random, count)) {
    line.push_back(pid);
    line.front();
    if (!random.chance(0.3)) continue;
    line.front();
    line.pop_front();
    line.front();
  }
  line.empty();
  line.front();
  line.play(trial);
}

void remove_closes_the_gap(Trial& trial) {
  Random& random = trial.random;
  Line line = draw_line(random, draw_count(trial, random, 3, 12));
  do {
    const auto at = random.between(1, line.line().size() - 2);
    line.remove(line.line()[at]);
  } while (line.line().size() > 2 && random.chance(0.6));
  line.empty();
  line.play(trial);
}

void remove_takes_the_ends_too(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 1, 8);
  Line line = draw_line(random, count);
  std::vector<int> out;
  for (int steps = draw(random, 1, 12); steps > 0; --steps) {
    if (!line.line().empty() && (out.empty() || random.chance(0.6))) {
      out.push_back(random.chance(0.6) ? line.line().back() : line.line().front());
      line.remove(out.back());
    } else if (!out.empty()) {
      line.push_back(out.back());
      out.pop_back();
    }
  }
  line.empty();
  line.play(trial);
}

void neighbours_know_each_other(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 1, 8);
  Line line(count);
  for (const int pid : shuffled(random, count)) {
    random.chance(0.5) ? line.push_back(pid) : line.push_front(pid);
    line.links_of_neighbours();
  }
  line.play(trial);
}

/// One leaves from anywhere, and the others at the head.
void leave(Random& random, Line& line, void (Line::*look)()) {
  line.remove(line.line()[random.between(0, line.line().size() - 1)]);
  (line.*look)();
  while (!line.line().empty()) {
    line.pop_front();
    (line.*look)();
  }
}

void size_counts_who_stands_there(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 1, 10);
  Line line(count);
  line.size();
  for (const int pid : shuffled(random, count)) {
    line.push_back(pid);
    line.size();
  }
  leave(random, line, &Line::size);
  line.play(trial);
}

void who_leaves_has_no_links(Trial& trial) {
  Random& random = trial.random;
  Line line = draw_line(random, draw_count(trial, random, 1, 8));
  leave(random, line, &Line::links_of_others);
  line.play(trial);
}

void a_long_line_costs_no_more(Trial& trial) {
  constexpr int count = 200'000;
  // 70,001 and 200,000 have no divisor in common: the leaps visit everybody once.
  constexpr int stride = 70'001;
  trial.input(tr("a line of 200000", "20 万个进程排队"));
  trial.step(tr("they come at both ends, half are removed from everywhere, the rest are popped",
                "从两端进入，再从各处移走一半，其余的依次取出"));
  std::deque<int> line;
  for (int i = 0; i < count; ++i) i % 4 == 3 ? line.push_front(i) : line.push_back(i);
  std::vector<bool> gone(count);
  for (std::int64_t i = 0; i < count / 2; ++i)
    gone[static_cast<std::size_t>(i * stride % count)] = true;
  std::uint64_t sum = 0;
  std::uint64_t place = 0;
  for (const int pid : line)
    if (!gone[static_cast<std::size_t>(pid)]) sum += ++place * static_cast<std::uint64_t>(pid);
  const Message answer =
      trial.student.ask({{"call", "long_line"}, {"processes", count}, {"stride", stride}});
  trial.expect(tr("who is left, in order", "剩下的进程及其次序"), answer.body.at("value") == sum,
               std::to_string(sum), answer.body.at("value").dump());
}

void nothing_is_allocated(Trial& trial) {
  Random& random = trial.random;
  const int count = draw_count(trial, random, 1, 10);
  Line line(count);
  for (const int pid : shuffled(random, count)) {
    random.chance(0.7) ? line.push_back(pid) : line.push_front(pid);
    line.front();
    line.size();
  }
  line.remove(line.line()[random.between(0, line.line().size() - 1)]);
  line.empty();
  trial.step(tr("each function of the queue", "队列的每个函数"));
  trial.expect_equal(tr("allocations", "分配内存的次数"), line.count_allocations(trial), 0);
}

}  // namespace

std::vector<Case> queue_cases() {
  return {{"first_come_first_served", 120, first_come_first_served},
          {"push_front_goes_before_all", 120, push_front_goes_before_all},
          {"front_shows_who_is_first", 100, front_shows_who_is_first},
          {"size_counts_who_stands_there", 100, size_counts_who_stands_there},
          {"remove_closes_the_gap", 120, remove_closes_the_gap},
          {"remove_takes_the_ends_too", 120, remove_takes_the_ends_too},
          {"neighbours_know_each_other", 100, neighbours_know_each_other},
          {"who_leaves_has_no_links", 100, who_leaves_has_no_links},
          {"a_long_line_costs_no_more", 1, a_long_line_costs_no_more},
          {"nothing_is_allocated", 100, nothing_is_allocated}};
}

}  // namespace lab06
