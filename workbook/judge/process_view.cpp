#include "process_view.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "process.hpp"

namespace dialtone {

bool under_sanitizers() {
#ifdef DIALTONE_SANITIZED_BUILD
  return true;
#else
  return std::getenv("DIALTONE_SANITIZED") != nullptr;
#endif
}

std::string proc_file(pid_t process, const std::string& name) {
  try {
    return read_file("/proc/" + std::to_string(process) + "/" + name);
  } catch (const std::runtime_error&) {
    return "";
  }
}

std::uint64_t memory_of(pid_t process, const std::string& field) {
  if (under_sanitizers()) return 0;
  std::istringstream lines(proc_file(process, "status"));
  std::string name;
  std::uint64_t kilobytes = 0;  // "VmHWM:      3432 kB", proc(5)
  while (lines >> name && name != field + ":")
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  return lines >> kilobytes ? kilobytes * 1024 : 0;
}

std::vector<std::string> descriptors_of(pid_t process) {
  std::vector<std::pair<int, std::string>> found;
  const std::filesystem::path folder = "/proc/" + std::to_string(process) + "/fd";
  std::error_code vanished;
  for (const auto& entry : std::filesystem::directory_iterator(folder, vanished)) {
    const auto target = std::filesystem::read_symlink(entry.path(), vanished);
    if (!vanished) found.emplace_back(std::stoi(entry.path().filename().string()), target.string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> lines;
  for (const auto& [number, target] : found) lines.push_back(std::to_string(number) + " " + target);
  return lines;
}

std::vector<int> threads_of(pid_t process) {
  std::vector<int> found;
  const std::filesystem::path folder = "/proc/" + std::to_string(process) + "/task";
  std::error_code vanished;
  for (const auto& entry : std::filesystem::directory_iterator(folder, vanished))
    found.push_back(std::stoi(entry.path().filename().string()));
  return found;
}

bool is_asleep(pid_t process) {
  const std::vector<int> threads = threads_of(process);
  return std::all_of(threads.begin(), threads.end(), [&](int thread) {
    return proc_file(process, "task/" + std::to_string(thread) + "/status").find("\nState:\tS") !=
           std::string::npos;
  });
}

std::chrono::nanoseconds processor_time_of(pid_t process) {
  std::int64_t total = 0;
  for (const int thread : threads_of(process)) {
    // "on_cpu waiting slices", the first two in nanoseconds
    std::istringstream text(proc_file(process, "task/" + std::to_string(thread) + "/schedstat"));
    std::int64_t on_cpu = 0;
    if (text >> on_cpu) total += on_cpu;
  }
  return std::chrono::nanoseconds(total);
}

void wait_until_asleep(pid_t process) {
  constexpr int on_end = 5;  // one look may meet it between two steps
  constexpr std::chrono::milliseconds enough{50};
  const auto before = processor_time_of(process);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  for (int looks = 0; looks < on_end && processor_time_of(process) - before < enough &&
                      std::chrono::steady_clock::now() < end;
       ::poll(nullptr, 0, 1))
    looks = is_asleep(process) ? looks + 1 : 0;
}

void each_tcp_socket(const char* table, std::string_view text,
                     const std::function<bool(const TcpSocket&)>& look) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);  // the columns' names
  while (std::getline(lines, line)) {
    if (line.find(text) == std::string::npos) continue;
    std::istringstream columns(line);
    std::string slot, timer, retransmits, user, timeout;
    TcpSocket found;
    columns >> slot >> found.local >> found.remote >> found.state >> found.queues >> timer >>
        retransmits >> user >> timeout >> found.inode;
    if (columns && !look(found)) return;
  }
}

}  // namespace dialtone
