#include "server_process.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <random>
#include <sstream>
#include <stdexcept>

#include "crash_report.hpp"
#include "language.hpp"
#include "peer.hpp"
#include "process_view.hpp"

namespace ftp_judge {

namespace fs = std::filesystem;
using dialtone::StudentFault;
using dialtone::tr;

namespace {

constexpr milliseconds start_time{8000};
constexpr std::string_view listening_words = "listening on ";

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// The inode of the TCP socket that listens on the port; empty where none does.
std::string listening_inode(std::uint16_t port) {
  std::string inode;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"})
    dialtone::each_tcp_socket(table, "", [&](const dialtone::TcpSocket& socket) {
      const bool listens = socket.state == "0A";
      if (listens &&
          std::stoul(socket.local.substr(socket.local.find(':') + 1), nullptr, 16) == port)
        inode = socket.inode;
      return listens && inode.empty();  // the rest may be long
    });
  return inode;
}

/// A port that nobody has at this moment. Not of those that the kernel chooses from (ip(7),
/// ip_local_port_range begins at 32768): before the command has it, one of these may be somebody's
/// end of a connection, or another judge's choice.
std::uint16_t free_port() {
  std::random_device device;
  for (int tries = 0; tries < 200; ++tries) {
    const auto port = static_cast<std::uint16_t>(10'000 + device() % 22'000);
    try {
      dialtone::bind_loopback(dialtone::LoopbackFamily::ipv4, SOCK_STREAM, port);
      if (listening_inode(port).empty()) return port;
    } catch (const std::runtime_error&) {  // taken
    }
  }
  throw std::runtime_error("judge: no free port");
}

/// Processes of this group: the fifth field of /proc/PID/stat, behind the name in brackets.
std::vector<int> group_members(pid_t group) {
  std::vector<int> members;
  std::error_code vanished;
  for (const auto& entry : fs::directory_iterator("/proc", vanished)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string text = dialtone::proc_file(std::stoi(name), "stat");
    const auto bracket = text.rfind(')');
    if (bracket == std::string::npos) continue;
    std::istringstream fields(text.substr(bracket + 1));
    std::string state;
    pid_t parent = 0;
    pid_t of = 0;
    if (fields >> state >> parent >> of && of == group) members.push_back(std::stoi(name));
  }
  return members;
}

}  // namespace

Server::End& Server::end_of_last() {
  static End end;
  return end;
}

Server::Server(Input& trial, const Subject& subject, const std::vector<File>& files,
               const std::vector<std::string>& options)
    : trial_(trial),
      root_(folder_.path() / "root"),
      sink_(dialtone::make_sink()),
      exceptions_before_(std::uncaught_exceptions()) {
  end_of_last() = {};
  fs::create_directory(root_);
  dialtone::write_file(folder_.path() / "outside.txt", "outside");
  for (const File& file : files) {
    fs::create_directories(root_ / file.type);
    dialtone::write_file(root_ / file.type / file.name, file.bytes);
  }
  start(subject, options);
  try {
    await_listening();
    if (subject.is_students()) expect_to_be_the_listener();
  } catch (...) {
    note_end();
    throw;
  }
}

Server::~Server() {
  if (std::uncaught_exceptions() > exceptions_before_) note_end();
}

void Server::start(const Subject& subject, std::vector<std::string> options) {
  if (subject.is_students()) {
    program_ = fs::canonical(subject.student);
    options.insert(options.begin(), {"--root", root_.string(), "--port", "0", "--lang", "en"});
    child_.emplace(dialtone::launch_students_server(program_, options, sink_.get()));
    trial_.step(tr("the server starts", "服务器启动"));
    return;
  }
  dialtone::Command command;
  command.arguments = subject.command;
  for (std::string& word : command.arguments) {
    replace_all(word, "{root}", root_.string());
    if (word.find("{port}") == std::string::npos) continue;
    if (port_ == 0) port_ = free_port();
    replace_all(word, "{port}", std::to_string(port_));
  }
  command.descriptors = {{1, sink_.get()}, {2, sink_.get()}};
  command.limits.cpu_seconds = 120;
  command.limits.file_bytes = std::uint64_t{1} << 30U;
  child_.emplace(command);
  trial_.step(tr("the command starts", "命令启动"));
}

std::string Server::output() const {
  std::string text(std::size_t{64} << 10U, '\0');
  const ssize_t count = ::pread(sink_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

void Server::await_listening() {
  const auto begin = Clock::now();
  for (;;) {
    const bool ended = child_->wait_for(milliseconds(0)).has_value();
    const std::string said = output();
    if (port_ == 0) {
      const auto at = said.find(listening_words);
      const auto end = at == std::string::npos ? at : said.find('\n', at);
      if (end != std::string::npos) {
        const std::string where = said.substr(at, end - at);
        port_ = static_cast<std::uint16_t>(
            std::strtoul(where.c_str() + where.rfind(':') + 1, nullptr, 10));
      }
    }
    // Not by dialling: a server might take that for a caller.
    if (port_ != 0 && (!listening_inode(port_).empty() || ended)) return;
    if (ended || since(begin) > start_time)
      throw StudentFault{
          StudentFault::Kind::not_started,
          tr("the server does not get as far as listening: ", "服务器没有开始监听：") +
              dialtone::show(said.substr(0, 300))};
    pause(milliseconds(2));
  }
}

void Server::expect_to_be_the_listener() {
  const std::string process = std::to_string(child_->pid());
  std::error_code vanished;
  const fs::path runs = fs::read_symlink("/proc/" + process + "/exe", vanished);
  const auto members = group_members(child_->pid());
  const auto open = dialtone::descriptors_of(child_->pid());
  const std::string socket = " socket:[" + listening_inode(port_) + "]";
  // Where it is ending meanwhile, the case will tell.
  if (child_->wait_for(milliseconds(vanished || open.empty() ? 500 : 0))) return;
  trial_.expect(tr("who runs is the program that was built", "运行的是所构建的程序"),
                !vanished && runs == program_, program_.filename().string(),
                runs.filename().string());
  trial_.expect(tr("it is alone in its process group", "它的进程组里只有它自己"),
                members.size() <= 1, "1", std::to_string(members.size()));
  trial_.expect(tr("it listens itself", "监听者就是它自己"),
                std::any_of(open.begin(), open.end(),
                            [&](const std::string& one) { return one.ends_with(socket); }),
                tr("the listening socket among its descriptors", "它持有监听套接字"),
                tr("another process has it", "由另一个进程持有"));
}

void Server::note_end() {
  End end;
  // What a dying process leaves open is closed a moment before it has ended.
  const auto ending = child_->wait_for(milliseconds(200));
  const std::string said = output();
  end.ended = ending.has_value();
  if (ending) {
    end.how = dialtone::describe(*ending);
    const std::string place =
        program_.empty() ? "" : dialtone::crash_place(said, program_, "server.cpp");
    if (!place.empty()) end.how += tr(", at ", "，位于 ") + place;
    if (const auto at = said.find("SUMMARY: "); at != std::string::npos)
      end.how += "; " + said.substr(at, said.find('\n', at) - at);
  }
  if (const auto at = said.find("TODO(lab ftp): "); at != std::string::npos)
    end.todo = said.substr(at, said.find('\n', at) - at);
  end_of_last() = end;
}

Caller Server::dial() {
  std::string name = tr("caller ", "来电者 ") + std::to_string(++dialled_);
  trial_.step(name + tr(" dials", " 拨号"));
  FileDescriptor socket;
  try {
    socket = dialtone::call_loopback(dialtone::LoopbackFamily::ipv4, port_);
  } catch (const std::runtime_error&) {
  }
  if (!socket)
    trial_.fail(name + tr(" can dial", " 能拨通"), tr("a connection", "连接成功"),
                tr("refused", "被拒绝"));
  return Caller(trial_, std::move(socket), std::move(name));
}

bool Server::can_be_dialled() const {
  return !listening_inode(port_).empty();
}

std::optional<std::string> Server::stored(const std::string& type, const std::string& name) const {
  std::error_code error;
  const fs::path file = root_ / type / name;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  return dialtone::read_file(file);
}

void Server::expect_stored(const File& file, const std::string& what, milliseconds moment) const {
  auto found = stored(file.type, file.name);
  for (const auto begin = Clock::now(); found != file.bytes && since(begin) < moment;) {
    pause(milliseconds(5));
    found = stored(file.type, file.name);
  }
  if (!found)
    trial_.fail(what,
                file.type + "/" + file.name + ", " + std::to_string(file.bytes.size()) +
                    tr(" bytes", " 字节"),
                tr("no such file", "没有这个文件"));
  expect_bytes(trial_, what, *found, file.bytes);
}

std::vector<std::string> Server::files() const {
  std::vector<std::string> found;
  std::error_code vanished;
  fs::recursive_directory_iterator at(folder_.path(), vanished);
  for (; at != fs::recursive_directory_iterator(); at.increment(vanished)) {
    const std::string name = at->path().filename().string();
    if (program_.empty() && name.starts_with('.') && at->path().parent_path() == root_)
      at.disable_recursion_pending();
    else if (!at->is_directory(vanished))
      found.push_back(at->path().lexically_relative(folder_.path()).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t Server::memory(const std::string& field) const {
  return dialtone::memory_of(child_->pid(), field);
}

std::vector<std::string> Server::descriptors() const {
  return dialtone::descriptors_of(child_->pid());
}

std::size_t Server::threads() const {
  return dialtone::threads_of(child_->pid()).size();
}

void Server::wait_until_asleep() const {
  dialtone::wait_until_asleep(child_->pid());
}

void Server::expect_running() {
  const auto ending = child_->wait_for(milliseconds(0));
  trial_.expect(tr("the server still runs", "服务器仍在运行"), !ending, tr("running", "运行中"),
                ending ? dialtone::describe(*ending) : "");
}

void Server::terminate() {
  trial_.step(tr("SIGTERM", "发送 SIGTERM"));
  ::kill(child_->pid(), SIGTERM);
}

std::optional<dialtone::Ending> Server::ending_within(milliseconds time) {
  return child_->wait_for(time);
}

SubjectCase rule(std::string id, std::size_t inputs, void (*play)(Input&, const Subject&),
                 bool students_only) {
  const auto explained = [play](Input& trial, const Subject& subject) {
    const auto end = [] { return Server::end_of_last(); };
    try {
      play(trial, subject);
    } catch (dialtone::StoryFailed& failure) {
      if (!end().todo.empty()) throw StudentFault{StudentFault::Kind::todo, end().todo};
      if (end().ended)
        failure.got += tr("; the server has ended: ", "；服务器已结束：") + end().how;
      throw;
    } catch (const StudentFault&) {
      if (!end().todo.empty()) throw StudentFault{StudentFault::Kind::todo, end().todo};
      throw;
    }
  };
  return {std::move(id), inputs, explained, students_only};
}

}  // namespace ftp_judge
