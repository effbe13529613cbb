#include "ftp_support.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <stdexcept>

#include "practice.hpp"
#include "wire.hpp"

namespace ftp_test {

using dialtone::Child;
using dialtone::Command;
using dialtone::FileDescriptor;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// --- the server ------------------------------------------------------------------------------

namespace {

FileDescriptor scratch_file() {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  FileDescriptor descriptor(::fcntl(::fileno(file), F_DUPFD_CLOEXEC, 0));
  std::fclose(file);
  return descriptor;
}

std::vector<std::string> with_options(std::vector<std::string> arguments,
                                      const std::vector<std::string>& options) {
  arguments.insert(arguments.end(), options.begin(), options.end());
  return arguments;
}

Command command_of(const std::vector<std::string>& arguments, int output,
                   dialtone::ResourceLimits limits) {
  Command command;
  command.arguments = arguments;
  command.descriptors = {{1, output}, {2, output}};
  command.limits = limits;
  return command;
}

}  // namespace

ServerProcess::ServerProcess(const fs::path& root, const std::vector<std::string>& options,
                             dialtone::ResourceLimits limits, const std::string& program)
    : ServerProcess(with_options({program, "--root", root.string(), "--port", "0"}, options),
                    limits) {}

ServerProcess::ServerProcess(const std::vector<std::string>& arguments,
                             dialtone::ResourceLimits limits)
    : output_(scratch_file()), child_(command_of(arguments, output_.get(), limits)) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    if (const auto port = port_after("listening on 127.0.0.1:")) {
      port_ = *port;
      return;
    }
    INFO("the server said: " << output());
    REQUIRE(steady_clock::now() < until);
    REQUIRE_FALSE(child_.wait_for(milliseconds(5)));
  }
}

std::optional<std::uint16_t> ServerProcess::port_after(std::string_view words) const {
  const std::string text = output();
  const auto at = text.find(words);
  if (at == std::string::npos || text.find('\n', at) == std::string::npos) return std::nullopt;
  return static_cast<std::uint16_t>(std::stoi(text.substr(at + words.size())));
}

int ServerProcess::stop() {
  signal(SIGTERM);
  const auto ending = child_.wait_for(patience);
  INFO("the server said: " << output());
  REQUIRE(ending);
  REQUIRE(ending->signal == 0);
  return ending->exit_code;
}

std::string ServerProcess::output() const {
  std::string text(65'536, '\0');
  const ssize_t count = ::pread(output_.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::uint64_t ServerProcess::status(const std::string& field) const {
  std::istringstream lines(dialtone::read_file("/proc/" + std::to_string(pid()) + "/status"));
  std::string name;
  std::uint64_t value = 0;
  std::string unit;
  while (lines >> name && name != field + ":")
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  lines >> value >> unit;
  return unit == "kB" ? value * 1024 : value;
}

std::size_t ServerProcess::open_descriptors() const {
  std::size_t count = 0;
  std::error_code vanished;
  for ([[maybe_unused]] const auto& entry :
       fs::directory_iterator("/proc/" + std::to_string(pid()) + "/fd", vanished))
    ++count;
  return count;
}

// --- a caller --------------------------------------------------------------------------------

namespace {

/// Callers may be on any thread, where the test framework's own macros may not be used.
void demand(bool condition, int line = __builtin_LINE()) {
  if (!condition)
    throw std::runtime_error("a caller, line " + std::to_string(line) + ": " +
                             std::strerror(errno));
}

}  // namespace

Caller::Caller(FileDescriptor socket) : socket_(std::move(socket)), decoder_(ftp::frame_limits) {
  demand(static_cast<bool>(socket_));
  const timeval time{patience.count(), 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

Caller::Caller(std::uint16_t port, std::optional<int> receive_buffer)
    : Caller(FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))) {
  if (receive_buffer)
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &*receive_buffer, sizeof *receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  demand(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

bool Caller::send_bytes(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Caller::send(const framing::Header& header, std::string_view payload) const {
  const auto head = framing::encode_head(header, ftp::frame_limits);
  demand(head.has_value());
  return send_bytes(*head + std::string(payload));
}

std::string Caller::read_some(std::size_t most) const {
  std::string bytes(most, '\0');
  ssize_t count = 0;
  do count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  while (count < 0 && errno == EINTR);
  demand(count >= 0 || errno != EAGAIN);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::optional<Frame> Caller::receive() {
  Frame frame;
  for (;;) {
    auto bytes = std::as_bytes(std::span(unread_));
    const auto event = decoder_.next(bytes);
    demand(event.has_value());
    if (event->kind == framing::Event::Kind::header) frame.header = decoder_.header();
    if (event->kind == framing::Event::Kind::payload)
      frame.payload.append(reinterpret_cast<const char*>(event->piece.data()), event->piece.size());
    unread_.erase(0, unread_.size() - bytes.size());
    if (event->kind == framing::Event::Kind::end) return frame;
    if (event->kind != framing::Event::Kind::need_more) continue;
    unread_ = read_some(65'536);
    if (unread_.empty()) return std::nullopt;
  }
}

Frame Caller::ask(const framing::Header& header, std::string_view payload) {
  demand(send(header, payload));
  auto reply = receive();
  demand(reply.has_value());
  return *std::move(reply);
}

void Caller::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

// --- frames ----------------------------------------------------------------------------------

framing::Header course_request(std::string_view command, std::string_view payload,
                               std::string_view type, std::string_view name) {
  framing::Header header = ftp::course::header_for(command, payload);
  header.file_type = type;
  if (!name.empty()) header.file_name = name;
  return header;
}

std::string code_of(const Frame& reply) {
  const auto error = reply.header.others.find("error");
  if (error == reply.header.others.end()) return "";
  return error->is_string() ? error->get<std::string>() : error->at("code").get<std::string>();
}

bool digest_fits(const Frame& frame) {
  return frame.header.salt &&
         ftp::course::fits(frame.header, ftp::course::digest_of(frame.payload, *frame.header.salt));
}

framing::Header request_2(std::string_view command, std::uint64_t id, nlohmann::json fields,
                          std::string_view payload) {
  framing::Header header;
  header.command = command;
  header.data_length = payload.size();
  for (const auto& [name, value] : fields.items()) {
    if (name == "file_type")
      header.file_type = value.get<std::string>();
    else if (name == "file_name")
      header.file_name = value.get<std::string>();
    else if (name == "data_length")
      header.data_length = value.get<std::uint64_t>();
    else
      header.others[name] = value;
  }
  header.others["version"] = 2;
  header.others["id"] = id;
  return header;
}

std::optional<std::string> stored(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 draws(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(draws());
  return bytes;
}

}  // namespace ftp_test
