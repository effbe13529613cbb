// phone-call: the course's phone call over TCP or UDP, from one end, from the other, or from both
// beside each other; then what differs between the two, each thing really played.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "call_differences.hpp"
#include "command_line.hpp"
#include "language.hpp"
#include "phone_call.hpp"
#include "terminal.hpp"
#include "todo.hpp"

namespace {

using namespace phone_call_demo;
using nlohmann::json;

struct Options {
  bool tcp = true;
  std::string role = "both";
  Address address;
  std::string say = "我是客户端";
  std::string reply = "我是服务端";
  std::size_t calls = 1;  ///< 0: until Ctrl-C
  double seconds = 30;
  bool as_json = false;

  Deadline deadline() const {
    return Deadline::after(milliseconds(static_cast<int>(seconds * 1000)));
  }
};

/// One JSON object a line; bytes that are not UTF-8 are replaced.
void print_json(const json& object) {
  std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

json talk_fields(const Talk& talk) {
  return {{"peer", to_string(talk.peer)}, {"heard", talk.heard}, {"full_length", talk.full_length}};
}

// --- one end ---

Descriptor open_server(const Options& options, const Narrator& tell = {}) {
  auto opened =
      options.tcp ? wait_for_calls(options.address, tell) : open_udp(options.address, tell);
  if (!opened && opened.error().code == EADDRINUSE)
    throw Failure(text("cannot listen on ", "无法监听 ") + to_string(options.address) +
                  text(": another program has that port; give another --address, or find it with ",
                       "：端口已被别的程序占用；请换一个 --address，或用它找出占用者：") +
                  (options.tcp ? "ss -ltnp" : "ss -lunp"));
  return need(std::move(opened));
}

Result<Talk> serve_once(const Options& options, int socket, const Narrator& tell) {
  return options.tcp ? answer_tcp(socket, options.reply, options.deadline(), tell)
                     : answer_udp(socket, options.reply, options.deadline(), tell);
}

Result<Talk> place_call(const Options& options, const Narrator& tell = {}) {
  return options.tcp ? call_tcp(options.address, options.say, options.deadline(), tell)
                     : call_udp(options.address, options.say, options.deadline(), tell);
}

/// A caller that fails costs its own call only; the server goes on.
int serve(const Options& options) {
  const Descriptor socket = open_server(options);
  const std::string here = to_string(need(socket_basics::local_address(socket.get())));
  if (options.as_json)
    print_json({{"listening", here}});
  else
    std::cout << tr("listening on ", "正在监听 ") << here << std::endl;
  for (std::size_t served = 0; options.calls == 0 || served < options.calls;) {
    Step last = Step::phone;
    const auto talk = serve_once(options, socket.get(), [&](const Event& e) { last = e.step; });
    const bool nobody_called = !talk && talk.error().kind == Error::Kind::timed_out &&
                               last == (options.tcp ? Step::answer : Step::listen);
    if (nobody_called && options.calls == 0) continue;
    if (nobody_called) throw Failure(tr("nobody called in time", "时限内没有人打来"));
    if (!talk) {
      std::cerr << "phone-call: " << talk.error().message << std::endl;
      continue;
    }
    ++served;
    if (options.as_json)
      print_json(talk_fields(*talk));
    else
      std::cout << to_string(talk->peer) << tr(" said: ", " 发的：") << told(*talk) << std::endl;
  }
  return dialtone::exit_success;
}

int call_server(const Options& options) {
  const Talk talk = need(place_call(options));
  if (options.as_json)
    print_json(talk_fields(talk));
  else
    std::cout << tr("the server replied: ", "服务端回消息：") << told(talk) << '\n';
  return dialtone::exit_success;
}

// --- both ends, beside each other ---

struct StepName {
  const char* english;
  const char* chinese;
  const char* identifier;
};

StepName name_of(Step step) {
  constexpr StepName names[] = {{"get a phone", "拿起手机", "phone"},
                                {"put in the SIM card", "插上电话卡", "sim"},
                                {"dial", "拨号", "dial"},
                                {"wait for calls", "等待来电", "wait"},
                                {"answer", "接听", "answer"},
                                {"speak", "说话", "speak"},
                                {"listen", "听对方说", "listen"},
                                {"hang up", "挂断", "hang_up"}};
  return names[static_cast<int>(step)];
}

/// What a role's process reports: one line of text, its fields parted by tabs.
class Reporter {
 public:
  Reporter(int pipe, char role) : pipe_(pipe), role_(role) {}

  void line(const std::string& kind, std::string first, std::string second = "") const {
    for (std::string* field : {&first, &second})
      std::replace_if(
          field->begin(), field->end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
    const std::string all = role_ + ("\t" + kind + "\t" + first + "\t" + second + "\n");
    if (::write(pipe_, all.data(), all.size()) < 0) _exit(1);  // nobody listens any more
  }

  Narrator narrator() const {
    return [this](const Event& event) {
      line(std::to_string(static_cast<int>(event.step)), event.call, event.result);
    };
  }

 private:
  int pipe_;
  char role_;
};

/// One process for one role. It ends with its parent, and is waited for.
class RoleProcess {
 public:
  RoleProcess(int pipe, char role, const std::function<void(const Reporter&)>& play) {
    std::cout.flush();
    pid_ = fork();
    if (pid_ < 0) throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Reporter reporter(pipe, role);
    try {
      play(reporter);
    } catch (const std::exception& failure) {
      reporter.line("failed", failure.what());
    } catch (const dialtone::Todo& unwritten) {
      reporter.line("failed", unwritten.text);
    }
    reporter.line("end", "");
    _exit(0);
  }
  RoleProcess(const RoleProcess&) = delete;
  RoleProcess& operator=(const RoleProcess&) = delete;
  ~RoleProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

/// The next line of the pipe; empty when none comes in time.
std::string next_line(int pipe, std::string& unread, Deadline deadline) {
  for (;;) {
    if (const auto end = unread.find('\n'); end != std::string::npos) {
      std::string line = unread.substr(0, end);
      unread.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    if (!wait_ready(pipe, socket_basics::Direction::readable, deadline)) return "";
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count <= 0) return "";
    unread.append(buffer, static_cast<std::size_t>(count));
  }
}

/// One entry in its role's column: the caller's on the left, the callee's on the right.
void print_beside(char role, const std::string& head, const std::vector<std::string>& below) {
  const std::size_t total = std::clamp<std::size_t>(dialtone::terminal_columns(), 40, 100);
  const std::size_t column = (total - 3) / 2;
  std::vector<std::string> lines = {coloured(Colour::bold, dialtone::clip(head, column))};
  for (const std::string& paragraph : below)
    for (const std::string& line : dialtone::wrap(paragraph, column - 2))
      lines.push_back("  " + dialtone::clip(line, column - 2));
  for (const std::string& line : lines) {
    const std::string left = role == 'C' ? line : "";
    std::cout << dialtone::pad(left, column) << ' ' << glyph("│", "|")
              << (role == 'C' ? "" : " " + line) << '\n';
  }
  std::cout.flush();
}

/// {"role", "step", "call", "result"} or {"role", "told"} (the words heard, made printable), as it
/// happens.
void print_event_json(const std::vector<std::string>& fields) {
  const char* role = fields[0].front() == 'C' ? "client" : "server";
  if (fields[1] == "heard") return print_json({{"role", role}, {"told", fields[2]}});
  if (fields[1] == "end" || fields[1] == "at") return;
  const StepName name = name_of(static_cast<Step>(fields[1].front() - '0'));
  print_json(
      {{"role", role}, {"step", name.identifier}, {"call", fields[2]}, {"result", fields[3]}});
}

void print_event(const std::vector<std::string>& fields, bool as_json) {
  const char role = fields[0].front();
  const std::string arrow = std::string(glyph("→", "->")) + " ";
  if (fields[1] == "failed") throw Failure(fields[2]);
  if (as_json) return print_event_json(fields);
  if (fields[1] == "heard") {
    print_beside(role, text("heard: ", "听到：") + fields[2], {});
  } else if (fields[1] != "end" && fields[1] != "at") {
    const StepName name = name_of(static_cast<Step>(fields[1].front() - '0'));
    print_beside(role, text(name.english, name.chinese), {fields[2], arrow + fields[3]});
  }
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line)
    if (c == '\t')
      fields.emplace_back();
    else
      fields.back() += c;
  fields.resize(4);
  return fields;
}

void play_server(const Options& options, const Reporter& report) {
  const Descriptor socket = open_server(options, report.narrator());
  report.line("at", to_string(need(socket_basics::local_address(socket.get()))));
  for (std::size_t i = 0; i < std::max<std::size_t>(options.calls, 1); ++i)
    report.line("heard", told(need(serve_once(options, socket.get(), report.narrator()))));
}

void play_client(const Options& options, const Reporter& report) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.calls, 1); ++i)
    report.line("heard", told(need(place_call(options, report.narrator()))));
}

/// Reads what the role reports until it comes to a line of this kind; that line's first field. No
/// report may be longer in coming than `patience`.
std::string print_until(const char* kind, int pipe, std::string& unread, milliseconds patience,
                        bool as_json) {
  for (;;) {
    const std::string line = next_line(pipe, unread, Deadline::after(patience));
    if (line.empty())
      throw Failure(text("caller and callee have fallen silent", "通话双方都没有了动静"));
    const auto fields = fields_of(line);
    print_event(fields, as_json);
    if (fields[1] == kind) return fields[2];
  }
}

void play_both(const Options& options) {
  int ends[2];
  if (pipe(ends) != 0) throw Failure(std::string("pipe: ") + std::strerror(errno));
  const Descriptor events(ends[0]);
  const Descriptor reports(ends[1]);
  std::string unread;
  const milliseconds patience =
      milliseconds(static_cast<int>(options.seconds * 1000)) + std::chrono::seconds(5);

  if (!options.as_json) {
    print_beside('C', text("THE CALLER (client)", "打电话的（客户端）"), {});
    print_beside('S', text("THE CALLEE (server)", "接电话的（服务端）"), {});
  }
  const RoleProcess server(reports.get(), 'S',
                           [&](const Reporter& report) { play_server(options, report); });
  Options client_options = options;  // where port 0 was asked for, the real one
  client_options.address = need(socket_basics::parse_address(
      print_until("at", events.get(), unread, patience, options.as_json)));
  const RoleProcess client(reports.get(), 'C',
                           [&](const Reporter& report) { play_client(client_options, report); });
  for (int ended = 0; ended < 2; ++ended)
    print_until("end", events.get(), unread, patience, options.as_json);
  if (!options.tcp && !options.as_json)
    std::cout << tr("UDP has no dialling, no waiting, no answering and no hanging up.",
                    "UDP 没有拨号、等待来电、接听和挂断这几步。")
              << '\n';
}

int play_all(const Options& options) {
  play_both(options);
  if (options.as_json) return dialtone::exit_success;
  nobody_there();
  boundaries();
  if (options.tcp) {
    half_close();
    broken_off();
  } else {
    too_long_datagram();
    full_queue();
  }
  return dialtone::exit_success;
}

Address read_address(const std::string& given) {
  const auto address = socket_basics::parse_address(given);
  if (!address) throw dialtone::UsageFailure("--address: " + address.error().message);
  if (address->family != Address::Family::ipv4 && address->family != Address::Family::ipv6)
    throw dialtone::UsageFailure(text("--address: IPv4 or IPv6, as in 127.0.0.1:9696 or [::1]:9696",
                                      "--address：要 IPv4 或 IPv6，如 127.0.0.1:9696、[::1]:9696"));
  return *address;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(text("Lab 02: a phone call over TCP or UDP, and what differs.",
                                 "实验 02：用 TCP 或 UDP 打一通电话，看看两者有何不同。"),
                            "phone-call");
  Options options;
  std::string transport;
  std::string address = "127.0.0.1:9696";
  app.add_option("transport", transport, text("tcp or udp", "tcp 或 udp"))
      .required()
      .one_of({"tcp", "udp"});
  app.add_option("--role", options.role, text("which end to play", "扮演哪一端"))
      .one_of({"server", "client", "both"})
      .capture_default_str();
  app.add_option("--address", address, text("where the server is", "服务端的地址"))
      .capture_default_str();
  app.add_option("--say", options.say, text("what the client says", "客户端说的话"))
      .capture_default_str();
  app.add_option("--reply", options.reply, text("what the server replies", "服务端回的话"))
      .capture_default_str();
  app.add_option("--calls", options.calls,
                 text("calls to serve; 0: until Ctrl-C", "接几通电话；0 表示直到 Ctrl-C"))
      .capture_default_str();
  app.add_option("--deadline", options.seconds,
                 text("how long each call may take, in seconds", "每通电话的时限（秒）"))
      .between(0.05, 86400.0)
      .capture_default_str();
  app.add_flag("--json", options.as_json,
               text("print what happens as JSON, an object a line, and the call alone",
                    "逐行输出 JSON，只演这一通电话"));
  return dialtone::run_program(app, argc, argv, [&] {
    options.tcp = transport == "tcp";
    options.address = read_address(address);
    try {
      if (options.role == "server") return serve(options);
      if (options.role == "client") return call_server(options);
      return play_all(options);
    } catch (const dialtone::Todo& unwritten) {
      throw Failure(unwritten.text);
    }
  });
}
