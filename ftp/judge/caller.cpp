#include "caller.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iomanip>
#include <optional>
#include <sstream>

#include "language.hpp"
#include "peer.hpp"
#include "process_view.hpp"

namespace ftp_judge {

using dialtone::tr;

namespace {

constexpr std::size_t largest_header = 65'536;
constexpr std::uint64_t largest_payload = std::uint64_t{1} << 30U;

/// Whether bytes wait at the other end of a TCP connection between these ports of this host.
bool unread(const std::string& from, const std::string& to) {
  bool waits = false;
  dialtone::each_tcp_socket("/proc/net/tcp", from, [&](const dialtone::TcpSocket& socket) {
    const bool other_end = socket.local.ends_with(to) && socket.remote.ends_with(from);
    if (other_end) waits = !socket.queues.ends_with(":00000000");
    return !other_end;
  });
  return waits;
}

}  // namespace

milliseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

void pause(milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

void Caller::say(std::string_view bytes, const std::string& what) {
  trial_->step(name_ + ": " + what);
  if (!dialtone::write_within(get(), bytes, patience))
    trial_->fail(name_ + ": " + what, tr("the server takes it", "服务器接收"),
                 tr("it does not (hung up, or too slow)", "没有接收（已挂断，或太慢）"));
}

void Caller::wait_until_read() const {
  const auto port = [](const sockaddr_in& address) {
    std::ostringstream text;
    text << ':' << std::hex << std::uppercase << std::setfill('0') << std::setw(4)
         << ntohs(address.sin_port);
    return text.str();
  };
  sockaddr_in ours{};
  sockaddr_in theirs{};
  socklen_t length = sizeof ours;
  ::getsockname(get(), reinterpret_cast<sockaddr*>(&ours), &length);
  length = sizeof theirs;
  ::getpeername(get(), reinterpret_cast<sockaddr*>(&theirs), &length);
  const auto begin = Clock::now();
  while (unread(port(ours), port(theirs)) && since(begin) < milliseconds(200))
    pause(milliseconds(1));
}

std::size_t Caller::say_what_is_taken(std::string_view bytes) {
  const ssize_t count = ::send(get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

void Caller::ask(const Frame& request) {
  say(request.bytes(), told(request));
}

Frame Caller::answer_to(const Frame& request) {
  ask(request);
  return hear(tr("the reply to ", "回复：") + told(request));
}

void Caller::not_heard(const std::string& what, std::size_t heard, std::size_t wanted,
                       const std::string& why) const {
  trial_->fail(name_ + ": " + (what.empty() ? tr("a reply", "一个回复") : what),
               std::to_string(wanted) + tr(" bytes", " 字节"),
               std::to_string(heard) + tr(" bytes, then ", " 字节，然后") + why);
}

std::string Caller::hear_bytes(std::size_t count, const std::string& what) {
  std::string heard;
  while (heard.size() < count) {
    errno = 0;
    const auto part = dialtone::read_within(get(), count - heard.size(), patience);
    if (part && !part->empty()) {
      heard += *part;
      continue;
    }
    std::string why = tr("the end of the stream", "流结束");
    if (!part)
      why =
          errno == ECONNRESET ? tr("a reset", "连接被重置") : tr("nothing in time", "没有按时到达");
    not_heard(what, heard.size(), count, why);
  }
  return heard;
}

json Caller::hear_head(const std::string& what) {
  const std::string prefix = hear_bytes(4, what);
  std::uint32_t length = 0;
  for (unsigned i = 0; i < 4; ++i)
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(prefix[i])) << (8 * i);
  trial_->expect(tr("the reply's header has a length", "回复头的长度"),
                 length >= 1 && length <= largest_header, "1..65536", std::to_string(length));
  const std::string text = hear_bytes(length, what);
  json header = json::parse(text, nullptr, false);
  trial_->expect(tr("the reply's header is a JSON object", "回复头是一个 JSON 对象"),
                 header.is_object(), "{...}", dialtone::show(text.substr(0, 200)));
  const bool counted = header.contains("data_length") &&
                       header.at("data_length").is_number_unsigned() &&
                       header.at("data_length").get<std::uint64_t>() <= largest_payload;
  trial_->expect(tr("the reply says how long its payload is", "回复说明内容的长度"), counted,
                 "data_length", dialtone::show(text.substr(0, 200)));
  return header;
}

void Caller::hear_payload(std::uint64_t length,
                          const std::function<void(std::string_view)>& piece) {
  constexpr std::uint64_t most = std::uint64_t{256} << 10U;
  while (length > 0) {
    const auto part =
        dialtone::read_within(get(), static_cast<std::size_t>(std::min(length, most)), patience);
    if (!part || part->empty())
      not_heard(
          tr("the payload", "内容"), 0, static_cast<std::size_t>(length),
          part ? tr("the end of the stream", "流结束") : tr("nothing in time", "没有按时到达"));
    piece(*part);
    length -= part->size();
  }
}

Frame Caller::hear(const std::string& what) {
  Frame heard{hear_head(what), ""};
  heard.payload = hear_bytes(heard.header.at("data_length").get<std::size_t>(), what);
  return heard;
}

void Caller::expect_hung_up(const std::string& what, bool resets) {
  const auto heard = dialtone::hear_to_the_end(get(), std::size_t{1} << 20U, patience);
  std::string got = dialtone::show(heard.bytes.substr(0, 100));
  if (heard.broken) got += tr(", then a reset", "，然后重置");
  if (!heard.broken && !heard.ended) got += tr(", then nothing in time", "，然后没有按时到达");
  trial_->expect(name_ + ": " + what,
                 heard.bytes.empty() && (heard.ended || (resets && heard.broken)),
                 tr("the end of the stream", "流结束"), got);
}

bool Caller::hears_something(milliseconds time) const {
  pollfd wait{get(), POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
}

void Caller::finish_speaking() {
  trial_->step(name_ + tr(": finishes speaking (half-close)", "：说完了（半关闭）"));
  ::shutdown(get(), SHUT_WR);
}

void Caller::break_off() {
  trial_->step(name_ + tr(": breaks off (RST)", "：突然断线（RST）"));
  dialtone::reset_connection(socket_);
}

}  // namespace ftp_judge
