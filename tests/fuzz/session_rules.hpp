// What must hold of a conversation with the server, whatever was said in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "session_store.hpp"
#include "wire.hpp"

namespace fuzz {

enum class Ending {
  calm,         ///< the caller said all, listened to all, and hung up
  stopped,      ///< likewise, but the server was stopped meanwhile
  out_of_time,  ///< likewise, but was told that its time is over
  cut,          ///< what was heard may end anywhere
};

/// A conversation that is over.
struct Talk {
  std::string_view said;   ///< by the caller
  std::string heard;       ///< from the server
  std::size_t before = 0;  ///< bytes that were said before anything happened
  Ending ending = Ending::calm;
  bool was_turned_away = false;  ///< there was no room for it
};

/// Ends the run as a finding where a rule does not hold:
/// - What the server says is frames, each an answer to a request, in the order of the requests.
/// They
///   are whole; only a large file may be cut where time is over.
/// - Every whole request has its answer: those that came before the stop, where there was one.
/// - A digest in an answer fits the payload, and no file goes out as what it is not.
/// - A file is stored only as an upload said it: its bytes, its size, its digest. It is stored
/// where
///   the answer says so, and in no other case.
void must_hold(const Talk& talk, const MemoryStore& store);

}  // namespace fuzz
