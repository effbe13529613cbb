// ftp-forger: sits between a client and a server, changes what they send to each other, and makes
// every value fit that can be made from what it sees. What it cannot do, it says at the start.
#include <sys/socket.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "command_line.hpp"
#include "framing.hpp"
#include "language.hpp"
#include "socket_basics.hpp"
#include "terminal.hpp"
#include "wire.hpp"

namespace {

using dialtone::tr;
using socket_basics::Descriptor;

struct Options {
  std::string to = "127.0.0.1:8002";
  std::uint16_t port = 0;
  std::string from;
  std::string into;
  bool careless = false;
  bool downgrade = false;
};

/// What is changed is held whole; a longer payload goes by as it is.
constexpr std::uint64_t largest_forged = std::uint64_t{1} << 20U;

socket_basics::Deadline patience() {
  return socket_basics::Deadline::after(std::chrono::minutes(1));
}

// --- the forgery -----------------------------------------------------------------------------

/// Every place where `from` stood. False where it was nowhere.
bool replace_all(std::string& text, const std::string& from, const std::string& into) {
  bool found = false;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + into.size())) {
    text.replace(at, from.size(), into);
    found = true;
  }
  return found;
}

/// The digests of a header, made anew for this payload: everybody can.
void sign_anew(framing::Header& header, const std::string& payload) {
  if (header.encrypted)
    header.encrypted = ftp::course::digest_of(payload, ftp::course::salt_of(header));
  const auto digest = header.others.find("digest");
  if (digest == header.others.end() || !digest->is_string()) return;
  if (const auto told = ftp::parse_digest(digest->get<std::string>())) {
    ftp::Digester digester(told->kind);
    digester.update(std::as_bytes(std::span(payload)));
    *digest = ftp::tagged(told->kind, digester.so_far());
  }
}

// --- one direction of a call -----------------------------------------------------------------

/// Takes the frames of one end and gives them, forged, to the other.
class Pump {
 public:
  Pump(int source, int sink, const Options& options)
      : source_(source), sink_(sink), options_(options) {}

  /// Until an end hangs up, nothing moves for a minute, or what comes is no frame.
  void run() {
    std::array<std::byte, 65536> buffer;
    for (;;) {
      if (!socket_basics::wait_ready(source_, socket_basics::Direction::readable, patience()))
        break;
      const ssize_t count = ::recv(source_, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      if (!take(std::span(buffer).first(static_cast<std::size_t>(count)))) break;
    }
    ::shutdown(sink_, SHUT_WR);
  }

 private:
  bool take(std::span<const std::byte> bytes) {
    for (;;) {
      const auto event = decoder_.next(bytes);
      if (!event) return false;
      switch (event->kind) {
        case framing::Event::Kind::need_more:
          return true;
        case framing::Event::Kind::header:
          header_ = decoder_.header();
          payload_.clear();
          if (!is_held() && !pass(*framing::encode_head(header_))) return false;
          break;
        case framing::Event::Kind::payload: {
          const auto* text = reinterpret_cast<const char*>(event->piece.data());
          if (is_held())
            payload_.append(text, event->piece.size());
          else if (!pass({text, event->piece.size()}))
            return false;
          break;
        }
        case framing::Event::Kind::end:
          if (is_held() && !pass(forged())) return false;
          break;
      }
    }
  }

  bool is_held() const { return header_.data_length <= largest_forged; }

  std::string forged() {
    // Without its version a request is one of version 1, and so is everything that follows.
    if (options_.downgrade) header_.others.erase("version");
    if (replace_all(payload_, options_.from, options_.into)) {
      if (!options_.careless) sign_anew(header_, payload_);
      std::cout << dialtone::printable(header_.command, 40)
                << (options_.careless
                        ? tr(": bytes changed, the digest left as it was",
                             "：改了内容，摘要原样未动")
                        : tr(": bytes changed, the digest made anew", "：改了内容，并重算了摘要"))
                << std::endl;
    }
    return *framing::encode(header_, payload_);
  }

  bool pass(std::string_view bytes) const {
    return socket_basics::send_all(sink_, std::as_bytes(std::span(bytes)), patience()).has_value();
  }

  int source_;
  int sink_;
  const Options& options_;
  framing::Decoder decoder_{ftp::frame_limits};
  framing::Header header_;
  std::string payload_;
};

void sit_between(const Descriptor& caller, const Descriptor& server, const Options& options) {
  std::thread upwards([&] { Pump(caller.get(), server.get(), options).run(); });
  Pump(server.get(), caller.get(), options).run();
  upwards.join();
}

// --- the program -----------------------------------------------------------------------------

int run(const Options& options) {
  // Lengths that others have announced stay true.
  if (options.from.size() != options.into.size())
    throw dialtone::UsageFailure(
        tr("--from and --into need the same number of bytes", "--from 与 --into 的字节数必须相同"));
  ::signal(SIGPIPE, SIG_IGN);
  const auto server = socket_basics::parse_address(options.to);
  if (!server) throw dialtone::UsageFailure(server.error().message);
  const auto listener = socket_basics::listen_on(
      {socket_basics::Address::Family::ipv4, "127.0.0.1", options.port}, 16);
  if (!listener) throw dialtone::Failure(listener.error().message);
  const auto here = socket_basics::local_address(listener->get());
  if (!here) throw dialtone::Failure(here.error().message);
  std::cout
      << "listening on " << socket_basics::to_string(*here) << '\n'
      << tr("A key that does not travel would stop me: a MAC over header and payload, or TLS. "
            "A digest does not.",
            "能拦住我的，是不随数据传送的密钥：覆盖头和内容的 MAC，或者 TLS。摘要拦不住。")
      << std::endl;
  for (;;) {  // one call at a time; Ctrl-C ends it
    const auto caller = socket_basics::answer(
        listener->get(), socket_basics::Deadline::after(std::chrono::hours(24)));
    if (!caller) continue;
    const auto call = socket_basics::dial(*server, patience());
    if (call)
      sit_between(*caller, *call, options);
    else
      std::cerr << call.error().message << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Sits between a client and a server, and forges what they send to each other.",
         "插在客户端与服务器之间，篡改双方发送的内容。"),
      "ftp-forger");
  Options options;
  app.add_option("--to", options.to, tr("the server", "服务器"))
      .type_name("HOST:PORT")
      .capture_default_str();
  app.add_option("--port", options.port, tr("mine; 0 picks a free one", "自己的端口；0 表示任选"))
      .capture_default_str();
  app.add_option("--from", options.from, tr("what is replaced, in any payload", "要替换的文字"))
      .required()
      .check([](const std::string& text) { return text.empty() ? "empty" : ""; });
  app.add_option("--into", options.into, tr("by this, of the same length", "换成这些，长度相同"))
      .required();
  app.add_flag("--careless", options.careless, tr("leave the digests as they are", "摘要原样不动"));
  app.add_flag("--downgrade", options.downgrade,
               tr("let the two speak version 1 alone", "让双方只能说第 1 版协议"));
  return dialtone::run_program(app, argc, argv, [&] { return run(options); });
}
