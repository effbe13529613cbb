// Files from the server to here: asked for ahead, resumed, under their names only when whole.
#pragma once

#include <filesystem>
#include <vector>

#include "session.hpp"

namespace ftp::client {

struct Fetch {
  Target target;
  std::filesystem::path to;       ///< "-" is standard output
  std::filesystem::path partial;  ///< what came so far, from one run to the next (version 2)
};

/// Fetches them in this order; one that fails is reported, and the next one's turn comes.
void fetch_all(Session& session, Report& report, const std::vector<Fetch>& files);

}  // namespace ftp::client
