// Carries lab 04's code for the judge. Texts that may hold any byte travel as hex or as the
// payload. Beside the student's functions it does what the judge cannot do to another process: put
// descriptors at numbers, set the signals, the environment and the directory, and start and collect
// children without the student's code.
#include "shim.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <stdexcept>
#include <utility>

#include "hex.hpp"
#include "program_and_process.hpp"

namespace {

using namespace program_and_process;
using dialtone::Answer;
using dialtone::FileDescriptor;
using dialtone::Message;
using lab04::from_hex;
using lab04::to_hex;
using nlohmann::json;

// --- answers ---

json value(json what) {
  return {{"value", std::move(what)}};
}

json failed(const Error& error) {
  constexpr const char* names[] = {"not_found", "not_executable", "timed_out",
                                   "gone",      "malformed",      "system"};
  const auto kind = static_cast<std::size_t>(error.kind);
  return {{"error",
           {{"kind", kind < std::size(names) ? names[kind] : "?"},
            {"code", error.code},
            {"message", to_hex(error.message)}}}};
}

json fields_of(pid_t pid) {
  return pid;
}

json fields_of(const Ending& ending) {
  constexpr const char* names[] = {"exited", "killed", "stopped", "continued"};
  const auto how = static_cast<std::size_t>(ending.how);
  return {{"how", how < std::size(names) ? names[how] : "?"},
          {"value", ending.value},
          {"core", ending.core}};
}

json fields_of(const Stat& stat) {
  return {{"pid", stat.pid},
          {"name", to_hex(stat.name)},
          {"state", to_hex(std::string(1, stat.state))},
          {"parent", stat.parent},
          {"group", stat.group},
          {"session", stat.session},
          {"user_ticks", stat.user_ticks},
          {"system_ticks", stat.system_ticks},
          {"threads", stat.threads},
          {"start_ticks", stat.start_ticks},
          {"virtual_bytes", stat.virtual_bytes},
          {"resident_pages", stat.resident_pages}};
}

json fields_of(const Status& status) {
  json fields = {{"name", to_hex(status.name)},
                 {"state", to_hex(std::string(1, status.state))},
                 {"pid", status.pid},
                 {"parent", status.parent},
                 {"real_user", status.real_user},
                 {"effective_user", status.effective_user},
                 {"threads", status.threads},
                 {"resident_bytes", nullptr},
                 {"voluntary_switches", status.voluntary_switches},
                 {"involuntary_switches", status.involuntary_switches}};
  if (status.resident_bytes) fields["resident_bytes"] = *status.resident_bytes;
  return fields;
}

json fields_of(const Mapping& mapping) {
  return {{"begin", mapping.begin},
          {"end", mapping.end},
          {"readable", mapping.readable},
          {"writable", mapping.writable},
          {"executable", mapping.executable},
          {"shared", mapping.shared},
          {"offset", mapping.offset},
          {"device_major", mapping.device_major},
          {"device_minor", mapping.device_minor},
          {"inode", mapping.inode},
          {"path", to_hex(mapping.path)}};
}

template <class T>
json fields_of(const std::vector<T>& list) {
  json fields = json::array();
  for (const T& one : list) fields.push_back(fields_of(one));
  return fields;
}

template <class T>
json told(const Result<T>& result) {
  return result ? value(fields_of(*result)) : failed(result.error());
}

// --- requests ---

std::vector<std::string> strings(const json& list) {
  std::vector<std::string> texts;
  for (const json& one : list) texts.push_back(from_hex(one.get<std::string>()));
  return texts;
}

Program program_of(const json& fields) {
  Program program;
  program.arguments = strings(fields.at("arguments"));
  if (fields.contains("environment")) program.environment = strings(fields["environment"]);
  for (const json& one : fields.at("redirections"))
    program.redirections.push_back({one.at(0).get<int>(), one.at(1).get<int>()});
  return program;
}

Deadline deadline_of(const Message& request) {
  return Deadline::after(std::chrono::milliseconds(request.body.at("milliseconds").get<int>()));
}

Answer spawn_it(Message& request) {
  return {told(spawn(program_of(request.body.at("program"))))};
}

Answer pipeline(Message& request) {
  std::vector<Program> programs;
  for (const json& one : request.body.at("programs")) programs.push_back(program_of(one));
  return {told(start_pipeline(programs, request.body.at("in").get<int>(),
                              request.body.at("out").get<int>()))};
}

Answer decode(Message& request) {
  json endings = json::array();
  for (const json& status : request.body.at("statuses"))
    endings.push_back(fields_of(decode_status(status.get<int>())));
  return {value(std::move(endings))};
}

Answer wait_one(Message& request) {
  return {told(wait_for(request.body.at("pid").get<pid_t>(), deadline_of(request)))};
}

Answer wait_all(Message& request) {
  const auto children = request.body.at("pids").get<std::vector<pid_t>>();
  return {told(wait_for_all(children, deadline_of(request)))};
}

/// A parser on each of several texts, which follow each other in the payload. Each is given in a
/// block of just its size.
template <class Parse>
Answer parsed(const Message& request, Parse parse) {
  json results = json::array();
  std::size_t begin = 0;
  for (const json& one : request.body.at("lengths")) {
    const auto length = one.get<std::size_t>();
    const std::string_view piece = std::string_view(request.payload).substr(begin, length);
    const std::vector<char> text(piece.begin(), piece.end());
    results.push_back(told(parse(std::string_view(text.data(), text.size()))));
    begin += length;
  }
  return {value(std::move(results))};
}

Answer stats(Message& request) {
  return parsed(request, parse_stat);
}

Answer statuses(Message& request) {
  return parsed(request, parse_status);
}

Answer maps(Message& request) {
  return parsed(request, parse_maps);
}

Answer file_of_proc(Message& request) {
  const auto text =
      read_proc(request.body.at("pid").get<pid_t>(), request.body.at("file").get<std::string>(),
                request.body.at("root").get<std::string>());
  if (!text) return {failed(text.error())};
  Answer answer{value(nullptr)};
  answer.payload = *text;
  return answer;
}

Answer table(Message& request) {
  return {told(process_table(request.body.at("root").get<std::string>()))};
}

// --- what surrounds a call ---

constexpr int first_received = 430;  // out of the way of every number that the judge places
constexpr int first_saved = 460;

/// What was at the numbers where the judge has placed something: a copy, or -1.
std::map<int, FileDescriptor>& saved() {
  static std::map<int, FileDescriptor> descriptors;
  return descriptors;
}

void save(int number) {
  if (!saved().contains(number))
    saved()[number] = FileDescriptor(::fcntl(number, F_DUPFD_CLOEXEC, first_saved));
}

/// Puts copies of the descriptors sent along at numbers ("places": [which, number, close-on-exec])
/// and closes others ("close"), until "unplace".
Answer place(Message& request) {
  for (FileDescriptor& one : request.descriptors)
    one.reset(::fcntl(one.get(), F_DUPFD_CLOEXEC, first_received));
  for (const json& one : request.body.at("places")) {
    const int from = request.descriptors.at(one.at(0).get<std::size_t>()).get();
    const int number = one.at(1).get<int>();
    save(number);
    if (::dup3(from, number, one.at(2).get<bool>() ? O_CLOEXEC : 0) < 0)
      throw std::runtime_error("shim: cannot place a descriptor at " + std::to_string(number));
  }
  for (const json& one : request.body.at("close")) {
    save(one.get<int>());
    ::close(one.get<int>());
  }
  request.descriptors.clear();
  return {value(nullptr)};
}

Answer unplace(Message& /*request*/) {
  for (auto& [number, before] : saved()) {
    if (before)
      ::dup2(before.get(), number);
    else
      ::close(number);
  }
  saved().clear();
  return {value(nullptr)};
}

Answer set_environment(Message& request) {
  ::clearenv();
  ::setenv("A", "", 1);  // else `environ` would be null where there is no variable
  ::unsetenv("A");
  for (const std::string& one : strings(request.body.at("environment"))) {
    const std::size_t equals = one.find('=');
    ::setenv(one.substr(0, equals).c_str(), one.substr(equals + 1).c_str(), 1);
  }
  return {value(nullptr)};
}

Answer set_directory(Message& request) {
  if (::chdir(request.body.at("directory").get<std::string>().c_str()) != 0)
    throw std::runtime_error("shim: cannot change the directory");
  return {value(nullptr)};
}

/// Every signal but the one by which the judge interrupts: blocked, ignored, handled as the request
/// says.
Answer set_signals(Message& request) {
  const auto blocked = request.body.at("blocked").get<std::vector<int>>();
  const auto ignored = request.body.at("ignored").get<std::vector<int>>();
  const auto handled = request.body.at("handled").get<std::vector<int>>();
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : blocked) sigaddset(&mask, signal);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    const auto among = [signal](const std::vector<int>& list) {
      return std::find(list.begin(), list.end(), signal) != list.end();
    };
    if (signal == SIGKILL || signal == SIGSTOP || signal == SIGUSR1) continue;
    if (sigaction(signal, nullptr, &action) != 0) continue;
    if (among(ignored))
      action.sa_handler = SIG_IGN;
    else if (among(handled))
      action.sa_handler = [](int) {};
    else if ((action.sa_flags & SA_ONSTACK) != 0)  // the crash report's
      continue;
    else
      action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  return {value(nullptr)};
}

/// Starts a program without the student's code.
Answer start(Message& request) {
  std::vector<std::string> arguments = strings(request.body.at("arguments"));
  std::vector<char*> pointers;
  for (std::string& one : arguments) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::fcntl(dialtone::channel_number, F_SETFD, FD_CLOEXEC);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  if (child < 0) throw std::runtime_error("shim: cannot fork");
  return {value(child)};
}

/// Collects a child without the student's code: its raw status, or null where it is none.
Answer collect(Message& request) {
  const auto child = request.body.at("pid").get<pid_t>();
  int status = 0;
  pid_t found = 0;
  do found = ::waitpid(child, &status, 0);
  while (found < 0 && errno == EINTR);
  return {value(found == child ? json(status) : json(nullptr))};
}

}  // namespace

int main() {
  return dialtone::run_shim({{"spawn", spawn_it},
                             {"start_pipeline", pipeline},
                             {"decode_status", decode},
                             {"wait_for", wait_one},
                             {"wait_for_all", wait_all},
                             {"parse_stat", stats},
                             {"parse_status", statuses},
                             {"parse_maps", maps},
                             {"read_proc", file_of_proc},
                             {"process_table", table},
                             {"place", place},
                             {"unplace", unplace},
                             {"set_environment", set_environment},
                             {"set_directory", set_directory},
                             {"set_signals", set_signals},
                             {"start", start},
                             {"collect", collect}});
}
