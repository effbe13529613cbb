// The capstone: a file server. This header is the assignment; starter/server.cpp is where you work.
//
// You have frames (lab 08), callers by the hundred (lab 09) and, given, a store that keeps files
// (store.hpp). Here you put them together: a server of version 1 of the course's protocol, to which
// the course's own Python client can talk. PROTOCOL.md says what callers say and hear (its chapter
// "Version 1" alone is asked for here), wire.hpp gives its words. What you write is what happens
// between the frames and the files, by these rules:
//
// - Requests of one caller are answered one after the other, in the order in which they came,
//   however the stream is cut. A caller that has finished speaking (a half-close) has what it asked
//   for answered before it is hung up.
// - Nothing is held whole: neither an upload nor a download, however large, takes more memory than
//   a few pieces of it. A list may be held.
// - An upload is under its name, whole, before its reply is sent, and not a byte of it before it
// has
//   come whole and its digest fits. Where it is refused, what is still on its way is read and
//   thrown away, and then the refusal is the reply.
// - A refusal is a reply with a digest like any other, and the caller may go on. Only after a frame
//   that is none is the caller hung up, once it has been told (bad-request).
// - A caller that breaks off leaves nothing behind: no file, no temporary, no descriptor.
// - Nobody waits for another caller: not for one that says half a header, nor for one that does not
//   take what it asked for, nor for a large file's digest.
// - At most limits.sessions at once. Further callers wait in the kernel's queue until one is over;
//   so they do while descriptors are out (EMFILE).
// - A caller that moves no byte, in neither direction, for limits.idle is hung up.
// - Whoever is hung up gets what is under way to it first, and is not waited for longer than
//   limits.closing.
// - When the stop is pulled: the listener is closed at once, so that new callers are refused; who
//   has no request under way is hung up; a request of which a byte has arrived is taken to its end
//   and answered, and then its caller is hung up. Nobody is waited for longer than limits.closing.
// - Nothing that a caller sends ends the server. An exception ends one session at most, and is told
//   on stderr; none gets lost.
#pragma once

#include <chrono>
#include <cstddef>

#include "error.hpp"
#include "socket_basics.hpp"
#include "store.hpp"
#include "switchboard.hpp"

namespace ftp_server {

// --- given -----------------------------------------------------------------------------------

using socket_basics::Descriptor;
using std::chrono::milliseconds;
using switchboard::Stop;

struct Limits {
  std::size_t sessions = 256;    ///< at once
  milliseconds idle{300'000};    ///< without a byte in either direction
  milliseconds closing{10'000};  ///< for what is under way when a caller is hung up
};

// --- yours -----------------------------------------------------------------------------------

/// Serves the files of the store to the callers of a listening, non-blocking socket until the stop
/// is pulled, by Asio's coroutines on this one thread (lab 09's way (d)). Blocks meanwhile. Fails
/// only where it cannot go on at all (the listener is none, no epoll is to be had), and never
/// without a reason. Every descriptor that it was given or made is closed when it returns.
/// Simplified: the store's calls block the thread. A production program would give them threads of
/// their own.
ftp::Result<void> serve(Descriptor listener, ftp::Store& store, const Limits& limits,
                        const Stop& stop);

}  // namespace ftp_server
