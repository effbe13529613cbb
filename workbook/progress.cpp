#include "progress.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

#include "failure.hpp"
#include "language.hpp"
#include "process.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view header =
    "# Dialtone progress: number, name, points, cases passed, seed, date. Copy it, commit it.\n";

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "1" or "01" as "01", the capstone's "ftp" as it is; nothing for what is no lab's number.
std::optional<std::string> lab_number(const std::string& text) {
  if (text == "ftp") return text;
  const auto number = number_of<unsigned>(text);
  if (!number || text.size() > 2) return std::nullopt;
  return text.size() == 1 ? "0" + text : text;
}

}  // namespace

bool Progress::take_line(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> fields;
  for (std::string field; stream >> field;) fields.push_back(field);
  if (fields.size() == 4 && fields[0] == "hint") {
    const auto number = lab_number(fields[1]);
    const auto count = number_of<unsigned>(fields[3]);
    if (number && count) hints_[{*number, fields[2]}] = *count;
    return number && count;
  }
  if (fields.size() == 2 && fields[0] == "solution") {
    const auto number = lab_number(fields[1]);
    if (number) give_up(*number);
    return number.has_value();
  }
  if (fields.size() < 3) return false;
  const auto number = lab_number(fields[0]);
  const auto points = number_of<unsigned>(fields[2]);
  if (!number || !points || *points > 100) return false;
  LabProgress run;
  run.name = fields[1];
  run.points = *points;
  for (std::size_t i = 3; i < fields.size(); ++i) {
    if (fields[i].rfind("seed=", 0) == 0)
      run.seed = number_of<std::uint64_t>(std::string_view(fields[i]).substr(5)).value_or(0);
    else if (i == 3 && fields[i] != "-")
      run.passed = split(fields[i], ',');
    else if (i > 3)
      run.date = fields[i];
  }
  record(*number, run);  // of two lines for one lab, the better
  return true;
}

Progress Progress::parse(const std::string& text) {
  Progress progress;
  for (const std::string& line : lines_of(text)) {
    if (trimmed(line).empty() || line + "\n" == header) continue;
    if (!progress.take_line(line)) progress.unknown_.push_back(line);
  }
  return progress;
}

Progress Progress::read(const fs::path& file) {
  if (!fs::exists(file)) return {};
  return parse(read_file(file));
}

std::string Progress::text() const {
  std::string text(header);
  for (const std::string& line : unknown_) text += line + '\n';
  for (const auto& [number, run] : labs_)
    text += number + ' ' + run.name + ' ' + std::to_string(run.points) + ' ' +
            (run.passed.empty() ? "-" : join(run.passed, ",")) +
            " seed=" + std::to_string(run.seed) + ' ' + run.date + '\n';
  for (const auto& [key, count] : hints_)
    text += "hint " + key.first + ' ' + key.second + ' ' + std::to_string(count) + '\n';
  for (const std::string& number : given_up_) text += "solution " + number + '\n';
  return text;
}

void Progress::write(const fs::path& file) const {
  try {
    write_file(file, text());
  } catch (const std::exception& failure) {
    throw Failure(tr("cannot keep the progress in ", "无法把进度保存到 ") + file.string() + ": " +
                  failure.what());
  }
}

bool Progress::record(const std::string& number, const LabProgress& run) {
  const auto known = labs_.find(number);
  if (known != labs_.end() && known->second.points > run.points) return false;
  labs_[number] = run;
  return true;
}

LabProgress Progress::of(const std::string& number) const {
  const auto known = labs_.find(number);
  return known == labs_.end() ? LabProgress{} : known->second;
}

unsigned Progress::hints_shown(const std::string& number, const std::string& case_id) const {
  const auto known = hints_.find({number, case_id});
  return known == hints_.end() ? 0 : known->second;
}

void Progress::set_hints_shown(const std::string& number, const std::string& case_id,
                               unsigned count) {
  hints_[{number, case_id}] = count;
}

bool Progress::gave_up(const std::string& number) const {
  return std::find(given_up_.begin(), given_up_.end(), number) != given_up_.end();
}

void Progress::give_up(const std::string& number) {
  if (!gave_up(number)) given_up_.push_back(number);
}

fs::path progress_file(const Tree& tree, const std::string& option) {
  if (!option.empty()) return option;
  const char* asked = std::getenv("DIALTONE_PROGRESS");
  if (asked != nullptr && *asked != '\0') return asked;
  return tree.root / "progress.txt";
}

}  // namespace dialtone
