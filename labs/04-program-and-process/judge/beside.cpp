// What the cases have in common: requests, and processes seen from outside.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "cases.hpp"
#include "hex.hpp"

namespace lab04 {
namespace {

using Clock = std::chrono::steady_clock;

json hex_list(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& one : texts) list.push_back(to_hex(one));
  return list;
}

}  // namespace

// --- what the student's functions are asked ---

json fields_of(const Program& program) {
  json fields = {{"arguments", hex_list(program.arguments)}, {"redirections", json::array()}};
  if (program.environment) fields["environment"] = hex_list(*program.environment);
  for (const auto& [child, parent] : program.redirections)
    fields["redirections"].push_back({child, parent});
  return fields;
}

Message ask(Trial& trial, const std::string& told, const json& request, std::string_view payload,
            const std::vector<int>& descriptors) {
  if (trial.input().empty()) trial.input(told);
  trial.step(told);
  return trial.student.ask(request, payload, descriptors);
}

std::string story_of(const Program& program) {
  constexpr std::size_t most_words = 6;
  std::string text;
  const std::vector<std::string>& words = program.arguments;
  const bool witness = words.size() >= 3 && words[1] == "--witness";
  for (std::size_t i = 0; i < words.size() && i < most_words; ++i) {
    if (i > 0) text += ' ';
    text += i == 0 && witness ? std::string("<judge>") : dialtone::printable(words[i], 40);
  }
  if (words.size() > most_words)
    text += " … (" + std::to_string(words.size()) + tr(" words)", " 个词)");
  for (const auto& [child, parent] : program.redirections)
    text += ", {" + std::to_string(child) + ", " + std::to_string(parent) + "}";
  if (program.environment)
    text += tr(", environment of ", "，环境变量个数 ") +
            std::to_string(program.environment->size()) + tr(" variables", "");
  return text;
}

Message ask_spawn(Trial& trial, const Program& program) {
  return ask(trial, "spawn(" + story_of(program) + ")",
             {{"call", "spawn"}, {"program", fields_of(program)}});
}

pid_t spawn(Trial& trial, const Program& program) {
  const Message answer = ask_spawn(trial, program);
  succeeded(trial, answer, "spawn");
  return answer.body.at("value").get<pid_t>();
}

json pipeline_request(const std::vector<Program>& programs, int in, int out) {
  json list = json::array();
  for (const Program& one : programs) list.push_back(fields_of(one));
  return {{"call", "start_pipeline"}, {"programs", list}, {"in", in}, {"out", out}};
}

std::string story_of(const std::vector<Program>& programs, int in, int out) {
  std::string told;
  for (const Program& one : programs) told += (told.empty() ? "" : " | ") + story_of(one);
  return "start_pipeline(" + told + ", in " + std::to_string(in) + ", out " + std::to_string(out) +
         ")";
}

Message ask_pipeline(Trial& trial, const std::vector<Program>& programs, int in, int out) {
  return ask(trial, story_of(programs, in, out), pipeline_request(programs, in, out));
}

std::vector<pid_t> start_pipeline(Trial& trial, const std::vector<Program>& programs, int in,
                                  int out) {
  const Message answer = ask_pipeline(trial, programs, in, out);
  succeeded(trial, answer, "start_pipeline");
  auto pids = answer.body.at("value").get<std::vector<pid_t>>();
  trial.expect_equal(tr("how many numbers it gives", "返回的进程号个数"), pids.size(),
                     programs.size());
  return pids;
}

std::string message_of(const json& error) {
  return from_hex(error.at("message").get<std::string>());
}

namespace {

std::string error_text(const json& error) {
  return error.at("kind").get<std::string>() + ", " + std::to_string(error.at("code").get<int>()) +
         ", " + dialtone::printable(message_of(error), 120);
}

}  // namespace

void succeeded(Trial& trial, const Message& answer, std::string_view what) {
  if (answer.body.contains("error"))
    trial.fail(what, tr("success", "成功"),
               tr("the failure: ", "失败：") + error_text(answer.body.at("error")));
}

json failed(Trial& trial, const Message& answer, std::string_view what) {
  if (!answer.body.contains("error"))
    trial.fail(what, tr("a failure", "失败"),
               tr("success: ", "成功：") + answer.body.at("value").dump().substr(0, 200));
  return answer.body.at("error");
}

json failed(Trial& trial, const Message& answer, std::string_view kind, std::string_view what) {
  json error = failed(trial, answer, what);
  trial.expect(what, error.at("kind") == kind,
               tr("an error of kind ", "错误种类 ") + std::string(kind), error_text(error));
  return error;
}

// --- what surrounds them, by the shim ---

void place(Trial& trial, const std::vector<int>& descriptors, const std::vector<Place>& places,
           const std::vector<int>& close) {
  json list = json::array();
  for (const Place& one : places) list.push_back({one.which, one.number, one.close_on_exec});
  trial.student.ask({{"call", "place"}, {"places", list}, {"close", close}}, {}, descriptors);
}

void unplace(Trial& trial) {
  trial.student.ask({{"call", "unplace"}});
}

pid_t start_child(Trial& trial, const std::vector<std::string>& words) {
  return trial.student.ask({{"call", "start"}, {"arguments", hex_list(words)}})
      .body.at("value")
      .get<pid_t>();
}

Report start_witness(Trial& trial, const Reports& reports) {
  start_child(trial, reports.words());
  auto report = reports.next();
  if (!report) throw std::runtime_error("judge: a witness started by the shim does not report");
  return std::move(*report);
}

std::optional<int> collect(Trial& trial, pid_t child) {
  const json status = trial.student.ask({{"call", "collect"}, {"pid", child}}).body.at("value");
  if (status.is_null()) return std::nullopt;
  return status.get<int>();
}

Report next_report(Trial& trial, const Reports& reports) {
  auto report = reports.next();
  if (!report)
    trial.fail(tr("the program runs", "程序在运行"),
               tr("it reports to the judge", "它向评判程序报告"),
               tr("nothing came from it", "它什么也没有说"));
  return std::move(*report);
}

// --- processes, from outside ---

std::optional<Seen> look_at(pid_t process) {
  const std::string text = dialtone::proc_file(process, "stat");
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos || close + 4 >= text.size()) return std::nullopt;
  return Seen{text[close + 2], number_at(std::string_view(text).substr(close + 4))};
}

void await_end(Trial& trial, pid_t process) {
  const auto until = Clock::now() + dialtone::ample_time;
  for (;;) {
    const auto seen = look_at(process);
    if (!seen || seen->state == 'Z' || seen->state == 'X') return;
    if (Clock::now() > until)
      trial.fail(tr("the process ends", "进程结束"), tr("it has ended", "已经结束"),
                 tr("it still runs: state ", "仍在运行：状态 ") + std::string(1, seen->state));
    poll(nullptr, 0, 1);
  }
}

std::vector<pid_t> children_of(pid_t process) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) throw std::runtime_error("judge: cannot list /proc");
  std::vector<pid_t> children;
  while (const dirent* entry = ::readdir(folder.get())) {
    const pid_t pid = number_at(entry->d_name);
    if (pid <= 0) continue;
    const auto seen = look_at(pid);
    if (seen && seen->parent == process) children.push_back(pid);
  }
  std::sort(children.begin(), children.end());
  return children;
}

void expect_children(Trial& trial, const std::vector<pid_t>& expected) {
  for (const pid_t child : children_of(trial.student.pid())) {
    if (std::find(expected.begin(), expected.end(), child) != expected.end()) continue;
    const auto seen = look_at(child);
    if (!seen) continue;
    trial.fail(
        tr("no child is left", "没有留下子进程"), tr("none", "没有"),
        tr("process ", "进程 ") + std::to_string(child) +
            (seen->state == 'Z' ? tr(", a zombie", "，僵尸")
                                : tr(", in state ", "，状态 ") + std::string(1, seen->state)));
  }
}

void expect_same_descriptors(Trial& trial, const std::vector<std::string>& before,
                             std::string_view what) {
  const std::vector<std::string> after = trial.student.open_descriptors();
  const auto missing_in = [](const std::vector<std::string>& list,
                             const std::vector<std::string>& from) {
    std::string text;
    for (const std::string& one : list)
      if (std::find(from.begin(), from.end(), one) == from.end())
        text += (text.empty() ? "" : ", ") + one;
    return text;
  };
  const std::string more = missing_in(after, before);
  const std::string fewer = missing_in(before, after);
  const std::string rule =
      tr("the descriptors of the process after ", "调用之后进程的描述符：") + std::string(what);
  trial.expect(rule, more.empty(), tr("none that was not there before", "没有新增的描述符"), more);
  trial.expect(rule, fewer.empty(), tr("all that were there before", "原有的都还在"),
               tr("without ", "少了 ") + fewer);
}

void collect_orphans(pid_t living) {
  for (const pid_t child : children_of(::getpid())) {
    if (child == living) continue;
    const auto seen = look_at(child);
    if (seen && seen->state != 'Z') ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

MemoryFiles::MemoryFiles(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('A' + i));
    files.emplace_back(::memfd_create(name.c_str(), MFD_CLOEXEC));
    if (!files.back()) throw std::runtime_error("judge: no file in memory");
  }
}

std::vector<int> MemoryFiles::numbers() const {
  std::vector<int> list;
  for (const FileDescriptor& one : files) list.push_back(one.get());
  return list;
}

Pipe::Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("judge: no pipe");
  reading.reset(ends[0]);
  writing.reset(ends[1]);
}

std::string list_of(const std::vector<int>& numbers) {
  std::string text;
  for (const int one : numbers) text += (text.empty() ? "" : " ") + std::to_string(one);
  return text.empty() ? tr("none", "没有") : text;
}

}  // namespace lab04
