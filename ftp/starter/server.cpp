// The capstone's server. This is the one file that you edit; server.hpp says what it promises.
// Replace the todo(...) by your code, then run `make check LAB=ftp`. A good order is the order of
// the milestones (README.md): list, download, upload, survive, many at once. Lab 09's coroutines
// show how callers are answered; what they say goes through lab 08's Decoder.
#include "server.hpp"

#include <asio.hpp>

#include "exchange.hpp"
#include "framing.hpp"
#include "todo.hpp"
#include "wire.hpp"

namespace ftp_server {

using dialtone::todo;

ftp::Result<void> serve(Descriptor /*listener*/, ftp::Store& /*store*/, const Limits& /*limits*/,
                        const Stop& /*stop*/) {
  todo("ftp", "serve");
}

}  // namespace ftp_server
