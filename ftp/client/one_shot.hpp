// One command, one answer: what the program does when its command line says what.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace ftp::client {

/// Each reports file by file. ConnectionLost, and what concerns no single file, is thrown.

struct ListOptions {
  std::vector<std::string> words;  ///< a type, a pattern, both, or neither
  bool digest = false;
};
void run_list(Session& session, Report& report, const ListOptions& options);

struct GetOptions {
  std::vector<std::string> names;
  std::string output;  ///< a file, a folder, "-", or empty: here, under their names
};
void run_get(Session& session, Report& report, const GetOptions& options);

struct PutOptions {
  std::vector<std::string> files;
  std::string as;
  std::string type;
  bool sha256 = false;
};
/// Throws UsageFailure for options that do not fit together; needs no connection.
void check(const PutOptions& options);
void run_put(Session& session, Report& report, const PutOptions& options);

void run_remove(Session& session, Report& report, const std::vector<std::string>& names);
void run_stat(Session& session, Report& report, const std::vector<std::string>& names);
void run_rename(Session& session, Report& report, const std::string& from, const std::string& to,
                bool replace);

/// Throws where the server speaks version 1 only.
void need_version_2(const Session& session);

}  // namespace ftp::client
