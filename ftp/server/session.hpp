// The conversation with one caller: request after request, in whichever version each one is.
#pragma once

#include <memory>

#include "call.hpp"

namespace ftp::server {

/// What came of one request: whether the conversation can go on.
using Went = Result<void>;

/// Serves the caller until it hangs up, its time is over, or it sends what is no frame. Tells and
/// logs what goes wrong. No exception leaves it but bad_alloc.
awaitable<void> converse(std::shared_ptr<Call> call);

/// Tells a caller that there is no room, in the version of its first request, and hangs up.
awaitable<void> turn_away(std::shared_ptr<Call> call);

/// Answers one request of version 1 whose header was just read.
awaitable<Went> answer_course(Call& call, const framing::Header& request);

/// The reply to an error in version 1.
awaitable<Went> tell_course(Call& call, std::string_view command, const Error& error);

/// Answers one request of version 2 whose header was just read.
awaitable<Went> answer_version_2(Call& call, const framing::Header& header);

/// Counts a request, and makes a line of the log for it.
void note_request(Call& call, std::string_view command, std::string_view what, const Error* error);

}  // namespace ftp::server
