#include "made_calls.hpp"

#include <algorithm>
#include <array>

#include "judge/packets.hpp"

namespace made_calls {

namespace {

using dialtone::Random;
using lab03::number16;
using lab03::number32;
using lab03::number8;
using lab03::TcpPlan;

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::uint8_t fin = 1;
constexpr std::uint8_t syn = 2;
constexpr std::uint8_t rst = 4;
constexpr std::uint8_t psh = 8;
constexpr std::uint8_t ack = 16;

/// One end of a conversation.
struct Party {
  std::string address;
  std::uint16_t port = 0;
  std::uint32_t next = 0;      ///< the number of its next byte
  std::uint32_t expected = 0;  ///< what it expects from the other end
  std::uint32_t clock = 0;     ///< of its timestamps
  std::string hardware;
};

class Call {
 public:
  Call(Random& random, std::uint32_t link_type, std::int64_t begin, std::vector<Made>& made)
      : random_(random), link_type_(link_type), time_(begin), made_(made) {
    is_v6_ = random.chance(0.4);
    stamped_ = random.chance(0.5);
    tagged_ = link_type == 1 && random.chance(0.3);
    for (Party& party : ends_) {
      party.address = is_v6_ ? "\x20\x01\x0d\xb8" + random.bytes(12) : "\x0a" + random.bytes(3);
      party.port = static_cast<std::uint16_t>(random.between(1024, 65535));
      party.next = static_cast<std::uint32_t>(
          random.chance(0.4) ? 0xffffffff - random.between(0, 3000) : random.bits());
      party.clock = static_cast<std::uint32_t>(random.bits());
      party.hardware = '\x02' + random.bytes(5);
    }
  }

  void play() {
    if (!shake_hands()) return;
    for (auto turns = random_.between(1, 6); turns > 0; --turns) talk(random_.between(0, 1));
    end();
  }

 private:
  Party& party(std::size_t who) { return ends_[who]; }

  void wait(std::int64_t least, std::int64_t most) {
    time_ += static_cast<std::int64_t>(
        random_.between(static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(most)));
  }

  bool shake_hands() {
    constexpr std::size_t client = 0;
    constexpr std::size_t server = 1;
    const std::string offered = offer();
    send(client, syn, "", offered, party(client).next);
    if (random_.chance(0.2)) {
      wait(1000 * millisecond, 1001 * millisecond);
      send(client, syn, "", offered, party(client).next);
    }
    party(client).next += 1;
    wait(5 * millisecond, 20 * millisecond);
    party(server).expected = party(client).next;
    if (random_.chance(0.1)) {  // nobody there
      party(server).next = 0;
      send(server, rst | ack, "", "", 0);
      return false;
    }
    send(server, syn | ack, "", offer(), party(server).next);
    party(server).next += 1;
    party(client).expected = party(server).next;
    wait(5 * millisecond, 20 * millisecond);
    send(client, ack, "", stamps(client), party(client).next);
    return true;
  }

  /// A SYN's options, a multiple of 4 bytes.
  std::string offer() {
    std::string options = number8(2) + number8(4) + number16(random_.between(536, 1460));
    if (random_.chance(0.6))
      options += number8(1) + number8(3) + number8(3) + number8(random_.between(0, 14));
    if (random_.chance(0.6)) options += number8(1) + number8(1) + number8(4) + number8(2);
    return options;
  }

  std::string stamps(std::size_t who) {
    if (!stamped_) return {};
    party(who).clock += static_cast<std::uint32_t>(random_.between(0, 20));
    return number8(1) + number8(1) + number8(8) + number8(10) + number32(party(who).clock) +
           number32(party(1 - who).clock);
  }

  /// One end says a few segments, the other acknowledges them.
  void talk(std::size_t who) {
    wait(millisecond, 50 * millisecond);
    struct Piece {
      std::uint32_t at;
      std::string data;
    };
    std::vector<Piece> pieces;
    for (auto count = random_.between(1, 5); count > 0; --count) {
      pieces.push_back({party(who).next, random_.bytes(random_.between(2, 700))});
      party(who).next += static_cast<std::uint32_t>(pieces.back().data.size());
    }
    // Swapped on its way: neither the last one nor its neighbour, whose lateness is not seen.
    if (pieces.size() >= 4 && random_.chance(0.4)) std::swap(pieces[0], pieces[1]);
    for (const Piece& piece : pieces) {
      send(who, ack | psh, piece.data, stamps(who), piece.at);
      wait(millisecond / 10, millisecond / 5);
    }
    if (random_.chance(0.3)) {  // its timer was faster than the acknowledgement
      const Piece& again = pieces[random_.between(0, pieces.size() - 1)];
      wait(300 * millisecond, 400 * millisecond);
      send(who, ack | psh, again.data, stamps(who), again.at);
    }
    wait(2 * millisecond, 10 * millisecond);
    party(1 - who).expected = party(who).next;
    send(1 - who, ack, "", stamps(1 - who), party(1 - who).next);
  }

  void end() {
    const std::size_t first = random_.between(0, 1);
    wait(millisecond, 50 * millisecond);
    if (random_.chance(0.2)) return;
    if (random_.chance(0.2)) return send(first, rst | ack, "", "", party(first).next);
    for (const std::size_t who : {first, 1 - first}) {
      send(who, fin | ack, random_.chance(0.3) ? "bye" : "", stamps(who), party(who).next);
      party(who).next += static_cast<std::uint32_t>(last_length_) + 1;
      wait(2 * millisecond, 10 * millisecond);
      party(1 - who).expected = party(who).next;
      send(1 - who, ack, "", stamps(1 - who), party(1 - who).next);
      wait(2 * millisecond, 10 * millisecond);
    }
  }

  void send(std::size_t who, std::uint8_t flags, const std::string& data,
            const std::string& options, std::uint32_t sequence) {
    TcpPlan segment;
    segment.source_port = party(who).port;
    segment.destination_port = party(1 - who).port;
    segment.sequence = sequence;
    segment.acknowledgement = (flags & ack) != 0 ? party(who).expected : 0;
    segment.flags = flags;
    segment.window = static_cast<std::uint16_t>(
        (flags & (rst | syn)) == 0 && random_.chance(0.05) ? 0 : random_.between(1000, 65535));
    segment.options = options;
    segment.payload = data;
    const std::uint64_t pseudo_header =
        lab03::ones_sum(party(who).address + party(1 - who).address +
                        number32(segment.bytes().size()) + number32(6));
    const std::uint16_t sum = lab03::ones_sum(segment.bytes(), pseudo_header);
    segment.checksum = static_cast<std::uint16_t>(0xffff - sum);
    if (random_.chance(0.02)) segment.checksum ^= 0x0100;
    last_length_ = data.size();
    made_.push_back({time_, link_type_, on_link(who, on_network(who, segment.bytes()))});
  }

  std::string on_network(std::size_t who, const std::string& segment) {
    if (is_v6_) {
      lab03::Ipv6Plan packet;
      packet.source = party(who).address;
      packet.destination = party(1 - who).address;
      if (random_.chance(0.2))
        packet.extensions.push_back({60, std::string("\0\0\1\4\0\0\0\0", 8)});
      packet.payload = segment;
      return packet.bytes();
    }
    lab03::Ipv4Plan packet;
    packet.source = party(who).address;
    packet.destination = party(1 - who).address;
    packet.payload = segment;
    if (random_.chance(0.2)) packet.options = std::string("\x94\x04\0\0", 4);  // router alert
    return packet.bytes();
  }

  std::string on_link(std::size_t who, const std::string& packet) {
    const std::uint16_t type = is_v6_ ? 0x86dd : 0x0800;
    switch (link_type_) {
      case 0:
        return std::string(is_v6_ ? "\x1e\0\0\0" : "\x02\0\0\0", 4) + packet;
      case 113:
        return number16(who == 0 ? 4 : 0) + number16(1) + number16(6) + party(who).hardware +
               number16(0) + number16(type) + packet;
      case 276:
        return number16(type) + number16(0) + number32(2) + number16(1) +
               number8(who == 0 ? 4 : 0) + number8(6) + party(who).hardware + number16(0) + packet;
      case 1: {
        std::string frame = party(1 - who).hardware + party(who).hardware;
        if (tagged_) frame += number16(0x8100) + number16(42);
        frame += number16(type) + packet;
        return frame.size() < 60 ? frame + std::string(60 - frame.size(), '\0') : frame;
      }
      default:
        return packet;
    }
  }

  Random& random_;
  std::uint32_t link_type_;
  std::int64_t time_;
  std::vector<Made>& made_;
  std::array<Party, 2> ends_;
  bool is_v6_ = false;
  bool stamped_ = false;
  bool tagged_ = false;
  std::size_t last_length_ = 0;
};

}  // namespace

std::vector<Made> draw(Random& random, std::uint32_t link_type, std::size_t count) {
  constexpr std::int64_t epoch = 1'700'000'000'000'000'000;
  std::vector<Made> made;
  for (std::size_t i = 0; i < count; ++i)
    Call(random, link_type, epoch + static_cast<std::int64_t>(random.between(0, 3'000'000'000)),
         made)
        .play();
  std::stable_sort(made.begin(), made.end(),
                   [](const Made& a, const Made& b) { return a.time < b.time; });
  return made;
}

}  // namespace made_calls
