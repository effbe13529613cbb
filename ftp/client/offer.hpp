// Files from here to the server: small ones sent ahead of their replies, large ones in pieces and
// resumed, streams of any length.
#pragma once

#include <string>
#include <vector>

#include "session.hpp"

namespace ftp::client {

struct Offer {
  std::string path;  ///< "-" is standard input
  Target target;
};

/// Sends them in this order; one that fails is reported, and the next one's turn comes. `kind` is
/// the digest that goes with the bytes in version 2.
void offer_all(Session& session, Report& report, const std::vector<Offer>& files, DigestKind kind);

}  // namespace ftp::client
