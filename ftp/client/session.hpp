// One server to talk to, and what one command tells about it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "progress.hpp"
#include "version1.hpp"
#include "version2.hpp"

namespace ftp::client {

/// A connection after `hello`: version 2 where the server has it, else version 1.
class Session {
 public:
  explicit Session(const Server& server);

  bool version_2() const { return two_.has_value(); }
  Connection& connection() { return *connection_; }
  Version1& one() { return *one_; }
  /// Precondition: version_2().
  Version2& two() { return *two_; }

  /// A new connection in place of one that was left in the middle of a transfer.
  void redial();

 private:
  Server server_;
  std::optional<Connection> connection_;
  std::optional<Version1> one_;
  std::optional<Version2> two_;
};

/// What a command did, file by file: as lines, or as JSON, an object a line; failures on standard
/// error as well.
class Report {
 public:
  Report(std::string command, bool as_json);

  /// `fields` is the object, `line` what a person is told; an empty line says nothing.
  void done(const nlohmann::json& fields, const std::string& line);
  void failed(const std::string& file, const Trouble& trouble);
  /// Files that were not tried any more, after the connection was lost.
  void not_tried(const std::vector<std::string>& files);
  /// Something that is worth a line on standard error and is no failure.
  void note(const std::string& line);

  bool as_json() const { return as_json_; }
  int exit_code() const;
  Progress& progress() { return progress_; }

 private:
  void print(const nlohmann::json& fields);

  std::string command_;
  bool as_json_;
  bool any_failed_ = false;
  Progress progress_;
};

}  // namespace ftp::client
