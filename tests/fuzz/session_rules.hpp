// What must hold of a conversation with the server, whatever was said in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "session_store.hpp"
#include "wire.hpp"

namespace fuzz {

/// A conversation that is over.
struct Talk {
  std::string_view said;         ///< by the caller, and all of it arrived unless was_disturbed
  std::string heard;             ///< from the server, as far as the caller listened
  bool was_disturbed = false;    ///< stopped, out of time, or left by the caller
  bool was_turned_away = false;  ///< there was no room for it
};

/// Ends the run as a finding where a rule does not hold:
/// - What the server says is frames, each an answer to a request, in the order of the requests. In
/// an
///   undisturbed conversation all are whole, and every whole request has its answer.
/// - A digest in an answer fits the payload, and no file goes out as what it is not.
/// - A file is stored only as an upload said it: its bytes, its size, its digest. It is stored
/// where
///   the answer says so, and in no other case.
void must_hold(const Talk& talk, const MemoryStore& store);

}  // namespace fuzz
