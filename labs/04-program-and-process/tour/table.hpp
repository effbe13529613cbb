// The process table as this tour shows it: what /proc tells of each process, and who descends from
// whom.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace process_tour {

/// A row of the table. What only /proc/PID/status tells is absent where it could not be read.
struct Row {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';
  std::string name;  ///< any bytes
  std::int64_t threads = 0;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> voluntary, involuntary;  ///< switches
  bool operator==(const Row&) const = default;
};

struct ProcessTable {
  std::vector<Row> rows;     ///< by number
  std::size_t vanished = 0;  ///< ended between the two reads: not among the rows
};

/// Reads it by the lab's process_table, read_proc and parse_status.
ProcessTable read_table();

/// A process and how deep it stands under the first one of its tree.
struct Branch {
  const Row* row = nullptr;
  std::size_t depth = 0;
  /// For each of the levels above, from the top, whether that one has younger siblings below; at
  /// most the last 32.
  std::vector<bool> goes_on;
};

/// All descendants of `root` and itself, each below its parent, siblings by number; without a root
/// all processes, those first whose parents are not in the table. Every row occurs once, whatever
/// its parent says. An unknown root gives nothing.
std::vector<Branch> arrange(const std::vector<Row>& rows, std::optional<pid_t> root);

/// Those that are no threads of the kernel (descendants of 2), and how many these are.
std::vector<Row> without_kernel_threads(const std::vector<Row>& rows, std::size_t& left_out);

/// {"processes": [{"pid": 1, "parent": 0, ...}]}, and back. Reading throws UsageFailure, with
/// `name` in front.
nlohmann::ordered_json to_json(const ProcessTable& table);
ProcessTable table_from_json(const std::string& text, const std::string& name);

}  // namespace process_tour
