// The operator's console: lines on a port of its own, on which lab 09's switchboard serves.
#pragma once

#include <thread>

#include "loop.hpp"
#include "socket_basics.hpp"
#include "switchboard.hpp"

namespace ftp::server {

/// What a line of the operator's comes to; it changes nothing:
///   status    the sessions, what was answered and refused so far, the room that is left
///   help      these words
///   bye       "bye", and the call ends
///   any other "error unknown: ", and the line quoted
switchboard::Reply tell_operator(Services& services, std::string_view line);

/// Serves operators on a thread of its own, until the stop is pulled. Whatever ends it sooner is
/// logged; the callers of the server itself notice nothing.
class Console {
 public:
  Console(socket_basics::Descriptor listener, Services& services, const switchboard::Stop& stop);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  /// Pulls the stop.
  ~Console();

 private:
  const switchboard::Stop& stop_;
  std::thread thread_;
};

}  // namespace ftp::server
