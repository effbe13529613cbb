// Carries lab 03's code for the judge: packets as payloads, and whole conversations, so that one
// request plays many calls.
#include "shim.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "handshake_trace.hpp"

namespace {

using dialtone::Answer;
using dialtone::Message;
using namespace handshake_trace;
using nlohmann::json;

Answer value(json what) {
  return {{{"value", std::move(what)}}};
}

/// A copy of bytes that ends where a page ends behind which nothing can be read: whoever reads
/// beyond the last byte is stopped there, with sanitizers or without.
class Fenced {
 public:
  explicit Fenced(std::string_view bytes) : size_(bytes.size()) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t room = (size_ / page + 1) * page;
    mapped_ = room + page;
    area_ = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area_ == MAP_FAILED || mprotect(area_, room, PROT_READ | PROT_WRITE) != 0)
      throw std::system_error(errno, std::generic_category(), "shim: mmap");
    begin_ = static_cast<std::byte*>(area_) + room - size_;
    if (size_ > 0) std::memcpy(begin_, bytes.data(), size_);
  }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;
  ~Fenced() { munmap(area_, mapped_); }

  Bytes bytes() const { return {begin_, size_}; }

  /// A part's offset and size; an offset of -1 where it does not lie in these bytes.
  json place_of(Bytes part) const {
    const auto at = reinterpret_cast<std::uintptr_t>(part.data());
    const auto first = reinterpret_cast<std::uintptr_t>(begin_);
    const bool inside = at >= first && at - first <= size_ && part.size() <= size_ - (at - first);
    return {inside ? static_cast<std::int64_t>(at - first) : -1, part.size()};
  }

 private:
  std::size_t size_;
  std::size_t mapped_ = 0;
  void* area_ = nullptr;
  std::byte* begin_ = nullptr;
};

const char* name_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::truncated:
      return "truncated";
    case Error::Kind::bad_version:
      return "bad_version";
    case Error::Kind::bad_length:
      return "bad_length";
  }
  return "?";
}

json hex(Bytes bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const std::byte one : bytes) {
    text += digits[std::to_integer<unsigned>(one) >> 4U];
    text += digits[std::to_integer<unsigned>(one) & 15U];
  }
  return text;
}

json fields_of(const Ethernet& header, const Fenced& given) {
  return {{"destination", hex(header.destination)},
          {"source", hex(header.source)},
          {"tags", header.tags},
          {"vlan", header.vlan},
          {"type", header.type},
          {"payload", given.place_of(header.payload)}};
}

json fields_of(const Packet& packet, const Fenced& given) {
  return {{"source", hex(packet.source.bytes)},
          {"source is v6", packet.source.is_v6},
          {"destination", hex(packet.destination.bytes)},
          {"destination is v6", packet.destination.is_v6},
          {"hops", packet.hops},
          {"protocol", packet.protocol},
          {"more_fragments", packet.more_fragments},
          {"fragment_offset", packet.fragment_offset},
          {"payload_length", packet.payload_length},
          {"payload", given.place_of(packet.payload)}};
}

/// What the options are not: null. The blocks are as many as they say, and no more than there can
/// be.
json fields_of(const Options& options) {
  json sack = json::array();
  for (std::size_t i = 0; i < std::min(options.sack_blocks, options.sack.size()); ++i)
    sack.push_back({options.sack[i].left, options.sack[i].right});
  json fields = {{"maximum_segment_size", nullptr},
                 {"window_scale", nullptr},
                 {"sack_permitted", options.sack_permitted},
                 {"sack_blocks", options.sack_blocks},
                 {"sack", std::move(sack)},
                 {"timestamps", nullptr},
                 {"broken", options.broken}};
  if (options.maximum_segment_size) fields["maximum_segment_size"] = *options.maximum_segment_size;
  if (options.window_scale) fields["window_scale"] = *options.window_scale;
  if (options.timestamps)
    fields["timestamps"] = {options.timestamps->value, options.timestamps->echo};
  return fields;
}

json fields_of(const Tcp& header, const Fenced&) {
  return {{"source_port", header.source_port},
          {"destination_port", header.destination_port},
          {"sequence", header.sequence},
          {"acknowledgement", header.acknowledgement},
          {"flags", header.flags},
          {"window", header.window},
          {"checksum", header.checksum},
          {"urgent", header.urgent},
          {"header_length", header.header_length},
          {"options", fields_of(header.options)}};
}

template <class T>
json told(const Result<T>& parsed, const Fenced& given) {
  if (parsed) return {{"fields", fields_of(*parsed, given)}};
  return {{"error", {{"kind", name_of(parsed.error().kind)}, {"message", parsed.error().message}}}};
}

json parse(const std::string& layer, std::string_view bytes) {
  const Fenced given(bytes);
  if (layer == "ethernet") return told(parse_ethernet(given.bytes()), given);
  if (layer == "ipv4") return told(parse_ipv4(given.bytes()), given);
  if (layer == "ipv6") return told(parse_ipv6(given.bytes()), given);
  return told(parse_tcp(given.bytes()), given);
}

/// The payload's packets, one behind the other, of the sizes given.
Answer parse_all(Message& request) {
  const std::string layer = request.body.at("layer").get<std::string>();
  std::string_view rest = request.payload;
  json answers = json::array();
  for (const json& size : request.body.at("sizes")) {
    answers.push_back(parse(layer, rest.substr(0, size.get<std::size_t>())));
    rest.remove_prefix(size.get<std::size_t>());
  }
  return value(std::move(answers));
}

/// The payload's first byte alone, its first two, and so on, from none of them to all.
Answer parse_prefixes(Message& request) {
  const std::string layer = request.body.at("layer").get<std::string>();
  const std::string_view whole = request.payload;
  json answers = json::array();
  for (std::size_t size = 0; size <= whole.size(); ++size)
    answers.push_back(parse(layer, whole.substr(0, size)));
  return value(std::move(answers));
}

Answer sum_up(Message& request) {
  const Fenced given(request.payload);
  if (!request.body.contains("sum")) return value(checksum(given.bytes()));
  return value(checksum(given.bytes(), request.body["sum"].get<std::uint32_t>()));
}

Address address_of(const json& bytes) {
  Address address;
  address.is_v6 = bytes.size() == address.bytes.size();
  for (std::size_t i = 0; i < std::min(bytes.size(), address.bytes.size()); ++i)
    address.bytes[i] = std::byte{bytes[i].get<std::uint8_t>()};
  return address;
}

Answer verify(Message& request) {
  const Fenced given(request.payload);
  Packet packet;
  packet.source = address_of(request.body.at("source"));
  packet.destination = address_of(request.body.at("destination"));
  packet.hops = 64;
  packet.protocol = 6;
  packet.more_fragments = request.body.value("more_fragments", false);
  packet.fragment_offset = request.body.value("fragment_offset", 0U);
  packet.payload_length = request.body.value("payload_length", given.bytes().size());
  packet.payload = given.bytes();
  switch (verify_checksum(packet)) {
    case Verdict::right:
      return value("right");
    case Verdict::wrong:
      return value("wrong");
    case Verdict::left_to_the_card:
      return value("left_to_the_card");
    case Verdict::not_known:
      return value("not_known");
  }
  return value("?");
}

/// before() for each pair.
Answer compare(Message& request) {
  json answers = json::array();
  for (const json& pair : request.body.at("pairs"))
    answers.push_back(before(pair.at(0).get<std::uint32_t>(), pair.at(1).get<std::uint32_t>()));
  return value(std::move(answers));
}

/// unwrap() for each pair.
Answer place(Message& request) {
  json answers = json::array();
  for (const json& pair : request.body.at("pairs"))
    answers.push_back(unwrap(pair.at(0).get<std::uint32_t>(), pair.at(1).get<std::int64_t>()));
  return value(std::move(answers));
}

Signal signal_of(unsigned bits) {
  const auto has = [bits](unsigned bit) { return (bits >> bit & 1U) != 0; };
  return {.syn = has(0),
          .ack = has(1),
          .fin = has(2),
          .rst = has(3),
          .acknowledges_syn = has(4),
          .acknowledges_fin = has(5)};
}

/// Each step is [sends, state, bits of the signal]; the answer is the state after it.
Answer step(Message& request) {
  json answers = json::array();
  for (const json& one : request.body.at("steps")) {
    const auto state = static_cast<State>(one.at(1).get<std::uint8_t>());
    const Signal signal = signal_of(one.at(2).get<unsigned>());
    const State after =
        one.at(0).get<bool>() ? after_sending(state, signal) : after_receiving(state, signal);
    answers.push_back(static_cast<unsigned>(after));
  }
  return value(std::move(answers));
}

/// Each segment is [from, sequence, acknowledgement, flags, window, length, window scale or null];
/// the answer is [kind, from, sequence, acknowledgement, fresh, window, client, server].
Answer listen_to(Message& request) {
  Conversation conversation;
  json notes = json::array();
  for (const json& one : request.body.at("segments")) {
    Tcp header;
    const End from = one.at(0).get<int>() == 0 ? End::client : End::server;
    header.source_port = from == End::client ? 40000 : 7;
    header.destination_port = from == End::client ? 7 : 40000;
    header.sequence = one.at(1).get<std::uint32_t>();
    header.acknowledgement = one.at(2).get<std::uint32_t>();
    header.flags = one.at(3).get<std::uint8_t>();
    header.window = one.at(4).get<std::uint16_t>();
    if (!one.at(6).is_null()) {
      header.options.window_scale = one.at(6).get<std::uint8_t>();
      header.header_length = 24;
    }
    const Note note = conversation.take(header, one.at(5).get<std::uint32_t>(), from);
    notes.push_back({static_cast<unsigned>(note.kind), static_cast<unsigned>(note.from),
                     note.sequence, note.acknowledgement, note.fresh, note.window,
                     static_cast<unsigned>(note.client), static_cast<unsigned>(note.server)});
  }
  return value(std::move(notes));
}

}  // namespace

int main() {
  return dialtone::run_shim({{"parse", parse_all},
                             {"prefixes", parse_prefixes},
                             {"checksum", sum_up},
                             {"verify_checksum", verify},
                             {"before", compare},
                             {"unwrap", place},
                             {"states", step},
                             {"take", listen_to}});
}
