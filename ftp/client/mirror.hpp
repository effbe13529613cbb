// A folder here that is the same as the server's files: DIR/img, DIR/video and DIR/file.
#pragma once

#include <string>

#include "session.hpp"

namespace ftp::client {

struct MirrorOptions {
  std::string folder;
  bool up = false;      ///< from here to the server; else from the server to here
  bool remove = false;  ///< what the other side does not have goes
};

/// Files of the same size and digest are left alone. Names from the server that no file may have
/// are refused, one line each; nothing outside the folder is ever touched. Where anything failed,
/// nothing is removed.
void run_mirror(Session& session, Report& report, const MirrorOptions& options);

}  // namespace ftp::client
