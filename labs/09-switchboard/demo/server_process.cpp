#include "server_process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "todo.hpp"

namespace switchboard_demo {

const std::array<Variant, 4> variants = {
    Variant{"one", "one at a time", "一次一个", switchboard::serve_one_at_a_time},
    Variant{"threads", "threads", "线程", switchboard::serve_by_threads},
    Variant{"poll", "poll", "poll", switchboard::serve_by_poll},
    Variant{"coroutines", "coroutines", "协程", switchboard::serve_by_coroutines}};

std::vector<std::string> variant_names() {
  std::vector<std::string> names;
  for (const Variant& variant : variants) names.emplace_back(variant.name);
  return names;
}

const Variant& variant_named(const std::string& name) {
  return *std::ranges::find(variants, name, &Variant::name);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw Failure(std::string("getrlimit: ") + std::strerror(errno));
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);  // what came of it
  return limit.rlim_cur;
}

Footprint footprint_of(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  Footprint footprint;
  std::error_code gone;
  const std::filesystem::directory_iterator tasks(folder + "/task", gone);
  footprint.threads = gone ? 0 : static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
  std::ifstream statm(folder + "/statm");
  double size = 0;
  double resident = 0;
  double shared = 0;
  statm >> size >> resident >> shared;
  footprint.anonymous_kib = (resident - shared) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
  return footprint;
}

ServerProcess::ServerProcess(std::string name, std::vector<std::string> command)
    : name_(std::move(name)) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw Failure(std::string("pipe: ") + std::strerror(errno));
  output_.reset(ends[0]);
  {
    const dialtone::FileDescriptor words(ends[1]);  // closed here: its end is the server's end
    dialtone::Command start;
    start.arguments = std::move(command);
    start.descriptors = {{1, words.get()}, {2, words.get()}};
    child_ = std::make_unique<dialtone::Child>(start);
  }
  fcntl(output_.get(), F_SETFL, O_NONBLOCK);

  constexpr std::string_view ready = "listening on ";
  const std::string line = read_line(Deadline::after(milliseconds(5000)));
  if (!line.starts_with(ready)) {
    said_.insert(0, line);  // a complaint
    fail(tr("does not listen", "没有开始监听"));
  }
  address_ = need(socket_basics::parse_address(std::string_view(line).substr(ready.size())));
}

std::string ServerProcess::read_line(Deadline deadline) {
  for (;;) {
    if (const auto end = said_.find('\n'); end != std::string::npos) {
      std::string line = said_.substr(0, end);
      said_.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    const ssize_t count = ::read(output_.get(), buffer, sizeof buffer);
    if (count > 0)
      said_.append(buffer, static_cast<std::size_t>(count));
    else if (count == 0 || errno != EAGAIN ||
             !wait_ready(output_.get(), socket_basics::Direction::readable, deadline))
      return {};
  }
}

void ServerProcess::fail(const std::string& what) {
  std::string words = said_;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  words.erase(0, words.rfind('\n') + 1);
  throw Failure(name_ + ": " + (words.empty() ? what : words));
}

void ServerProcess::ask_to_end() const {
  kill(child_->pid(), SIGTERM);
}

std::string ServerProcess::ended(Deadline deadline) {
  std::string words;
  for (std::string line; !(line = read_line(deadline)).empty();) words += line + '\n';
  words += std::exchange(said_, {});
  const auto ending = child_->wait_for(milliseconds(deadline.milliseconds_left()));
  said_ = words;
  if (!ending) fail(tr("did not end in time", "没有按时结束"));
  if (ending->exit_code != 0 || ending->signal != 0) fail(describe(*ending));
  return words;
}

void ServerProcess::expect_alive() {
  if (!child_->wait_for(milliseconds(0))) return;
  ended(Deadline::after(milliseconds(1000)));
  fail(tr("ended by itself", "自行结束了"));
}

std::vector<std::string> serve_command(const std::string& program, const std::string& variant,
                                       std::size_t callers) {
  return {program,
          "serve",
          "--lang",
          "en",
          "--json",
          "--variant",
          variant,
          "--listen",
          "127.0.0.1:0",
          "--callers",
          std::to_string(callers),
          "--idle",
          "120"};
}

std::string own_program() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

}  // namespace switchboard_demo
