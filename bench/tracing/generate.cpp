#include "generate.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "failure.hpp"
#include "handshake_trace.hpp"
#include "random.hpp"

namespace tracing_bench {

namespace {

namespace flag = handshake_trace::flag;
using dialtone::Random;

constexpr std::size_t frame_header = 14 + 20;  // Ethernet and IPv4
constexpr std::uint32_t segment_size = 1448;   // of data, beside timestamps

/// One end, as its packets name it.
struct Host {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
};

struct Segment {
  bool from_client = true;
  std::uint8_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint32_t length = 0;
  std::uint32_t message = 0;  ///< bytes of the HTTP message that begins here; 0 where none does
};

/// The beginning of a request or an answer of so many bytes.
std::string head_of(const Segment& segment) {
  if (segment.from_client) {
    constexpr std::string_view begin = "GET / HTTP/1.1\r\nHost: example.net\r\nCookie: ";
    constexpr std::string_view end = "\r\n\r\n";
    return std::string(begin) + std::string(segment.message - begin.size() - end.size(), 'c') +
           std::string(end);
  }
  // The length with as many digits as fill the message exactly.
  constexpr std::string_view begin = "HTTP/1.1 200 OK\r\nContent-Length: ";
  constexpr std::size_t head = begin.size() + 8 + 4;
  std::string digits = std::to_string(segment.message - head);
  digits.insert(0, 8 - digits.size(), '0');
  return std::string(begin) + digits + "\r\n\r\n";
}

/// A file in the classic format, in the order of this machine, in microseconds.
class File {
 public:
  File(const std::string& name, std::uint32_t snap)
      : name_(name), file_(std::fopen(name.c_str(), "wbe")), snap_(snap) {
    if (!file_) fail();
    const std::uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, snap, 1};
    write(header, sizeof header);
  }

  // Checksums stay 0: none of those who are measured looks at them.
  void add(const Segment& segment, const Host& client, const Host& server) {
    const std::size_t options = (segment.flags & flag::syn) != 0 ? 20 : 12;
    const std::size_t size = frame_header + 20 + options + segment.length;
    const Host& from = segment.from_client ? client : server;
    const Host& to = segment.from_client ? server : client;
    at_ = 0;
    put(0x0200000000000000U + to.address, 6, 8);
    put(0x0200000000000000U + from.address, 6, 8);
    put(0x0800, 2);
    put(0x4500, 2);
    put(size - 14, 2);
    put(++identification_ & 0xffffU, 2);
    put(0x40004006, 4);  // don't fragment; 64 hops; TCP
    put(0, 2);
    put(from.address, 4);
    put(to.address, 4);
    put(from.port, 2);
    put(to.port, 2);
    put(segment.sequence, 4);
    put(segment.acknowledgement, 4);
    put((20 + options) / 4 << 12U | segment.flags, 2);
    put(501, 2);
    put(0, 4);
    if ((segment.flags & flag::syn) != 0)
      put(0x020405b40402U, 6);  // 1460 bytes a segment, SACK
    else
      put(0x0101, 2);
    put(0x080a, 2);
    put(time_ / 1000, 4);
    put((segment.flags & flag::ack) != 0 ? time_ / 1000 - 1 : 0, 4);
    if ((segment.flags & flag::syn) != 0) put(0x01030307, 4);  // windows are scaled by 7
    const std::size_t data = at_;
    if (segment.message > 0) {
      const std::string head = head_of(segment);
      std::copy(head.begin(), head.end(), packet_.begin() + static_cast<std::ptrdiff_t>(data));
      at_ += head.size();
    }
    std::fill(packet_.begin() + static_cast<std::ptrdiff_t>(at_),
              packet_.begin() + static_cast<std::ptrdiff_t>(size), '.');
    record(size);
  }

  std::uint64_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }
  void pass(std::uint64_t microseconds) { time_ += microseconds; }

  void close() {
    if (std::fclose(file_.release()) != 0) fail();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail() const {
    throw dialtone::Failure("cannot write " + name_ + ": " + std::strerror(errno));
  }

  void write(const void* from, std::size_t size) {
    if (std::fwrite(from, 1, size, file_.get()) != size) fail();
    bytes_ += size;
  }

  /// The first `size` of a number's `of` bytes, in network order.
  void put(std::uint64_t value, std::size_t size, std::size_t of = 0) {
    if (of == 0) of = size;
    for (std::size_t i = 0; i < size; ++i)
      packet_[at_++] = static_cast<unsigned char>(value >> (8 * (of - 1 - i)) & 0xffU);
  }

  void record(std::size_t size) {
    const auto length = static_cast<std::uint32_t>(size);
    const std::uint32_t captured = std::min(length, snap_);
    const std::uint32_t header[] = {static_cast<std::uint32_t>(1700000000 + time_ / 1000000),
                                    static_cast<std::uint32_t>(time_ % 1000000), captured, length};
    write(header, sizeof header);
    write(packet_.data(), captured);
    ++packets_;
  }

  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint32_t snap_;
  std::array<unsigned char, 1600> packet_{};
  std::size_t at_ = 0;
  std::uint64_t identification_ = 0;
  std::uint64_t time_ = 1000000;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

/// One conversation, a segment at a time.
class Talk {
 public:
  Talk(Random& random, std::uint64_t number)
      : random_(&random),
        client_{static_cast<std::uint32_t>(0x0a000000 + number % 5000),
                static_cast<std::uint16_t>(32768 + number / 5000)},
        server_{static_cast<std::uint32_t>(0xc0000200 + number % 20), 80},
        next_{static_cast<std::uint32_t>(random.bits()), static_cast<std::uint32_t>(random.bits())},
        exchanges_(random.between(60, 120)) {
    say(true, flag::syn, 0);
    say(false, flag::syn | flag::ack, 0);
    say(true, flag::ack, 0);
  }

  /// False when it is over.
  bool step(File& file, Made& made) {
    if (coming_.empty() && !plan(made)) return false;
    file.add(coming_.front(), client_, server_);
    coming_.pop_front();
    return true;
  }

 private:
  void say(bool from_client, unsigned flags, std::uint32_t length) {
    std::uint32_t& mine = next_[from_client ? 0 : 1];
    const std::uint32_t other = (flags & flag::ack) != 0 ? next_[from_client ? 1 : 0] : 0;
    coming_.push_back({from_client, static_cast<std::uint8_t>(flags), mine, other, length});
    mine += length + ((flags & (flag::syn | flag::fin)) != 0 ? 1 : 0);
  }

  /// A piece of a message of `message` bytes where it is its first, else 0.
  void say_data(bool from_client, std::uint32_t length, std::uint32_t message, Made& made) {
    say(from_client, flag::psh | flag::ack, length);
    coming_.back().message = message;
    made.data_bytes += length;
    if (!random_->chance(0.005)) return;
    coming_.push_back(coming_.back());
    ++made.retransmissions;
  }

  bool plan(Made& made) {
    if (closed_) return false;
    if (exchanges_ == 0) {
      closed_ = true;
      say(true, flag::fin | flag::ack, 0);
      say(false, flag::fin | flag::ack, 0);
      say(true, flag::ack, 0);
      return true;
    }
    --exchanges_;
    const auto request = static_cast<std::uint32_t>(random_->between(80, 600));
    say_data(true, request, request, made);
    const auto pieces = static_cast<std::uint32_t>(random_->between(1, 12));
    const auto last = static_cast<std::uint32_t>(random_->between(100, segment_size));
    const std::uint32_t answer = (pieces - 1) * segment_size + last;
    for (std::uint32_t i = 1; i <= pieces; ++i) {
      say_data(false, i == pieces ? last : segment_size, i == 1 ? answer : 0, made);
      if (i == pieces || i % 2 == 0) say(true, flag::ack, 0);
    }
    return true;
  }

  Random* random_;
  Host client_;
  Host server_;
  std::array<std::uint32_t, 2> next_;  ///< sequence numbers, the client's first
  std::uint64_t exchanges_;
  bool closed_ = false;
  std::deque<Segment> coming_;
};

void finish(File& file, Made& made) {
  made.packets = file.packets();
  made.file_bytes = file.bytes();
  file.close();
}

}  // namespace

Made write_conversations(const std::string& name, const Wanted& wanted) {
  Random random(20240229);
  File file(name, wanted.snap);
  Made made;
  std::vector<Talk> talks;
  while (talks.size() < wanted.conversations) talks.emplace_back(random, made.connections++);
  while (file.packets() < wanted.packets || file.bytes() < wanted.bytes) {
    Talk& talk = talks[random.between(0, talks.size() - 1)];
    if (!talk.step(file, made)) talk = Talk(random, made.connections++);
    file.pass(random.between(1, 50));
  }
  for (Talk& talk : talks)
    while (talk.step(file, made)) file.pass(3);
  finish(file, made);
  return made;
}

Made write_flood(const std::string& name, std::uint64_t bytes) {
  File file(name, 262144);
  Made made;
  const Host server = {0xc0000201, 80};
  for (std::uint32_t number = 0; file.bytes() < bytes; ++number) {
    const Host client = {0x0a000000 + number % 0x1000000,
                         static_cast<std::uint16_t>(32768 + number / 0x1000000)};
    file.add({true, flag::syn, number * 2654435761U, 0, 0}, client, server);
    file.pass(1);
    ++made.connections;
  }
  finish(file, made);
  return made;
}

}  // namespace tracing_bench
