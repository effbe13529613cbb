// Signals and whole conversations, told segment by segment, for lab 03's practice tests.
#pragma once

#include "by_hand.hpp"

namespace handshake_trace {

// --- single steps of the states ---

/// "syn", "ack", "fin", "rst" in a row; "ack-syn" acknowledges the receiver's SYN, "ack-fin" its
/// SYN and its FIN.
inline Signal signal_of(const std::string& text) {
  Signal signal;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "syn") signal.syn = true;
    if (word == "fin") signal.fin = true;
    if (word == "rst") signal.rst = true;
    if (word.starts_with("ack")) signal.ack = true;
    if (word == "ack-syn" || word == "ack-fin") signal.acknowledges_syn = true;
    if (word == "ack-fin") signal.acknowledges_fin = true;
  }
  return signal;
}

struct Step {
  State before;
  const char* signal;
  State after;
};

inline void expect_steps(const char* what, State (*function)(State, const Signal&),
                         const std::vector<Step>& steps) {
  for (const Step& one : steps) {
    Story s;
    s.step(std::string(what) + "(" + name_of(one.before) + ", " + one.signal + ")");
    s.expect_equal("the state after it", name_of(function(one.before, signal_of(one.signal))),
                   std::string_view(name_of(one.after)));
  }
}

// --- conversations ---

/// Listens in on a conversation that is told as tcpdump prints it, with absolute numbers; '>' is
/// what the client sends: "> ACK seq 1001 ack 5001 len 5 win 100 scale 7".
class Wiretap {
 public:
  explicit Wiretap(Story& s) : s_(s) {}

  const Note& hears(const std::string& line) {
    s_.step(line);
    std::istringstream words(line);
    std::string direction, flags, word;
    words >> direction >> flags;
    Tcp header;
    for (const auto& [name, bit] : {std::pair{"SYN", flag::syn}, std::pair{"FIN", flag::fin},
                                    std::pair{"RST", flag::rst}, std::pair{"ACK", flag::ack}})
      if (flags.find(name) != std::string::npos) header.flags |= bit;
    std::uint32_t length = 0;
    for (std::uint32_t value = 0; words >> word >> value;) {
      if (word == "seq") header.sequence = value;
      if (word == "ack") header.acknowledgement = value;
      if (word == "len") length = value;
      if (word == "win") header.window = static_cast<std::uint16_t>(value);
      if (word == "scale") header.options.window_scale = static_cast<std::uint8_t>(value);
    }
    const End from = direction == ">" ? End::client : End::server;
    note_ = conversation_.take(header, length, from);
    s_.expect("from whom it is", note_.from == from, from == End::client ? "client" : "server",
              from == End::client ? "server" : "client");
    return note_;
  }

  /// What the segment is: its kind, its relative number, its acknowledgement's and its fresh bytes,
  /// the last two where they are not 0: "data 1 ack 1 fresh 5".
  void hears(const std::string& line, const std::string& expected) {
    const Note& note = hears(line);
    std::string got = name_of(note.kind) + (" " + std::to_string(note.sequence));
    if (note.acknowledgement != 0) got += " ack " + std::to_string(note.acknowledgement);
    if (note.fresh != 0) got += " fresh " + std::to_string(note.fresh);
    s_.expect_equal("what the segment is", got, expected);
  }

  /// And what client and server are after it: "established close_wait".
  void hears(const std::string& line, const std::string& expected, const std::string& states) {
    hears(line, expected);
    s_.expect_equal("what client and server are after it",
                    name_of(note_.client) + (" " + std::string(name_of(note_.server))), states);
  }

  void hears_window(const std::string& line, std::uint64_t expected) {
    s_.expect_equal("the window in bytes", hears(line).window, expected);
  }

  /// The handshake: the client counts from 1000, the server from 5000.
  void hears_handshake() {
    hears("> SYN seq 1000");
    hears("< SYN,ACK seq 5000 ack 1001");
    hears("> ACK seq 1001 ack 5001");
  }

 private:
  Story& s_;
  Conversation conversation_;
  Note note_;
};

}  // namespace handshake_trace
