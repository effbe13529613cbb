#include "program_and_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

namespace program_and_process {
namespace {

using Kind = Error::Kind;

tl::unexpected<Error> failed(Kind kind, const std::string& tried, int code) {
  return tl::unexpected(Error{kind, code, tried + ": " + std::strerror(code)});
}

tl::unexpected<Error> malformed(std::string message) {
  return tl::unexpected(Error{Kind::malformed, 0, std::move(message)});
}

// --- starting: what the parent makes ready -----------------------------------------------------

/// The strings as exec takes them: pointers, the last of them null. They point into `strings`.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (const std::string& text : strings) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

/// The files that a program's name may mean, in the order in which they are tried. An empty part
/// of PATH is the working directory (POSIX, 8.3).
std::vector<std::string> candidates(const std::string& name) {
  if (name.find('/') != std::string::npos || name.empty()) return {name};
  const char* set = std::getenv("PATH");
  std::string_view path = set != nullptr ? set : "/bin:/usr/bin";
  std::vector<std::string> files;
  for (;;) {
    const std::size_t colon = path.find(':');
    const std::string_view part = path.substr(0, colon);
    files.push_back(part.empty() ? "./" + name : std::string(part) + "/" + name);
    if (colon == std::string_view::npos) return files;
    path.remove_prefix(colon + 1);
  }
}

/// What the child says when it does not get as far as the program.
struct Complaint {
  int redirection;  ///< which one failed, or -1: the exec
  int code;         ///< errno
};

/// All that the child needs, made ready by the parent: after the fork nothing is allocated.
struct Plan {
  std::vector<std::string> files;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::span<const Redirection> redirections;
  std::vector<int> copies;  ///< room for the child, one for each redirection
  int complaints = -1;      ///< where it writes its Complaint: a pipe's end
};

// --- starting: what the child does, by calls that signal-safety(7) names -----------------------

[[noreturn]] void complain(int pipe, int redirection, int code) {
  const Complaint complaint{redirection, code};
  while (::write(pipe, &complaint, sizeof complaint) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

bool is_wanted(int number, std::span<const Redirection> redirections) {
  for (const Redirection& one : redirections)
    if (one.child == number) return true;
  return false;
}

/// A copy of the descriptor that is closed by the exec, at a number that is neither a standard one
/// nor any that a redirection will take; -1 where there is none.
int copy_aside(int descriptor, std::span<const Redirection> redirections) {
  for (int from = 3;;) {
    const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, from);
    if (copy < 0 || !is_wanted(copy, redirections)) return copy;
    from = copy + 1;  // the one in the way is taken by its redirection later
  }
}

void close_on_exec_all_above_2() {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  const long most = ::sysconf(_SC_OPEN_MAX);  // a kernel before 5.11
  for (int number = 3; number < most; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

/// The handlers of the parent are not the child's: it must not run one of them before the exec.
void forget_handlers() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_IGN && signal != SIGPIPE) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(Plan& plan) {
  const int complaints = copy_aside(plan.complaints, plan.redirections);
  if (complaints < 0) complain(plan.complaints, -1, errno);

  // First a copy of each, then each to its place: none is overwritten before it was read.
  for (std::size_t i = 0; i < plan.redirections.size(); ++i) {
    plan.copies[i] = copy_aside(plan.redirections[i].parent, plan.redirections);
    if (plan.copies[i] < 0) complain(complaints, static_cast<int>(i), errno);
  }
  close_on_exec_all_above_2();
  for (int number = 0; number <= 2; ++number) {
    const int flags = ::fcntl(number, F_GETFD);
    if (flags > 0) ::fcntl(number, F_SETFD, flags & ~FD_CLOEXEC);
  }
  for (std::size_t i = 0; i < plan.redirections.size(); ++i)
    if (::dup2(plan.copies[i], plan.redirections[i].child) < 0)
      complain(complaints, static_cast<int>(i), errno);

  forget_handlers();
  int code = ENOENT;
  for (const std::string& file : plan.files) {
    ::execve(file.c_str(), plan.arguments.data(), plan.environment.data());
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    if (!missing || code != EACCES) code = errno;
    if (!missing && code != EACCES) break;  // one that may not be run hides none behind it
  }
  complain(complaints, -1, code);
}

// --- starting: the parent ------------------------------------------------------------------------

Kind kind_of_exec(int code) {
  if (code == ENOENT || code == ENOTDIR) return Kind::not_found;
  return code == EACCES || code == ENOEXEC ? Kind::not_executable : Kind::system;
}

/// waitpid that no signal interrupts.
pid_t collect(pid_t child, int* status, int options) {
  pid_t found = 0;
  do found = ::waitpid(child, status, options);
  while (found < 0 && errno == EINTR);
  return found;
}

/// Ends a child that nobody is to know of.
void kill_and_collect(pid_t child) {
  ::kill(child, SIGKILL);
  collect(child, nullptr, 0);
}

/// The child's complaint, or nothing once the exec has closed its end of the pipe.
//! [hear]
std::optional<Complaint> hear(int pipe) {
  Complaint complaint{};
  ssize_t count = 0;  // as short as it is, a pipe gives it whole (pipe(7): PIPE_BUF)
  do count = ::read(pipe, &complaint, sizeof complaint);
  while (count < 0 && errno == EINTR);
  if (count == sizeof complaint) return complaint;
  return std::nullopt;
}
//! [hear]

/// A pipe, its reading end first. Neither is 0, 1 or 2, which a child inherits: where one of them
/// is closed in this process, it is closed in the child.
Result<std::array<Descriptor, 2>> make_pipe() {
  int numbers[2];
  if (::pipe2(numbers, O_CLOEXEC) != 0) return failed(Kind::system, "pipe", errno);
  std::array<Descriptor, 2> ends{Descriptor(numbers[0]), Descriptor(numbers[1])};
  for (Descriptor& end : ends) {
    if (end.get() > 2) continue;
    const int above = ::fcntl(end.get(), F_DUPFD_CLOEXEC, 3);
    if (above < 0) return failed(Kind::system, "pipe", errno);
    end = Descriptor(above);
  }
  return ends;
}

tl::unexpected<Error> failed_redirection(const Program& program, std::size_t which, int code) {
  const Redirection& one = program.redirections[which];
  return failed(Kind::system,
                "redirect " + std::to_string(one.child) + " to " + std::to_string(one.parent) +
                    " for " + program.arguments.front(),
                code);
}

/// Looks whether there is something to start, and whether all that it is to inherit is open. To be
/// asked before anything is opened here: a number that is free now may have our own pipe behind it
/// later.
Result<void> look_over(const Program& program) {
  if (program.arguments.empty()) return failed(Kind::system, "exec", EINVAL);
  for (std::size_t i = 0; i < program.redirections.size(); ++i)
    if (::fcntl(program.redirections[i].parent, F_GETFD) < 0)
      return failed_redirection(program, i, errno);
  return {};
}

/// No signal comes while it lives: a handler of the parent's must not run in the child.
class Undisturbed {
 public:
  Undisturbed() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;
  ~Undisturbed() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Result<pid_t> spawn(const Program& program) {
  if (const auto sound = look_over(program); !sound) return tl::unexpected(sound.error());
  const std::string& name = program.arguments.front();
  auto pipe = make_pipe();
  if (!pipe) return tl::unexpected(pipe.error());
  auto& [heard, told] = *pipe;

  Plan plan;
  plan.files = candidates(name);
  plan.arguments = pointers(program.arguments);
  if (program.environment) {
    plan.environment = pointers(*program.environment);
  } else {  // environ is null after clearenv(3)
    for (char** one = environ; one != nullptr && *one != nullptr; ++one)
      plan.environment.push_back(*one);
    plan.environment.push_back(nullptr);
  }
  plan.redirections = program.redirections;
  plan.copies.resize(program.redirections.size());
  plan.complaints = told.get();

  pid_t child = -1;
  int code = 0;
  {
    const Undisturbed until_forked;
    child = ::fork();
    code = errno;
    if (child == 0) become(plan);
  }
  if (child < 0) return failed(Kind::system, "fork for " + name, code);

  told = Descriptor();  // else the end of file would never come
  const auto complaint = hear(heard.get());
  if (!complaint) return child;
  collect(child, nullptr, 0);
  if (complaint->redirection < 0)
    return failed(kind_of_exec(complaint->code), "exec " + name, complaint->code);
  return failed_redirection(program, static_cast<std::size_t>(complaint->redirection),
                            complaint->code);
}

Result<std::vector<pid_t>> start_pipeline(std::span<const Program> programs, int in, int out) {
  if (programs.empty()) return failed(Kind::system, "start an empty pipeline", EINVAL);
  std::vector<pid_t> started;
  const auto give_up = [&started](Error error) {
    for (const pid_t child : started) kill_and_collect(child);
    return tl::unexpected(std::move(error));
  };

  std::vector<Result<void>> sound;
  for (const Program& program : programs) sound.push_back(look_over(program));
  Descriptor previous;  // where the next program reads
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (!sound[i]) return give_up(sound[i].error());
    std::array<Descriptor, 2> pipe;
    if (i + 1 < programs.size()) {
      auto made = make_pipe();
      if (!made) return give_up(made.error());
      pipe = std::move(*made);
    }
    const int source = i == 0 ? in : previous.get();
    const int sink = i + 1 == programs.size() ? out : pipe[1].get();
    Program program = programs[i];
    auto& redirections = program.redirections;
    if (sink >= 0) redirections.insert(redirections.begin(), {1, sink});
    if (source >= 0) redirections.insert(redirections.begin(), {0, source});
    const auto child = spawn(program);
    if (!child) return give_up(child.error());
    started.push_back(*child);
    previous = std::move(pipe[0]);
  }
  return started;
}

// --- waiting -------------------------------------------------------------------------------------

//! [decode_status]
Ending decode_status(int status) {
  const int low = status & 0x7f;
  const int high = (status >> 8) & 0xff;
  if (low == 0) return {Ending::How::exited, high, false};
  if (status == 0xffff) return {Ending::How::continued, 0, false};
  if (low == 0x7f) return {Ending::How::stopped, high, false};
  return {Ending::How::killed, low, (status & 0x80) != 0};
}
//! [decode_status]

//! [wait_for]
Result<Ending> wait_for(pid_t child, Deadline deadline) {
  const std::string tried = "wait for process " + std::to_string(child);
  if (child <= 0) return failed(Kind::gone, tried, ECHILD);  // waitpid would take any child
  Descriptor pidfd;
  for (bool over = false;; over = deadline.milliseconds_left() == 0) {
    int status = 0;
    const pid_t found = collect(child, &status, WNOHANG);
    if (found < 0) return failed(errno == ECHILD ? Kind::gone : Kind::system, tried, errno);
    if (found == child) return decode_status(status);
    if (over) return failed(Kind::timed_out, tried, ETIMEDOUT);
    if (!pidfd) pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (!pidfd && errno != ENOSYS)
      return failed(errno == ESRCH ? Kind::gone : Kind::system, tried, errno);
    // On a kernel before 5.3 there is none, poll passes over -1, and we look again after a while.
    pollfd ended{pidfd.get(), POLLIN, 0};
    const int left = deadline.milliseconds_left();
    if (::poll(&ended, 1, pidfd ? left : std::min(left, 20)) < 0 && errno != EINTR)
      return failed(Kind::system, tried, errno);
  }
}
//! [wait_for]

Result<std::vector<Ending>> wait_for_all(std::span<const pid_t> children, Deadline deadline) {
  std::vector<Ending> endings;
  std::optional<Error> first;
  for (const pid_t child : children) {
    const auto ending = wait_for(child, deadline);
    if (ending) {
      endings.push_back(*ending);
      continue;
    }
    // Not collected, so that its number is still its own.
    if (ending.error().kind == Kind::timed_out) kill_and_collect(child);
    if (!first) first = ending.error();
  }
  if (first) return tl::unexpected(*first);
  return endings;
}

// --- /proc: texts --------------------------------------------------------------------------------

namespace {

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stop == end;
}

/// Takes the text up to the next `separator` off its front; all of it where there is none.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

/// The text with each `from` turned into `to`, read from left to right.
std::string turned_back(std::string_view text,
                        std::initializer_list<std::pair<std::string_view, char>> escapes) {
  std::string plain;
  while (!text.empty()) {
    const auto escape = std::find_if(escapes.begin(), escapes.end(), [text](const auto& one) {
      return text.starts_with(one.first);
    });
    const bool found = escape != escapes.end();
    plain += found ? escape->second : text.front();
    text.remove_prefix(found ? escape->first.size() : 1);
  }
  return plain;
}

/// The fields of a stat after the name, from the third on.
class StatFields {
 public:
  explicit StatFields(std::string_view rest) : rest_(rest) {}

  /// Goes on to that field and reads its number; false, with the complaint made, where it is none.
  template <class Number>
  bool number(int field, Number& value) {
    const std::string_view text = this->text(field);
    if (complaint_.empty() && !read_number(text, value))
      complaint_ = "stat: field " + std::to_string(field) + ": " + std::string(text);
    return complaint_.empty();
  }

  std::string_view text(int field) {
    std::string_view text;
    for (; next_ <= field; ++next_) {
      text = take(rest_, ' ');
      if (text.empty() && complaint_.empty())
        complaint_ = "stat: no field " + std::to_string(next_);
    }
    return text;
  }

  const std::string& complaint() const { return complaint_; }

 private:
  std::string_view rest_;
  int next_ = 3;
  std::string complaint_;
};

}  // namespace

Result<Stat> parse_stat(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return malformed("stat: no name");
  Stat stat;
  const std::string_view pid = text.substr(0, open);
  if (!pid.ends_with(' ') || !read_number(pid.substr(0, pid.size() - 1), stat.pid))
    return malformed("stat: field 1: " + std::string(pid));
  stat.name = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  if (!rest.starts_with(' ')) return malformed("stat: no field 3");
  rest.remove_prefix(1);

  StatFields fields(rest);
  const std::string_view state = fields.text(3);
  if (fields.complaint().empty() && state.size() != 1)
    return malformed("stat: field 3: " + std::string(state));
  if (!state.empty()) stat.state = state.front();
  const bool read = fields.number(4, stat.parent) && fields.number(5, stat.group) &&
                    fields.number(6, stat.session) && fields.number(14, stat.user_ticks) &&
                    fields.number(15, stat.system_ticks) && fields.number(20, stat.threads) &&
                    fields.number(22, stat.start_ticks) && fields.number(23, stat.virtual_bytes) &&
                    fields.number(24, stat.resident_pages);
  if (!read) return malformed(fields.complaint());
  return stat;
}

namespace {

std::string_view without_leading_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

template <class Number>
bool read_value(std::string_view value, Number& number) {
  return read_number(without_leading_blanks(value), number);
}

bool read_users(std::string_view value, Status& status) {
  value = without_leading_blanks(value);
  return read_number(take(value, '\t'), status.real_user) &&
         read_number(take(value, '\t'), status.effective_user);
}

bool read_resident(std::string_view value, Status& status) {
  std::uint64_t kilobytes = 0;
  if (!value.ends_with(" kB") || !read_value(value.substr(0, value.size() - 3), kilobytes) ||
      kilobytes > std::numeric_limits<std::uint64_t>::max() / 1024)
    return false;
  status.resident_bytes = kilobytes * 1024;
  return true;
}

/// A line of a status that is looked at.
struct StatusLine {
  std::string_view name;
  bool required;
  bool (*read)(std::string_view value, Status& status);
};

constexpr StatusLine status_lines[] = {
    {"Name", true,
     [](std::string_view value, Status& status) {
       status.name = turned_back(value, {{"\\n", '\n'}, {"\\\\", '\\'}});
       return true;
     }},
    {"State", true,
     [](std::string_view value, Status& status) {
       value = without_leading_blanks(value);
       if (value.empty()) return false;
       status.state = value.front();
       return value.size() == 1 || value[1] == ' ';
     }},
    {"Pid", true, [](std::string_view value, Status& s) { return read_value(value, s.pid); }},
    {"PPid", true, [](std::string_view value, Status& s) { return read_value(value, s.parent); }},
    {"Uid", true, read_users},
    {"Threads", true,
     [](std::string_view value, Status& s) { return read_value(value, s.threads); }},
    {"VmRSS", false, read_resident},
    {"voluntary_ctxt_switches", true,
     [](std::string_view value, Status& s) { return read_value(value, s.voluntary_switches); }},
    {"nonvoluntary_ctxt_switches", true,
     [](std::string_view value, Status& s) { return read_value(value, s.involuntary_switches); }},
};

}  // namespace

Result<Status> parse_status(std::string_view text) {
  Status status;
  std::array<bool, std::size(status_lines)> seen{};
  while (!text.empty()) {
    std::string_view value = take(text, '\n');
    const std::string_view name = take(value, ':');
    if (value.starts_with('\t')) value.remove_prefix(1);
    for (std::size_t i = 0; i < std::size(status_lines); ++i) {
      if (status_lines[i].name != name) continue;
      seen[i] = true;
      if (!status_lines[i].read(value, status))
        return malformed("status: " + std::string(name) + ": " + std::string(value));
    }
  }
  for (std::size_t i = 0; i < std::size(status_lines); ++i)
    if (status_lines[i].required && !seen[i])
      return malformed("status: no " + std::string(status_lines[i].name));
  return status;
}

namespace {

/// "r-xp"
bool read_permissions(std::string_view text, Mapping& mapping) {
  if (text.size() != 4) return false;
  const auto either = [text](std::size_t at, char yes, char no, bool& value) {
    value = text[at] == yes;
    return value || text[at] == no;
  };
  return either(0, 'r', '-', mapping.readable) && either(1, 'w', '-', mapping.writable) &&
         either(2, 'x', '-', mapping.executable) && either(3, 's', 'p', mapping.shared);
}

/// "7f0c1000-7f0c3000 r-xp 00001000 08:01 1234      /usr/lib/x.so"
bool read_mapping(std::string_view line, Mapping& mapping) {
  std::string_view addresses = take(line, ' ');
  const std::string_view permissions = take(line, ' ');
  const std::string_view offset = take(line, ' ');
  std::string_view device = take(line, ' ');
  const std::string_view inode = take(line, ' ');
  const std::string_view begin = take(addresses, '-');
  const std::string_view major = take(device, ':');
  mapping.path = turned_back(without_leading_blanks(line), {{"\\012", '\n'}});
  return read_number(begin, mapping.begin, 16) && read_number(addresses, mapping.end, 16) &&
         read_permissions(permissions, mapping) && read_number(offset, mapping.offset, 16) &&
         read_number(major, mapping.device_major, 16) &&
         read_number(device, mapping.device_minor, 16) && read_number(inode, mapping.inode);
}

}  // namespace

Result<std::vector<Mapping>> parse_maps(std::string_view text) {
  std::vector<Mapping> mappings;
  while (!text.empty()) {
    const std::string_view line = take(text, '\n');
    Mapping mapping;
    if (!read_mapping(line, mapping))
      return malformed("maps: line " + std::to_string(mappings.size() + 1) + ": " +
                       std::string(line));
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

// --- /proc: files --------------------------------------------------------------------------------

Result<std::string> read_proc(pid_t pid, std::string_view file, const std::string& root) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  const std::string path = root + "/" + std::to_string(pid) + "/" + std::string(file);
  const auto failure = [&path](int code) {
    return failed(code == ENOENT || code == ESRCH ? Kind::gone : Kind::system, "read " + path,
                  code);
  };
  int number = -1;
  do number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (number < 0 && errno == EINTR);
  if (number < 0) return failure(errno);
  const Descriptor opened(number);

  std::string text;
  for (std::size_t filled = 0;;) {
    text.resize(std::min(most + 1, std::max<std::size_t>(4096, 2 * filled)));
    const ssize_t count = ::read(number, text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(errno);
    filled += static_cast<std::size_t>(count);
    if (filled > most) return failure(EFBIG);
    if (count > 0) continue;
    text.resize(filled);
    return text;
  }
}

Result<std::vector<Stat>> process_table(const std::string& root) {
  const auto failure = [&root](int code) { return failed(Kind::system, "list " + root, code); };
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(root.c_str()), ::closedir);
  if (!directory) return failure(errno);
  std::vector<Stat> table;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return failure(errno);
    if (entry == nullptr) break;
    pid_t pid = 0;
    const std::string_view name = entry->d_name;
    if (name.find_first_not_of("0123456789") != std::string_view::npos || !read_number(name, pid))
      continue;
    const auto text = read_proc(pid, "stat", root);
    if (!text && text.error().kind == Kind::gone) continue;
    if (!text) return tl::unexpected(text.error());
    auto stat = parse_stat(*text);
    if (!stat) return tl::unexpected(stat.error());
    table.push_back(std::move(*stat));
  }
  std::sort(table.begin(), table.end(), [](const Stat& a, const Stat& b) { return a.pid < b.pid; });
  return table;
}

}  // namespace program_and_process
