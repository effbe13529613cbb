#include "reports.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>

#include "hex.hpp"

namespace lab04 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_report = std::size_t{4} << 20U;

std::vector<std::string> strings(const json& list) {
  std::vector<std::string> texts;
  for (const json& one : list) texts.push_back(from_hex(one.get<std::string>()));
  return texts;
}

std::uint64_t mask_in(const json& text) {
  return std::strtoull(text.get<std::string>().c_str(), nullptr, 16);
}

pid_t peer_of(int line) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(line, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    throw std::runtime_error("judge: SO_PEERCRED");
  return peer.pid;
}

}  // namespace

Report::Report(FileDescriptor line, pid_t reporting, const json& said)
    : pid(reporting),
      parent(said.at("parent").get<pid_t>()),
      arguments(strings(said.at("arguments"))),
      environment(strings(said.at("environment"))),
      folder(from_hex(said.at("folder").get<std::string>())),
      blocked(mask_in(said.at("blocked"))),
      ignored(mask_in(said.at("ignored"))),
      line_(std::move(line)) {
  for (const json& one : said.at("descriptors")) {
    const int number = one.at(0).get<int>();
    descriptors[number] = one.at(1).get<std::string>();
    targets[number] = one.at(2).get<std::string>();
  }
}

void Report::end(int code) {
  tell("exit " + std::to_string(code));
}

void Report::die(int signal) {
  tell("kill " + std::to_string(signal));
}

void Report::tell(const std::string& word) {
  dialtone::write_within(line_.get(), word, milliseconds(1000));
  line_.reset();
}

Reports::Reports()
    : name_("dialtone-" + std::to_string(::getpid()) + "-" +
            std::to_string(std::random_device{}()) + std::to_string(std::random_device{}())),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name_.data(), name_.size());  // an abstract name
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_.get(), 64) != 0)
    throw std::runtime_error(std::string("judge: no socket for reports: ") + std::strerror(errno));
}

std::vector<std::string> Reports::words() const {
  return witness("report", name_);
}

std::optional<Report> Reports::next(milliseconds time) const {
  const auto until = Clock::now() + time;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    FileDescriptor line = dialtone::accept_within(listener_.get(), std::max(left, milliseconds(0)));
    if (!line) return std::nullopt;
    const pid_t pid = peer_of(line.get());
    if (!is_own_program(pid)) continue;
    const auto heard = dialtone::hear_to_the_end(line.get(), longest_report, milliseconds(2500));
    const json said = json::parse(heard.bytes, nullptr, false);
    if (!heard.ended || said.is_discarded()) continue;
    return Report(std::move(line), pid, said);
  }
}

const std::string& own_path() {
  static const std::string path = [] {
    char target[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", target, sizeof target);
    if (length <= 0) throw std::runtime_error("judge: cannot find its own program");
    return std::string(target, static_cast<std::size_t>(length));
  }();
  return path;
}

std::vector<std::string> witness(const std::string& mode, const std::string& word) {
  return {own_path(), "--witness", mode, word};
}

bool is_own_program(pid_t process) {
  struct stat own {};
  struct stat other {};
  const std::string link = "/proc/" + std::to_string(process) + "/exe";
  return ::stat("/proc/self/exe", &own) == 0 && ::stat(link.c_str(), &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

std::string identity_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw std::runtime_error("judge: fstat");
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace lab04
