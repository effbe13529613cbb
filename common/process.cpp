#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "exec_filter.hpp"

namespace dialtone {
namespace {

using Milliseconds = std::chrono::milliseconds;

std::runtime_error system_failure(const std::string& what, int code = errno) {
  return std::runtime_error(what + ": " + std::strerror(code));
}

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw system_failure("cannot make a pipe");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// From here to the end of start_in_child only async-signal-safe calls: the parent may have threads.

void limit(int resource, const std::optional<std::uint64_t>& value, std::uint64_t slack = 0) {
  if (!value) return;
  const rlimit bound{static_cast<rlim_t>(*value), static_cast<rlim_t>(*value + slack)};
  setrlimit(static_cast<__rlimit_resource_t>(resource), &bound);
}

/// Puts the wanted descriptors at their numbers and closes all others above 2.
bool arrange_descriptors(std::pair<int, int>* wanted, std::size_t count) {
  int highest = 2;
  for (std::size_t i = 0; i < count; ++i) highest = std::max(highest, wanted[i].first);
  for (std::size_t i = 0; i < count; ++i) {  // out of the way of every wanted number
    wanted[i].second = fcntl(wanted[i].second, F_DUPFD_CLOEXEC, highest + 1);
    if (wanted[i].second < 0) return false;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (dup2(wanted[i].second, wanted[i].first) < 0) return false;
  for (int fd = 3; fd <= highest; ++fd) {
    const bool is_wanted =
        std::any_of(wanted, wanted + count, [fd](const auto& pair) { return pair.first == fd; });
    if (!is_wanted) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  // Marked, not closed: the pipe that reports a failed exec is among them.
  syscall(SYS_close_range, static_cast<unsigned>(highest + 1), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  return true;
}

[[noreturn]] void start_in_child(const Command& command, char* const* arguments,
                                 char* const* environment, std::pair<int, int>* descriptors,
                                 std::size_t count, pid_t parent, int report,
                                 const ExecFilter* filter) {
  const auto give_up = [report](int sign = 1) {
    const int code = sign * errno;
    [[maybe_unused]] const auto written = write(report, &code, sizeof code);
    _exit(127);
  };
  if (command.own_group) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (!arrange_descriptors(descriptors, count)) give_up();
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) give_up();
  limit(RLIMIT_CPU, command.limits.cpu_seconds, 1);
  limit(RLIMIT_AS, command.limits.memory_bytes);
  limit(RLIMIT_FSIZE, command.limits.file_bytes);
  limit(RLIMIT_NOFILE, command.limits.descriptors);
  if (command.limits.cpu_seconds) limit(RLIMIT_CORE, 0);
  if (filter != nullptr) {
    if (!filter->install()) give_up(-1);
    filter->exec();
  } else if (environment != nullptr)
    execvpe(arguments[0], arguments, environment);
  else
    execvp(arguments[0], arguments);
  give_up();
  _exit(127);
}

void read_some(FileDescriptor& from, std::string& into, std::size_t limit) {
  char buffer[16384];
  const ssize_t count = read(from.get(), buffer, sizeof buffer);
  if (count > 0) {
    into.append(buffer, std::min(static_cast<std::size_t>(count), limit - into.size()));
  } else if (count == 0 || errno != EINTR) {
    from.reset();
  }
}

}  // namespace

Child::Child(const Command& command) : own_group_(command.own_group) {
  Pipe report;
  auto arguments = pointers(command.arguments);
  std::vector<char*> environment;
  if (command.environment) environment = pointers(*command.environment);
  auto descriptors = command.descriptors;
  FileDescriptor null;
  if (std::none_of(descriptors.begin(), descriptors.end(),
                   [](const auto& pair) { return pair.first == 0; })) {
    null.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null) descriptors.emplace_back(0, null.get());
  }
  std::optional<ExecFilter> filter;
  if (command.deny_exec)
    filter.emplace(arguments[0], arguments.data(),
                   command.environment ? environment.data() : environ);
  const pid_t self = getpid();
  pid_ = fork();
  if (pid_ < 0) throw system_failure("cannot start " + command.arguments.at(0));
  if (pid_ == 0) {
    start_in_child(command, arguments.data(), command.environment ? environment.data() : nullptr,
                   descriptors.data(), descriptors.size(), self, report.write.get(),
                   filter ? &*filter : nullptr);
  }
  if (own_group_) setpgid(pid_, pid_);
  report.write.reset();
  int code = 0;
  ssize_t count = 0;
  do {
    count = read(report.read.get(), &code, sizeof code);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof code) {
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    if (code < 0)  // the filter was not taken
      throw system_failure(
          "this kernel takes no seccomp filter, without which a program could start another",
          -code);
    throw system_failure("cannot start " + command.arguments.at(0), code);
  }
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0U)));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      own_group_(other.own_group_),
      pidfd_(std::move(other.pidfd_)),
      ending_(other.ending_) {}

Child::~Child() {
  if (pid_ > 0 && !ending_) kill_now();
}

std::optional<Ending> Child::wait_for(Milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!ending_) {
    int status = 0;
    const pid_t done = waitpid(pid_, &status, WNOHANG);
    if (done == pid_) {
      ending_ = Ending{WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0};
      if (own_group_) kill(-pid_, SIGKILL);  // what it left running in its group
      break;
    }
    const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd wait{pidfd_.get(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>(left.count()));
  }
  return ending_;
}

Ending Child::kill_now() {
  if (!ending_) {
    kill(own_group_ ? -pid_ : pid_, SIGKILL);
    kill(pid_, SIGKILL);
    while (!wait_for(std::chrono::seconds(1))) {
    }
  }
  return *ending_;
}

Outcome run(Command command, Milliseconds deadline, std::size_t output_limit) {
  Pipe out;
  Pipe err;
  command.descriptors.emplace_back(1, out.write.get());
  command.descriptors.emplace_back(2, err.write.get());
  Child child(command);
  out.write.reset();
  err.write.reset();

  Outcome outcome;
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (out.read || err.read) {
    const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd waits[] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
    // A grandchild may hold the pipes open: look now and then whether the child itself has ended.
    poll(waits, 2, static_cast<int>(std::min<Milliseconds::rep>(left.count(), 200)));
    if (waits[0].revents != 0) read_some(out.read, outcome.out, output_limit);
    if (waits[1].revents != 0) read_some(err.read, outcome.err, output_limit);
    if (waits[0].revents == 0 && waits[1].revents == 0 && child.wait_for(Milliseconds(0))) break;
  }
  const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
  const auto ending = child.wait_for(std::max(left, Milliseconds(0)));
  outcome.timed_out = !ending;
  outcome.ending = ending ? *ending : child.kill_now();
  return outcome;
}

std::string describe(const Ending& ending) {
  if (ending.signal == 0) return "exit code " + std::to_string(ending.exit_code);
  std::string text = strsignal(ending.signal);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const char* name = sigabbrev_np(ending.signal);
  return (name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(ending.signal)) +
         " (" + text + ")";
}

std::string read_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 65536> piece;
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0)
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  if (!file.eof()) throw system_failure("cannot read " + path.string(), errno == 0 ? EIO : errno);
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::path temporary = path;
  temporary += ".new" + std::to_string(getpid());
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw system_failure("cannot write " + temporary.string());
  std::filesystem::rename(temporary, path);
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dialtone-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw system_failure("cannot make " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // nothing to do about a folder that cannot be removed
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace dialtone
