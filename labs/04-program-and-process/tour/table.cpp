#include "table.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "drawn_text.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "staging.hpp"

namespace process_tour {

using dialtone::tr;
using dialtone::UsageFailure;
using program_and_process::Stat;
using program_and_process::Status;

ProcessTable read_table() {
  ProcessTable table;
  for (const Stat& stat : must(program_and_process::process_table())) {
    Row row;
    row.pid = stat.pid;
    row.parent = stat.parent;
    row.state = stat.state;
    row.name = stat.name;
    row.threads = stat.threads;
    const auto text = program_and_process::read_proc(stat.pid, "status");
    if (!text && text.error().kind == Error::Kind::gone) {
      ++table.vanished;
      continue;
    }
    if (text) {  // it may be hidden from us (proc(5), hidepid)
      const Status status = must(program_and_process::parse_status(*text));
      row.resident_bytes = status.resident_bytes;
      row.voluntary = status.voluntary_switches;
      row.involuntary = status.involuntary_switches;
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

namespace {

constexpr std::size_t drawn_levels = 32;

/// Walks down the tree with a stack of its own: a recorded table may be deeper than this one's.
class Walk {
 public:
  explicit Walk(const std::vector<Row>& rows) {
    std::set<pid_t> known;
    for (const Row& row : rows) known.insert(row.pid);
    for (const Row& row : rows) {
      const bool has_parent = row.parent != row.pid && known.contains(row.parent);
      if (has_parent)
        children_[row.parent].push_back(&row);
      else
        first_.push_back(&row);
    }
  }

  void add_all(const std::vector<Row>& rows) {
    for (const Row* row : first_) add(*row);
    for (const Row& row : rows) add(row);  // what is left goes round in circles
  }

  void add(const Row& root) {
    std::vector<Branch> waiting{{&root, 0, {}}};
    while (!waiting.empty()) {
      Branch next = std::move(waiting.back());
      waiting.pop_back();
      if (!seen_.insert(next.row).second) continue;
      const auto below = children_.find(next.row->pid);
      if (below != children_.end()) {
        const std::vector<const Row*>& rows = below->second;
        for (std::size_t i = rows.size(); i-- > 0;) {
          Branch child{rows[i], next.depth + 1, next.goes_on};
          if (child.goes_on.size() == drawn_levels) child.goes_on.erase(child.goes_on.begin());
          child.goes_on.push_back(i + 1 < rows.size());
          waiting.push_back(std::move(child));
        }
      }
      branches_.push_back(std::move(next));
    }
  }

  std::vector<Branch> finish() { return std::move(branches_); }

 private:
  std::map<pid_t, std::vector<const Row*>> children_;
  std::vector<const Row*> first_;
  std::set<const Row*> seen_;
  std::vector<Branch> branches_;
};

}  // namespace

std::vector<Branch> arrange(const std::vector<Row>& rows, std::optional<pid_t> root) {
  Walk walk(rows);
  if (!root) {
    walk.add_all(rows);
  } else {
    for (const Row& row : rows)
      if (row.pid == *root) walk.add(row);
  }
  return walk.finish();
}

std::vector<Row> without_kernel_threads(const std::vector<Row>& rows, std::size_t& left_out) {
  constexpr pid_t kthreadd = 2;
  std::vector<Row> kept;
  for (const Row& row : rows) {
    // A container's process 2 is none of the kernel's: it has memory.
    const bool of_the_kernel =
        (row.parent == kthreadd || (row.pid == kthreadd && row.parent == 0)) &&
        !row.resident_bytes && row.state != 'Z';
    if (of_the_kernel)
      ++left_out;
    else
      kept.push_back(row);
  }
  return kept;
}

nlohmann::ordered_json to_json(const ProcessTable& table) {
  nlohmann::ordered_json processes = nlohmann::ordered_json::array();
  for (const Row& row : table.rows) {
    nlohmann::ordered_json json{{"pid", row.pid},
                                {"parent", row.parent},
                                {"state", dialtone::clean(std::string(1, row.state))},
                                {"name", dialtone::clean(row.name)},
                                {"threads", row.threads}};
    if (row.resident_bytes) json["resident_bytes"] = *row.resident_bytes;
    if (row.voluntary) json["voluntary"] = *row.voluntary;
    if (row.involuntary) json["involuntary"] = *row.involuntary;
    processes.push_back(std::move(json));
  }
  return {{"processes", processes}, {"vanished", table.vanished}};
}

namespace {

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  Row row(const nlohmann::json& json, std::size_t number) const {
    const std::string where =
        tr("process ", "第 ") + std::to_string(number) + tr(": ", " 个进程：");
    if (!json.is_object()) refuse(where + tr("no object", "不是对象"));
    Row row;
    row.pid = number_at<pid_t>(json, "pid", where);
    row.parent = number_at<pid_t>(json, "parent", where);
    row.threads = number_at<std::int32_t>(json, "threads", where);
    const auto state = json.find("state");
    const auto name = json.find("name");
    if (state == json.end() || !state->is_string() ||
        state->get_ref<const std::string&>().size() != 1)
      refuse(where + tr("\"state\" must be one letter", "“state”应为一个字母"));
    if (name == json.end() || !name->is_string())
      refuse(where + tr("\"name\" must be a text", "“name”应为文字"));
    row.state = state->get_ref<const std::string&>().front();
    row.name = name->get<std::string>();
    const auto optional = [&](const char* key, std::optional<std::uint64_t>& value) {
      if (json.contains(key))
        value = static_cast<std::uint64_t>(number_at<std::int64_t>(json, key, where));
    };
    optional("resident_bytes", row.resident_bytes);
    optional("voluntary", row.voluntary);
    optional("involuntary", row.involuntary);
    return row;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw UsageFailure(name_ + tr(": ", "：") + why +
                       tr("; process-tour tree --json writes such a file",
                          "；process-tour tree --json 会写出这样的文件"));
  }

 private:
  template <class Number>
  Number number_at(const nlohmann::json& json, const char* key, const std::string& where) const {
    const auto found = json.find(key);
    const bool good = found != json.end() && found->is_number_unsigned() &&
                      found->get<std::uint64_t>() <=
                          static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
    if (!good)
      refuse(where + '"' + key + tr("\" must be a whole number, not negative", "\" 应为非负整数"));
    return found->get<Number>();
  }

  const std::string& name_;
};

}  // namespace

ProcessTable table_from_json(const std::string& text, const std::string& name) {
  const Reader reader(name);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("processes") ||
      !json["processes"].is_array())
    reader.refuse(tr("no JSON object with \"processes\"", "不是含有“processes”的 JSON 对象"));
  ProcessTable table;
  for (const auto& one : json["processes"])
    table.rows.push_back(reader.row(one, table.rows.size() + 1));
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [](const Row& a, const Row& b) { return a.pid < b.pid; });
  const auto same = std::adjacent_find(table.rows.begin(), table.rows.end(),
                                       [](const Row& a, const Row& b) { return a.pid == b.pid; });
  if (same != table.rows.end())
    reader.refuse(tr("two processes have the number ", "有两个进程的进程号都是 ") +
                  std::to_string(same->pid));
  return table;
}

}  // namespace process_tour
