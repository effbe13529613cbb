#include "model.hpp"

#include <algorithm>
#include <utility>

namespace lab06 {

const char* name_of(Why why) {
  constexpr const char* names[] = {"arrived", "woke", "expired", "preempted", "moved"};
  return names[static_cast<int>(why)];
}

const char* name_of(Out why) {
  constexpr const char* names[] = {"blocked", "finished", "moved"};
  return names[static_cast<int>(why)];
}

json Rules::as_request() const {
  if (!is_mlfq()) return {{"quantum", quantum}};
  return {{"quanta", quanta},
          {"allotments", allotments},
          {"boost", boost},
          {"stay", stay},
          {"bump", bump}};
}

std::string Rules::told() const {
  if (!is_mlfq()) return "RoundRobin(" + std::to_string(quantum) + ")";
  std::string text =
      "Mlfq{quanta " + json(quanta).dump() + ", allotments " + json(allotments).dump();
  if (boost > 0) text += ", boost " + std::to_string(boost);
  if (stay) text += ", stay";
  if (bump) text += ", bump";
  return text + "}";
}

Model::Model(Rules rules, std::shared_ptr<Standings> standings)
    : rules_(std::move(rules)), standings_(std::move(standings)) {
  lines_.resize(rules_.is_mlfq() ? rules_.quanta.size() : 1);
}

void Model::begin_level(int pid, int level) {
  at(pid) = {level, rules_.quantum_of(level), rules_.allotment_of(level)};
}

void Model::use_up_quantum(int pid) {
  Standing& standing = at(pid);
  --standing.quanta;
  if (standing.quanta > 0)
    standing.left = rules_.quantum_of(standing.level);
  else
    begin_level(pid, std::max(0, standing.level - 1));
}

void Model::enqueue(int pid, Why why) {
  blocked_.erase(pid);
  if (rules_.is_mlfq()) {
    if (why == Why::arrived) begin_level(pid, rules_.top());
    if (why == Why::expired) use_up_quantum(pid);
  } else if (why == Why::arrived || why == Why::woke || why == Why::expired) {
    at(pid).left = rules_.quantum;
  }
  if (why == Why::preempted || (why == Why::woke && rules_.bump))
    line_of(pid).push_front(pid);
  else
    line_of(pid).push_back(pid);
}

void Model::enqueue_moved(int pid, const Standing& with) {
  at(pid) = with;
  enqueue(pid, Why::moved);
}

int Model::best() const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line)
    if (!line->empty()) return line->front();
  return -1;
}

Pick Model::pick() {
  const int pid = best();
  if (pid < 0) return {};
  line_of(pid).pop_front();
  return {pid, at(pid).left, at(pid).level};
}

void Model::gone(int pid, Out why) {
  if (why != Out::blocked || !rules_.is_mlfq()) return;
  blocked_.insert(pid);
  if (rules_.stay)
    begin_level(pid, at(pid).level);
  else if (at(pid).left == 0)
    use_up_quantum(pid);
}

void Model::boost() {
  std::deque<int> boosted = std::move(lines_.back());
  lines_.back().clear();
  for (auto& line : lines_) {
    boosted.insert(boosted.end(), line.begin(), line.end());
    line.clear();
  }
  for (const int pid : boosted) begin_level(pid, rules_.top());
  for (const int pid : blocked_) begin_level(pid, rules_.top());
  lines_.back() = std::move(boosted);
}

int Model::ready() const {
  std::size_t count = 0;
  for (const auto& line : lines_) count += line.size();
  return static_cast<int>(count);
}

bool Model::is_ready(int pid) const {
  return std::any_of(lines_.begin(), lines_.end(), [pid](const std::deque<int>& line) {
    return std::find(line.begin(), line.end(), pid) != line.end();
  });
}

}  // namespace lab06
