// The server as a whole: a listener, the loops that serve its callers, and an orderly end.
#pragma once

#include "loop.hpp"
#include "socket_basics.hpp"
#include "switchboard.hpp"

namespace ftp::server {

/// Serves the callers of a listening socket, on so many threads, until the stop is pulled; then the
/// listener is closed, requests that have begun are finished within limits.closing, and every
/// caller is hung up. Blocks meanwhile. Fails only where it cannot serve at all.
Result<void> serve(socket_basics::Descriptor listener, Services& services, std::size_t threads,
                   const switchboard::Stop& stop);

}  // namespace ftp::server
