#include "script.hpp"

namespace lab07 {
namespace {

/// "send(0, 12)"
std::string told_step(const json& step) {
  std::string text = step.at(0).get<std::string>() + "(";
  for (std::size_t i = 1; i < step.size() && i < 4; ++i) {
    if (i > 1) text += ", ";
    text += step.at(i) == for_ever ? "max" : step.at(i).dump();
  }
  return text + ")";
}

Entry entry_of(const json& line) {
  Entry entry{};
  const auto what = line.at(0).get<std::string>();
  entry.thread = line.at(1).get<std::size_t>();
  if (what == "event") {
    entry.what = Entry::What::event;
    entry.kind = line.at(2).get<std::string>();
    return entry;
  }
  entry.what = what == "begin" ? Entry::What::begin : Entry::What::end;
  entry.step = line.at(2).get<std::size_t>();
  entry.when = line.at(3).get<std::int64_t>();
  if (entry.what == Entry::What::begin) return entry;
  entry.kind = line.at(4).get<std::string>();
  entry.number = line.at(5).get<std::int64_t>();
  entry.code = line.at(6).get<int>();
  entry.error = line.at(7).get<int>();
  return entry;
}

}  // namespace

std::optional<std::size_t> Log::find(Entry::What what, std::size_t thread, std::size_t step) const {
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].is(what, thread, step)) return i;
  return std::nullopt;
}

std::optional<std::size_t> Log::begin_of(std::size_t thread, std::size_t step) const {
  return find(Entry::What::begin, thread, step);
}

std::optional<std::size_t> Log::end_of(std::size_t thread, std::size_t step) const {
  return find(Entry::What::end, thread, step);
}

bool Log::others_between(std::size_t first, std::size_t last, std::size_t thread) const {
  for (std::size_t i = first + 1; i < last; ++i)
    if (entries[i].what != Entry::What::event && entries[i].thread != thread) return true;
  return false;
}

std::size_t Script::thread(const std::string& name) {
  names_.push_back(name);
  steps_.emplace_back();
  return names_.size() - 1;
}

std::size_t Script::channel(std::size_t capacity) {
  channels_.push_back(capacity);
  return channels_.size() - 1;
}

std::size_t Script::descriptor(int number) {
  descriptors_.push_back(number);
  return descriptors_.size() - 1;
}

std::size_t Script::add(std::size_t thread, json step) {
  steps_[thread].push_back(std::move(step));
  return steps_[thread].size() - 1;
}

std::size_t Script::add_with_errno(std::size_t thread, json step, int error) {
  while (step.size() < 4) step.push_back(0);
  step.push_back(error);
  return add(thread, std::move(step));
}

std::string Script::told(std::size_t thread, std::size_t step) const {
  return tr("thread ", "线程 ") + std::to_string(thread) + " (" + names_[thread] +
         tr("): ", ")：") + told_step(steps_[thread][step]);
}

Log Script::play(const std::function<void()>& meanwhile) {
  json threads = json::array();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    threads.push_back({{"name", names_[i]}, {"steps", steps_[i]}});
    std::string text;
    for (const json& step : steps_[i]) text += (text.empty() ? "" : "; ") + told_step(step);
    trial_.step(tr("thread ", "线程 ") + std::to_string(i) + " (" + names_[i] + tr("): ", ")：") +
                text);
  }
  if (trial_.input().empty())
    trial_.input(std::to_string(names_.size()) + tr(" threads", " 个线程"));
  const json request = {{"call", "script"},
                        {"options", options},
                        {"base", base},
                        {"threads", threads},
                        {"channels", channels_}};
  trial_.student.send(request, {}, descriptors_);
  if (meanwhile) meanwhile();
  const json answer = take_value(trial_, "run");
  Log log;
  log.run = answer.at("run");
  for (const json& line : answer.at("log")) log.entries.push_back(entry_of(line));
  return log;
}

const Entry& Script::ended(const Log& log, std::size_t thread, std::size_t step) const {
  const auto place = log.end_of(thread, step);
  if (!place)
    trial_.fail(told(thread, step), tr("it comes to its end", "它会结束"),
                log.begin_of(thread, step) ? tr("it began and did not end", "它开始了，却没有结束")
                                           : tr("it never began", "它从未开始"));
  return log.entries[*place];
}

const Entry& Script::expect(const Log& log, std::size_t thread, std::size_t step,
                            const std::string& kind) const {
  const Entry& entry = ended(log, thread, step);
  trial_.expect(told(thread, step), entry.kind == kind, kind, entry.kind);
  return entry;
}

void Script::expect_run_ended_well(const Log& log) const {
  trial_.expect(tr("run() succeeds", "run() 成功"), log.run.is_null(), tr("no error", "没有错误"),
                log.run.dump());
}

}  // namespace lab07
