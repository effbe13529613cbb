// Any bytes as a packet, on every link, and as each header by itself; and any script as a
// conversation.
//
// Input: one byte; below 0x80 it names the link, and a packet follows. Else a script of segments
// follows, as `Script` reads it.
#include <array>
#include <vector>

#include "tracing_rules.hpp"

namespace {

using namespace handshake_trace;
using fuzz::require;

// --- packets ---

constexpr std::uint32_t links[] = {1, 0, 12, 14, 101, 108, 113, 228, 229, 276, 147};

template <class Header>
void must_say_why(const Result<Header>& header) {
  if (!header)
    require(
        !header.error().message.empty() && header.error().message.find('\n') == std::string::npos,
        "a refusal says why, in one line");
}

void ethernet(Bytes bytes) {
  const auto header = parse_ethernet(bytes);
  must_say_why(header);
  if (!header) return require(header.error().kind == Error::Kind::truncated, "it can only be cut");
  const std::size_t size = 14 + 4 * header->tags;
  require(header->payload.size() + size == bytes.size() && fuzz::lies_in(header->payload, bytes),
          "the payload is all that follows");
  require(header->vlan <= 0xfff, "a VLAN has twelve bits");
  require(header->type != 0x8100 && header->type != 0x88a8 && header->type != 0x9100,
          "no tag is left");
  const auto shorter = parse_ethernet(bytes.first(size - 1));
  require(!shorter && shorter.error().kind == Error::Kind::truncated, "a cut header is refused");
}

/// The same header where the capture was cut behind it.
void ip(Bytes bytes, Result<Packet> (*parse)(Bytes)) {
  const auto packet = parse(bytes);
  must_say_why(packet);
  if (!packet) return;
  fuzz::must_hold(*packet, bytes);
  const auto header = static_cast<std::size_t>(packet->payload.data() - bytes.data());
  const auto cut = parse(bytes.first(header));
  if (packet->payload_length + header == bytes.size()) return;  // "all that is there", maybe
  require(cut && cut->payload.empty(), "the header alone is enough");
  require(cut->protocol == packet->protocol && cut->payload_length == packet->payload_length &&
              cut->source == packet->source && cut->fragment_offset == packet->fragment_offset,
          "a cut behind the header changes nothing of it");
  const auto shorter = parse(bytes.first(header - 1));
  require(!shorter && shorter.error().kind == Error::Kind::truncated, "a cut header is refused");
}

void tcp(Bytes bytes) {
  const auto header = parse_tcp(bytes);
  must_say_why(header);
  if (!header) return;
  fuzz::must_hold(*header, bytes);
  const auto alone = parse_tcp(bytes.first(header->header_length));
  require(alone && alone->sequence == header->sequence &&
              alone->options.broken == header->options.broken &&
              alone->options.timestamps == header->options.timestamps,
          "the header alone is enough");
  const auto shorter = parse_tcp(bytes.first(header->header_length - 1));
  require(!shorter && shorter.error().kind == Error::Kind::truncated, "a cut header is refused");
}

/// The sum modulo 65535, with 65535 for 0 where anything was added.
void sum(Bytes bytes) {
  std::uint64_t value = 0;
  bool any = false;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[at]);
    any = any || byte != 0;
    value = (value + (at % 2 == 0 ? byte << 8U : byte)) % 65535;
  }
  if (value == 0 && any) value = 65535;
  require(checksum(bytes) == (~value & 0xffffU), "the checksum is the complement of the sum");
  const std::size_t half = bytes.size() / 4 * 2;
  const auto first = static_cast<std::uint16_t>(~checksum(bytes.first(half)));
  require(checksum(bytes.subspan(half), first) == checksum(bytes), "sums can go on");
}

/// A segment whose checksum is put right is right, and wrong again with another bit.
void put_right(const Packet& packet) {
  const Verdict verdict = verify_checksum(packet);
  if (packet.is_fragment() || packet.payload.size() < packet.payload_length ||
      packet.payload.size() < 20)
    return require(verdict == Verdict::not_known, "a part tells nothing");
  std::vector<std::byte> segment(packet.payload.begin(), packet.payload.end());
  Packet copy = packet;
  copy.payload = segment;
  std::uint32_t start = packet.protocol;
  start += static_cast<std::uint32_t>(segment.size() >> 16U);
  start += static_cast<std::uint32_t>(segment.size() & 0xffffU);
  start += static_cast<std::uint16_t>(~checksum(packet.source.bytes));
  start += static_cast<std::uint16_t>(~checksum(packet.destination.bytes));
  const auto put = [&](std::uint16_t field) {
    segment[16] = static_cast<std::byte>(field >> 8U);
    segment[17] = static_cast<std::byte>(field & 0xffU);
  };
  put(0);
  put(checksum(segment, start));
  require(verify_checksum(copy) == Verdict::right, "a checksum that is put right is right");
  segment[19] ^= std::byte{1};
  require(verify_checksum(copy) != Verdict::right, "one bit makes it wrong");
}

void packet(std::uint32_t link_type, Bytes bytes) {
  tracing::Dissected dissected;
  tracing::dissect(link_type, bytes, dissected);
  fuzz::must_hold(dissected, link_type, bytes);
  require(!tracing::link_name(link_type).empty(), "a link has a name");
  if (dissected.is_ip) put_right(dissected.ip);
  ethernet(bytes);
  ip(bytes, parse_ipv4);
  ip(bytes, parse_ipv6);
  tcp(bytes);
  sum(bytes);
}

// --- conversations ---

struct Segment {
  Tcp header;
  std::uint32_t length = 0;
  End from = End::client;
};

/// Two bytes for the first numbers; then four a segment: who and which flags; how far its number
/// lies from the one that comes next; its length; how far its acknowledgement lies from what the
/// other end sent.
class Script {
 public:
  explicit Script(Bytes input) : input_(input) {
    for (std::uint32_t& number : next_) number = fuzz::take_byte(input_) * 0x01010101U;
  }

  bool next(Segment& segment) {
    if (input_.size() < 4) return false;
    const unsigned what = fuzz::take_byte(input_);
    const bool far = (what & 0x40U) != 0;
    const bool is_long = (what & 0x80U) != 0;
    segment.from = (what & 1U) == 0 ? End::client : End::server;
    std::uint32_t& mine = next_[what & 1U];
    Tcp& header = segment.header;
    header = {};
    header.flags =
        static_cast<std::uint8_t>((what & 2U ? flag::syn : 0) | (what & 4U ? flag::fin : 0) |
                                  (what & 8U ? flag::rst : 0) | (what & 16U ? flag::ack : 0));
    header.sequence = mine + distance(far);
    const unsigned size = fuzz::take_byte(input_);
    segment.length = is_long ? size * 257 : size;
    header.acknowledgement = next_[1 - (what & 1U)] + distance(far);
    header.window = static_cast<std::uint16_t>(size * 251);
    if ((what & 32U) != 0) header.options.window_scale = static_cast<std::uint8_t>(size);
    mine =
        header.sequence + segment.length + ((what & 2U) != 0 ? 1 : 0) + ((what & 4U) != 0 ? 1 : 0);
    return true;
  }

 private:
  std::uint32_t distance(bool far) {
    const auto steps = static_cast<std::int8_t>(fuzz::take_byte(input_));
    return far ? static_cast<std::uint32_t>(steps) << 24U : static_cast<std::uint32_t>(steps);
  }

  Bytes input_;
  std::array<std::uint32_t, 2> next_{};
};

bool same(const Note& a, const Note& b) {
  return a.kind == b.kind && a.from == b.from && a.sequence == b.sequence &&
         a.acknowledgement == b.acknowledgement && a.fresh == b.fresh && a.window == b.window &&
         a.client == b.client && a.server == b.server;
}

/// One direction, as far as its numbers are checked.
struct Numbers {
  bool any = false;
  std::uint32_t absolute = 0;
  std::int64_t relative = 0;
  std::int64_t first = 0;  ///< of those that took any
  bool taken = false;
};

void must_count(Numbers& numbers, const Segment& segment, const Note& note) {
  if (numbers.any)
    require(static_cast<std::uint32_t>(note.sequence - numbers.relative) ==
                segment.header.sequence - numbers.absolute,
            "relative numbers go as the absolute ones do");
  numbers.any = true;
  numbers.absolute = segment.header.sequence;
  numbers.relative = note.sequence;
}

/// What has just gone by is a retransmission when it comes again, unless it lies before all else.
void must_be_known(const Conversation& conversation, Numbers& numbers, const Segment& segment,
                   const Note& note) {
  if (note.kind == Kind::rst || note.kind == Kind::ack) return;
  if (!numbers.taken) numbers.first = note.sequence;
  numbers.taken = true;
  if (note.sequence < numbers.first) return;
  Conversation copy = conversation;
  const Note again = copy.take(segment.header, segment.length, segment.from);
  require(again.kind == Kind::retransmission && again.fresh == 0 && again.sequence == note.sequence,
          "the same segment again is a retransmission");
}

void conversation(Bytes input) {
  // The same, with other first numbers: only the absolute numbers differ.
  constexpr std::uint32_t shifts[] = {0xfffffff0, 0x7fffff00};
  Script script(input);
  Conversation plain;
  Conversation shifted;
  std::array<Numbers, 2> numbers;
  Segment segment;
  while (script.next(segment)) {
    const auto from = static_cast<std::size_t>(segment.from);
    const Note note = plain.take(segment.header, segment.length, segment.from);
    fuzz::must_hold(note, segment.header, segment.length);
    require(note.from == segment.from, "who sent it is who sent it");
    if (note.kind == Kind::rst)
      require((from == 0 ? note.client : note.server) == State::closed, "a RST closes its sender");
    must_count(numbers[from], segment, note);
    must_be_known(plain, numbers[from], segment, note);
    segment.header.sequence += shifts[from];
    segment.header.acknowledgement += shifts[1 - from];
    require(same(note, shifted.take(segment.header, segment.length, segment.from)),
            "first numbers do not matter");
  }
}

/// Numbers on the circle, from eight bytes.
void circle(Bytes input) {
  std::uint32_t a = 0;
  std::int64_t near = 0;
  for (int i = 0; i < 4; ++i) a = a << 8U | fuzz::take_byte(input);
  for (int i = 0; i < 5; ++i) near = near << 8U | fuzz::take_byte(input);
  near -= std::int64_t{1} << 39U;
  const std::int64_t place = unwrap(a, near);
  require(static_cast<std::uint32_t>(place) == a, "a place has the number's low bits");
  require(place - near <= std::int64_t{1} << 31U && place - near > -(std::int64_t{1} << 31U),
          "the nearest place, the higher of two");
  const auto b = static_cast<std::uint32_t>(near);
  require(before(b, a) == (place > near && place - near < std::int64_t{1} << 31U),
          "before is less than half the circle");
  require(!(before(a, b) && before(b, a)), "not both before each other");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  const unsigned what = fuzz::take_byte(input);
  if (what < 0x80) {
    packet(links[what % std::size(links)], input);
  } else {
    conversation(input);
    circle(input);
  }
  return 0;
}
