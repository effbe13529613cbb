// The graded cases of lab 02, by part of the contract, and what their peers have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge.hpp"
#include "peer.hpp"

namespace lab02 {

using dialtone::Case;
using dialtone::FileDescriptor;
using dialtone::LoopbackFamily;
using dialtone::Message;
using dialtone::milliseconds;
using dialtone::Trial;
using dialtone::with_deadline;
using nlohmann::json;

std::vector<Case> tcp_cases();
std::vector<Case> stream_cases();
std::vector<Case> udp_cases();
std::vector<Case> whole_file_cases();

/// How long the judge waits for words that a right program has said already, or is about to say.
inline constexpr milliseconds peer_time{2500};

/// An address as the shim takes it.
json address_fields(LoopbackFamily family, std::uint16_t port);
/// "[::1]:80", as the shim and the story print it.
std::string address_text(LoopbackFamily family, std::uint16_t port);

std::string count_text(std::size_t bytes);

/// A port where nobody is, and that nobody else can take while this lives: TCP refuses a call to
/// it, UDP answers by ICMP. (A port that is merely free may be taken by another program at any
/// moment, or by the calling socket itself, which then talks to itself.)
dialtone::Bound nobody_there(LoopbackFamily family, int type);

/// A pause of up to `most` milliseconds: the peer takes its time, as networks do.
void pause(dialtone::Random& random, std::uint64_t most);

/// Whether the socket has something to read before the student's answer or the end of the time.
bool ready_before_answer(Trial& trial, int socket, milliseconds time = dialtone::ample_time);

/// The student never came to the judge's socket: the story tells the failure that it answered, or
/// that nothing came.
[[noreturn]] void nobody_came(Trial& trial, std::string_view what);

/// A request to the student for one function of the header, told as a step.
void start(Trial& trial, const std::string& told, const json& request,
           std::string_view payload = {}, const std::vector<int>& descriptors = {});

/// A field of an answer's value as text, whatever the student's program made of it.
std::string field(const Message& answer, const char* name);
std::size_t number_field(const Message& answer, const char* name);

/// A successful Talk with these words; from this peer and with this full length, where they are
/// what the case is about (else "" and 0).
void expect_talk(Trial& trial, const Message& answer, std::string_view what, std::string_view heard,
                 const std::string& peer = "", std::size_t full_length = 0);

/// A socket of the student's: its slot in the shim, and the judge's copy of it.
struct Phone {
  LoopbackFamily family = LoopbackFamily::ipv4;
  int slot = -1;
  FileDescriptor socket;
  std::uint16_t port = 0;
};

/// What wait_for_calls or open_udp answered, as a phone.
Phone phone_of(Trial& trial, Message answer, std::string_view what, LoopbackFamily family);
Phone wait_for_calls(Trial& trial, LoopbackFamily family);
Phone open_udp(Trial& trial, LoopbackFamily family);
void drop(Trial& trial, const Phone& phone);

// --- TCP ---

/// A listener of the judge's that the student calls.
struct Server {
  LoopbackFamily family;
  dialtone::Bound listener;
  json fields;
  std::string text;
};
Server draw_server(Trial& trial);

void start_call_tcp(Trial& trial, const Server& server, std::string_view say,
                    milliseconds time = dialtone::ample_time);
void start_answer_tcp(Trial& trial, const Phone& phone, std::string_view reply,
                      milliseconds time = dialtone::ample_time);

/// The student's call as it comes in; fails the story when none does.
FileDescriptor pick_up(Trial& trial, const Server& server);

/// A call to the student's listener, and the address that it comes from.
struct Caller {
  FileDescriptor socket;
  std::string text;
};
Caller call(Trial& trial, const Phone& phone);

/// Reads just as many bytes as are expected, and fails the story when they are others.
void expect_to_hear(Trial& trial, int socket, std::string_view expected);

/// The address of the other end of a judge's TCP socket.
std::string peer_text(int socket, LoopbackFamily family);

// --- UDP ---

struct Letter {
  std::string bytes;
  std::uint16_t from = 0;  ///< the sender's port
};

/// The next datagram, unless the student answers or the time ends first.
std::optional<Letter> take_datagram(Trial& trial, int socket,
                                    milliseconds time = dialtone::ample_time);

/// What lies in the queue now.
std::optional<Letter> take_datagram_now(int socket);

/// Sends one datagram to a loopback port.
void post(int socket, LoopbackFamily family, std::uint16_t port, std::string_view bytes);

}  // namespace lab02
