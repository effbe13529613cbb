#include "gradebook.hpp"

#include <algorithm>

#include "failure.hpp"
#include "language.hpp"
#include "process.hpp"
#include "report.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// Bytes of the UTF-8 character at the front; 0 where they are none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// U+FFFE and U+FFFF are UTF-8, but no characters of XML.
bool is_noncharacter(std::string_view character) {
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

std::string csv_cell(const std::string& text) {
  std::string line = one_line(text);
  if (line.find_first_of(",\"") == std::string::npos) return line;
  std::string quoted = "\"";
  for (const char c : line) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string figure(const std::optional<unsigned>& score) {
  return score ? std::to_string(*score) : "";
}

std::string test_name(const LabGrade& grade, const LabCase& one) {
  return grade.lab->number + " " + grade.lab->name + ": " + one.title.text();
}

/// What a student reads of a case that has not all its points.
std::string case_output(const CaseResult& result, std::uint64_t seed) {
  if (result.status == Status::passed) return "";
  if (result.status == Status::fault) return tr("not judged: ", "未评判：") + result.story.failed;
  return join(story_lines(result.story), "\n") + "\nseed " + std::to_string(seed);
}

json case_json(const LabGrade& grade, const CaseResult& result, std::uint64_t seed) {
  json test = {{"name", test_name(grade, result.of)},
               {"max_score", result.of.points},
               {"output", case_output(result, seed)},
               {"visibility", "visible"}};
  if (result.status == Status::fault) return test;  // without a score it takes none away
  test["score"] = result.points();
  test["status"] = result.status == Status::passed ? "passed" : "failed";
  return test;
}

/// The cases of a lab that was not played: all without points, or all unjudged.
json unplayed_json(const LabGrade& grade, const LabCase& one) {
  json test = {{"name", test_name(grade, one)},
               {"max_score", one.points},
               {"output", grade.note},
               {"visibility", "visible"}};
  if (grade.faulty) return test;
  test["score"] = 0;
  test["status"] = "failed";
  return test;
}

std::string attribute(const std::string& name, const std::string& value) {
  return " " + name + "=\"" + xml_escaped(value) + "\"";
}

std::string testcase_xml(const LabGrade& grade, const LabCase& one, const CaseResult* result) {
  std::string text =
      "    <testcase" + attribute("classname", grade.lab->folder()) + attribute("name", one.id);
  const bool fault = result == nullptr ? grade.faulty : result->status == Status::fault;
  if (result != nullptr && result->status == Status::passed) return text + "/>\n";
  const std::string message = result == nullptr ? grade.note : result->story.failed;
  const std::string body =
      result == nullptr ? grade.output : case_output(*result, grade.judgement.seed);
  const std::string element = fault ? "error" : "failure";
  return text + ">\n      <" + element + attribute("message", message) + ">" + xml_escaped(body) +
         "</" + element + ">\n    </testcase>\n";
}

std::string testsuite_xml(const StudentGrade& student) {
  std::string cases;
  unsigned tests = 0;
  unsigned failures = 0;
  unsigned errors = 0;
  for (const LabGrade& grade : student.labs) {
    for (std::size_t i = 0; i < grade.lab->cases.size(); ++i) {
      const CaseResult* result = grade.judged ? &grade.judgement.cases.at(i) : nullptr;
      const bool fault = result == nullptr ? grade.faulty : result->status == Status::fault;
      const bool passed = result != nullptr && result->status == Status::passed;
      ++tests;
      errors += fault ? 1 : 0;
      failures += !fault && !passed ? 1 : 0;
      cases += testcase_xml(grade, grade.lab->cases[i], result);
    }
  }
  return "  <testsuite" + attribute("name", student.student) +
         attribute("tests", std::to_string(tests)) +
         attribute("failures", std::to_string(failures)) +
         attribute("errors", std::to_string(errors)) + ">\n" + cases + "  </testsuite>\n";
}

}  // namespace

std::optional<unsigned> LabGrade::score() const {
  if (faulty || (judged && judgement.not_judged() > 0)) return std::nullopt;
  return judged ? judgement.score() : 0;
}

std::optional<unsigned> StudentGrade::total() const {
  unsigned sum = 0;
  for (const LabGrade& grade : labs) {
    if (!grade.score()) return std::nullopt;
    sum += *grade.score();
  }
  return sum;
}

unsigned StudentGrade::possible() const {
  unsigned sum = 0;
  for (const LabGrade& grade : labs) sum += grade.lab->possible();
  return sum;
}

std::string StudentGrade::notes() const {
  std::vector<std::string> parts;
  for (const LabGrade& grade : labs)
    if (!grade.note.empty()) parts.push_back(grade.lab->number + " " + grade.note);
  return join(parts, "; ");
}

json results_json(const StudentGrade& grade, std::uint64_t seed) {
  json results = {{"max_score", grade.possible()}, {"tests", json::array()}};
  if (grade.total()) results["score"] = *grade.total();
  std::string output = tr("seed ", "种子 ") + std::to_string(seed) + "\n";
  for (const LabGrade& lab : grade.labs) {
    if (!lab.note.empty()) output += lab.lab->folder() + ": " + lab.note + "\n" + lab.output;
    if (lab.judged)
      for (const CaseResult& one : lab.judgement.cases)
        results["tests"].push_back(case_json(lab, one, seed));
    else
      for (const LabCase& one : lab.lab->cases) results["tests"].push_back(unplayed_json(lab, one));
  }
  results["output"] = output;
  return results;
}

std::string grades_csv(const std::vector<StudentGrade>& grades) {
  std::string text = "student";
  if (!grades.empty())
    for (const LabGrade& grade : grades.front().labs) text += "," + csv_cell(grade.lab->folder());
  text += ",total,note\n";
  for (const StudentGrade& student : grades) {
    text += csv_cell(student.student);
    for (const LabGrade& grade : student.labs) text += "," + figure(grade.score());
    text += "," + figure(student.total()) + "," + csv_cell(student.notes()) + "\n";
  }
  return text;
}

std::string junit_xml(const std::vector<StudentGrade>& grades) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const StudentGrade& student : grades) text += testsuite_xml(student);
  return text + "</testsuites>\n";
}

std::string xml_escaped(const std::string& text) {
  std::string escaped;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t length = utf8_length(rest);
    const std::string_view character = rest.substr(0, std::max<std::size_t>(length, 1));
    rest.remove_prefix(character.size());
    const auto byte = static_cast<unsigned char>(character.front());
    const bool control = byte < 0x20 && byte != '\n' && byte != '\t';
    if (length == 0 || control || is_noncharacter(character))
      escaped += "\xef\xbf\xbd";  // U+FFFD
    else if (byte == '&')
      escaped += "&amp;";
    else if (byte == '<')
      escaped += "&lt;";
    else if (byte == '>')
      escaped += "&gt;";
    else if (byte == '"')
      escaped += "&quot;";
    else
      escaped += character;
  }
  return escaped;
}

std::string one_line(const std::string& text) {
  std::string line;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t length = utf8_length(rest);
    const std::string_view character = rest.substr(0, std::max<std::size_t>(length, 1));
    rest.remove_prefix(character.size());
    const auto byte = static_cast<unsigned char>(character.front());
    const bool c1_control =
        character.size() == 2 && byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
    if (byte == '\n')
      line += ' ';
    else if (length == 0 || byte < 0x20 || byte == 0x7f || c1_control)
      line += '?';
    else
      line += character;
  }
  return line;
}

void write_gradebook(const fs::path& folder, const std::vector<StudentGrade>& grades,
                     std::uint64_t seed) {
  try {
    for (const StudentGrade& student : grades) {
      fs::create_directories(folder / student.student);
      write_file(
          folder / student.student / "results.json",
          results_json(student, seed).dump(2, ' ', false, json::error_handler_t::replace) + "\n");
    }
    write_file(folder / "grades.csv", grades_csv(grades));
    write_file(folder / "junit.xml", junit_xml(grades));
  } catch (const std::exception& failure) {
    throw Failure(tr("cannot write the results: ", "无法写入结果：") + failure.what());
  }
}

}  // namespace dialtone
