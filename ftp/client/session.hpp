// One server to talk to, and what one command tells about it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  /// The connection was lost: with the first of these files, before the others.
  void lost(const ConnectionLost& loss, std::vector<std::string> files);
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

/// Files one after the other, as version 1 moves them: one that fails costs only itself.
template <class File, class Move>
void one_by_one(Report& report, const std::vector<File>& files, Move move) {
  for (auto file = files.begin(); file != files.end(); ++file) {
    try {
      move(*file);
    } catch (const ConnectionLost& lost) {
      std::vector<std::string> left;
      for (; file != files.end(); ++file) left.push_back(shown(file->target));
      return report.lost(lost, std::move(left));
    } catch (const Trouble& trouble) {
      report.failed(shown(file->target), trouble);
    }
  }
}

}  // namespace ftp::client
