// RFC 9293's figure 5 as a table, seen from the wire.
#pragma once

#include <cstdint>
#include <string>

namespace lab03 {

/// In the order of handshake_trace::State, by which the shim tells them.
enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
inline constexpr unsigned state_count = 11;

/// The bits of a signal, as the shim takes them.
namespace says {
inline constexpr unsigned syn = 1;
inline constexpr unsigned ack = 2;
inline constexpr unsigned fin = 4;
inline constexpr unsigned rst = 8;
inline constexpr unsigned acknowledges_syn = 16;
inline constexpr unsigned acknowledges_fin = 32;
}  // namespace says

/// "established".
std::string name_of(State state);
std::string name_of_state(std::uint64_t number);

/// "SYN, ACK, acknowledges the SYN".
std::string told_signal(unsigned bits);

/// What the table says.
State after_sending(State state, unsigned bits);
State after_receiving(State state, unsigned bits);

}  // namespace lab03
