// Lab 09: the switchboard. This is the one file that you edit; switchboard.hpp says what the
// functions promise. Replace a todo(...) by your code, then run `make check LAB=09`. Begin with
// serve_by_poll: the coroutines will look like the way home. What handles text is given
// (exchange.hpp), and given.cpp shows the same switchboard with a thread a caller.
#include "switchboard.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <asio.hpp>

#include "exchange.hpp"
#include "todo.hpp"

namespace switchboard {

using dialtone::todo;

// --- (c) poll ---

Result<Tally> serve_by_poll(Descriptor /*listener*/, const Limits& /*limits*/, const Stop& /*stop*/,
                            const Exchange& /*exchange*/) {
  todo("09", "serve_by_poll");
}

// --- (d) coroutines ---

Result<Tally> serve_by_coroutines(Descriptor /*listener*/, const Limits& /*limits*/,
                                  const Stop& /*stop*/, const Exchange& /*exchange*/) {
  todo("09", "serve_by_coroutines");
}

}  // namespace switchboard
