// Lab 02: the phone call, over TCP and over UDP, from both ends. This header is the assignment;
// starter/phone_call.cpp is where you work.
//
// Lab 01 gave you a phone. Here you hold whole conversations with it, as the course tells them:
//
//   caller   get a phone, put in the SIM card, dial, speak, listen, hang up
//   callee   get a phone, put in the SIM card (bind), wait (listen), answer (accept), listen,
//            reply, hang up
//
// A UDP conversation has no dialling, no waiting, no answering and no hanging up: each datagram
// carries its own address, and is one message. What differs is the lesson.
//
// Rules for the whole file:
// - Every wait ends at the deadline that was given, counted over the whole function: a peer that
//   drips one byte at a time cannot stretch it.
// - A failure is a value, as in lab 01; what a failed function opened, it closed again.
// - Steps are told in the order in which they are taken, each once, right after it succeeded. A
//   step that fails is told too, with the error's message as its result, and is the last one told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "socket_basics.hpp"

namespace phone_call {

// --- given -----------------------------------------------------------------------------------

using socket_basics::Address;
using socket_basics::Deadline;
using socket_basics::Descriptor;
using socket_basics::Error;
using socket_basics::Result;

enum class Step { phone, sim, dial, wait, answer, speak, listen, hang_up };

/// One step of a call, as it went.
struct Event {
  Step step;
  std::string call;    ///< the system call that stands for it: "connect 127.0.0.1:9696"
  std::string result;  ///< what came of it: "connected", "12 bytes", or the error's message
};

/// Hears of each step. May be empty: then nobody listens.
using Narrator = std::function<void(const Event&)>;

/// What one end of a call has to show for it.
struct Talk {
  Address peer;       ///< who was at the other end
  std::string heard;  ///< what came from there
  std::size_t full_length =
      0;  ///< bytes that were sent to us; above heard.size(): UDP cut the rest
};

/// The most that one listen takes in, as in the course's recv(1024).
inline constexpr std::size_t usual_limit = 1024;

// --- hearing and speaking over TCP -----------------------------------------------------------

/// What has arrived on the stream, at most `limit` bytes, waiting for the first of them. It may be
/// half a message or three: a stream has no messages (lab 08 makes them). The peer hung up: an
/// empty text.
Result<std::string> hear_once(int call, std::size_t limit, Deadline deadline);

/// All that comes until the peer hangs up. More than `limit` bytes: a system failure with code
/// EMSGSIZE. A peer that breaks the connection off (RST) hung up in mid-sentence: broken. On a
/// failure `moved` says how many bytes had come.
Result<std::string> hear_all(int call, std::size_t limit, Deadline deadline);

/// Says that nothing more will be said, and goes on listening (shutdown(2), SHUT_WR).
Result<void> finish_speaking(int call);

// --- TCP -------------------------------------------------------------------------------------

/// The caller: phone, sim, dial, speak, listen (hear_all, at most 1 MiB), hang_up. Nobody puts in a
/// SIM card by hand here: connect picks a free number; tell the local address as `sim`'s result.
Result<Talk> call_tcp(const Address& server, std::string_view say, Deadline deadline,
                      const Narrator& tell = {});

/// The callee's first three steps: phone, sim, wait, with room for 5 callers.
Result<Descriptor> wait_for_calls(const Address& here, const Narrator& tell = {});

/// The callee's other steps, for one call: answer, listen (hear_once, usual_limit), speak, hang_up.
/// A caller that hangs up without a word: end_of_stream, and the listener can answer the next one.
/// Hanging up is orderly: finish speaking, then read on and throw away what still comes until the
/// caller hangs up or the deadline is over, so that no RST overtakes the reply (RFC 9293,
/// section 3.6.1).
Result<Talk> answer_tcp(int listener, std::string_view reply, Deadline deadline,
                        const Narrator& tell = {});

// --- UDP -------------------------------------------------------------------------------------

/// One datagram as it came.
struct Datagram {
  std::string bytes;            ///< at most the limit that was given
  std::size_t full_length = 0;  ///< as it was sent; above bytes.size(): truncated (MSG_TRUNC)
  Address from;
  std::uint32_t dropped =
      0;  ///< datagrams that this socket has lost to a full receive queue so far
};

/// phone and sim: a non-blocking, close-on-exec UDP socket bound to the address, which counts the
/// datagrams that its queue drops (SO_RXQ_OVFL, socket(7)). A unix address: bad_address.
Result<Descriptor> open_udp(const Address& here, const Narrator& tell = {});

/// The next datagram. An empty one is a message too, and no end of anything. A datagram longer than
/// `limit` is cut there, and `full_length` says so.
Result<Datagram> receive_datagram(int socket, std::size_t limit, Deadline deadline);

/// Sends the bytes as one datagram to the address. Too long for a datagram (EMSGSIZE): a system
/// failure, nothing is sent.
Result<void> send_datagram(int socket, std::string_view bytes, const Address& to,
                           Deadline deadline);

/// The caller: phone, sim (told as in call_tcp), speak, listen (one datagram, usual_limit).
/// The socket is connected to the server (connect(2) sends nothing here): so the datagrams of
/// others are not heard, and a port where nobody listens comes back as refused (ICMP, RFC
/// 1122 4.1.3.3). Where even that does not come back there is only silence: timed_out.
Result<Talk> call_udp(const Address& server, std::string_view say, Deadline deadline,
                      const Narrator& tell = {});

/// The callee, on a socket from open_udp: listen (one datagram, usual_limit), speak (to its
/// sender).
Result<Talk> answer_udp(int socket, std::string_view reply, Deadline deadline,
                        const Narrator& tell = {});

}  // namespace phone_call
