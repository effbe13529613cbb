#include "crash_report.hpp"

#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <vector>

#include "process.hpp"

namespace dialtone {
namespace {

constexpr std::string_view opening = "crash: ";
alignas(16) std::array<char, 65536> handler_stack;

void put(const char* text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

void report_and_die(int signal) {
  put(opening.data());
  put(sigabbrev_np(signal));
  put("\n");
  std::array<void*, 48> frames{};
  backtrace_symbols_fd(frames.data(), backtrace(frames.data(), frames.size()), STDERR_FILENO);
  raise(signal);  // the handler was one-shot: this is the default action
}

}  // namespace

void install_crash_report() {
  std::array<void*, 1> warm_up{};  // the first backtrace allocates; not in the handler
  backtrace(warm_up.data(), warm_up.size());
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = report_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    sigaction(signal, &action, nullptr);
}

std::string crash_place(std::string_view report, const std::filesystem::path& program,
                        std::string_view source_name) {
  const auto start = report.rfind(opening);
  if (start == std::string_view::npos) return "";
  Command command;
  command.arguments = {"addr2line", "-e", program.string()};
  report.remove_prefix(start);
  const std::string mark = program.filename().string() + "(+";
  for (auto at = report.find(mark); at != std::string_view::npos; at = report.find(mark, at + 1)) {
    const auto digits = at + mark.size();
    const auto end = report.find(')', digits);
    if (end == std::string_view::npos) break;
    command.arguments.emplace_back(report.substr(digits, end - digits));
  }
  if (command.arguments.size() == 3) return "";
  const Outcome outcome = run(command, std::chrono::seconds(5));
  std::string first;
  std::string_view lines = outcome.out;
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    line = line.substr(0, line.find(" ("));  // " (discriminator 2)"
    if (line.find("??") != std::string_view::npos) continue;
    std::string place(line.substr(line.rfind('/') + 1));
    if (place.rfind(std::string(source_name) + ":", 0) == 0) return place;
    if (first.empty() && place.rfind("crash_report", 0) != 0) first = place;
  }
  return first;
}

}  // namespace dialtone
