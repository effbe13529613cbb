// Lab 03: the handshake trace. This is the one file that you edit; handshake_trace.hpp says what
// each function promises. Replace a todo(...) by your code, then run `make check LAB=03`.
#include "handshake_trace.hpp"

#include "todo.hpp"

namespace handshake_trace {

using dialtone::todo;

// --- Ethernet ---

Result<Ethernet> parse_ethernet(Bytes /*frame*/) {
  todo("03", "parse_ethernet");
}

// --- IP ---

Result<Packet> parse_ipv4(Bytes /*packet*/) {
  todo("03", "parse_ipv4");
}

Result<Packet> parse_ipv6(Bytes /*packet*/) {
  todo("03", "parse_ipv6");
}

// --- TCP ---

Result<Tcp> parse_tcp(Bytes /*segment*/) {
  todo("03", "parse_tcp");
}

// --- the checksum ---

std::uint16_t checksum(Bytes /*bytes*/, std::uint32_t /*sum*/) {
  todo("03", "checksum");
}

Verdict verify_checksum(const Packet& /*packet*/) {
  todo("03", "verify_checksum");
}

// --- numbers on a circle ---

bool before(std::uint32_t /*a*/, std::uint32_t /*b*/) {
  todo("03", "before");
}

std::int64_t unwrap(std::uint32_t /*number*/, std::int64_t /*near*/) {
  todo("03", "unwrap");
}

// --- one conversation ---

State after_sending(State /*state*/, const Signal& /*signal*/) {
  todo("03", "after_sending");
}

State after_receiving(State /*state*/, const Signal& /*signal*/) {
  todo("03", "after_receiving");
}

Note Conversation::take(const Tcp& /*header*/, std::uint32_t /*length*/, End /*from*/) {
  todo("03", "Conversation::take");
}

}  // namespace handshake_trace
