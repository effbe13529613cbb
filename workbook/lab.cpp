#include "lab.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "failure.hpp"
#include "language.hpp"
#include "process.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// A value of the document with its place, so that what is wrong can be named.
class Value {
 public:
  Value(const json& value, std::string file, std::string place)
      : value_(value), file_(std::move(file)), place_(std::move(place)) {}

  [[noreturn]] void refuse(const std::string& reason) const {
    throw Failure(file_ + ": " + place_ + ": " + reason);
  }

  /// Throws where it is no object with exactly these members.
  void expect_members(const std::vector<std::string>& names) const {
    if (!value_.is_object()) refuse(tr("expected an object", "应为对象"));
    for (const std::string& name : names)
      if (!value_.contains(name))
        refuse(tr("\"" + name + "\" is missing", "缺少 \"" + name + "\""));
    for (const auto& item : value_.items())
      if (std::find(names.begin(), names.end(), item.key()) == names.end())
        refuse(tr("unknown key \"" + item.key() + "\"", "未知的键 \"" + item.key() + "\""));
  }

  Value member(const std::string& name) const {
    return {value_.at(name), file_, place_ + "." + name};
  }

  std::vector<Value> elements() const {
    if (!value_.is_array()) refuse(tr("expected a list", "应为列表"));
    std::vector<Value> found;
    for (std::size_t i = 0; i < value_.size(); ++i)
      found.emplace_back(value_[i], file_, place_ + "[" + std::to_string(i) + "]");
    return found;
  }

  std::string text() const {
    if (!value_.is_string()) refuse(tr("expected a text", "应为字符串"));
    if (value_.get_ref<const std::string&>().empty()) refuse(tr("must not be empty", "不能为空"));
    return value_.get<std::string>();
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> found;
    for (const Value& element : elements()) found.push_back(element.text());
    return found;
  }

  unsigned points() const {
    if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() == 0 ||
        value_.get<std::uint64_t>() > 100)
      refuse(tr("expected a whole number from 1 to 100", "应为 1 到 100 的整数"));
    return value_.get<unsigned>();
  }

  Bilingual bilingual() const {
    expect_members({"en", "zh"});
    return {member("en").text(), member("zh").text()};
  }

 private:
  const json& value_;
  std::string file_;
  std::string place_;
};

LabCase read_case(const Value& value) {
  value.expect_members({"id", "points", "title", "hints"});
  LabCase one;
  one.id = value.member("id").text();
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!std::all_of(one.id.begin(), one.id.end(), allowed))
    value.member("id").refuse(
        tr("expected small letters, digits and _ alone", "只能含小写字母、数字和 _"));
  one.points = value.member("points").points();
  one.title = value.member("title").bilingual();
  for (const Value& hint : value.member("hints").elements()) one.hints.push_back(hint.bilingual());
  if (one.hints.empty())
    value.member("hints").refuse(tr("a case needs at least one hint", "每个用例至少要有一条提示"));
  return one;
}

std::vector<LabCase> read_cases(const Value& value) {
  std::vector<LabCase> cases;
  unsigned total = 0;
  for (const Value& element : value.elements()) {
    LabCase one = read_case(element);
    for (const LabCase& other : cases)
      if (other.id == one.id)
        element.member("id").refuse(tr("the id \"" + one.id + "\" is taken by a case before it",
                                       "编号 \"" + one.id + "\" 已被前面的用例使用"));
    total += one.points;
    cases.push_back(std::move(one));
  }
  if (total != 100)
    value.refuse(tr("the points add up to " + std::to_string(total) + ", not to 100",
                    "分数之和是 " + std::to_string(total) + "，不是 100"));
  return cases;
}

bool is_lab_folder(const std::string& name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return name.size() > 3 && digit(name[0]) && digit(name[1]) && name[2] == '-';
}

std::string names_of(const std::vector<Lab>& labs) {
  std::vector<std::string> names;
  for (const Lab& lab : labs) names.push_back(lab.folder());
  return join(names, ", ");
}

}  // namespace

std::string Lab::identifier() const {
  std::string text = name;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

fs::path Lab::directory() const {
  return is_capstone() ? fs::path(folder()) : fs::path("labs") / folder();
}

fs::path Lab::starter() const {
  return directory() / "starter" / file_name();
}

fs::path Lab::solution() const {
  return directory() / "solution" / file_name();
}

const LabCase& Lab::find_case(const std::string& id) const {
  std::vector<std::string> ids;
  for (const LabCase& one : cases) {
    if (one.id == id) return one;
    ids.push_back(one.id);
  }
  throw UsageFailure(
      tr("lab " + number + " has no case '" + id + "'; its cases are: " + join(ids, ", "),
         "实验 " + number + " 没有用例 '" + id + "'；它的用例有：" + join(ids, "、")));
}

unsigned Lab::possible() const {
  unsigned total = 0;
  for (const LabCase& one : cases) total += one.points;
  return total;
}

Lab parse_lab(const std::string& text, const std::string& folder, const std::string& where) {
  json document;
  try {
    document = json::parse(text);
  } catch (const json::parse_error& error) {
    std::string reason = error.what();  // "[json.exception.…] parse error at line 1, …"
    reason.erase(0, reason.find("] ") == std::string::npos ? 0 : reason.find("] ") + 2);
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw Failure(where + ": " + reason);
  }
  const Value top(document, where, "$");
  top.expect_members({"number", "name", "title", "notes", "demo", "cases"});
  Lab lab;
  lab.number = top.member("number").text();
  lab.name = top.member("name").text();
  if (folder.substr(0, folder.find('-')) != lab.number)
    top.member("number").refuse(tr("is \"" + lab.number + "\" in the folder " + folder,
                                   "是 \"" + lab.number + "\"，但文件夹是 " + folder));
  if (!lab.is_capstone() && folder.substr(3) != lab.name)
    top.member("name").refuse(tr("is \"" + lab.name + "\" in the folder " + folder,
                                 "是 \"" + lab.name + "\"，但文件夹是 " + folder));
  lab.title = top.member("title").bilingual();
  lab.notes = top.member("notes").texts();
  for (const Value& command : top.member("demo").elements()) {
    lab.demo.push_back(command.texts());
    if (lab.demo.back().empty())
      command.refuse(tr("a command needs a program", "命令中缺少程序名"));
  }
  lab.cases = read_cases(top.member("cases"));
  return lab;
}

std::vector<Lab> load_labs(const Tree& tree) {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(tree.root / "labs")) {
    const std::string name = entry.path().filename().string();
    if (is_lab_folder(name) && fs::exists(entry.path() / "lab.json")) folders.push_back(name);
  }
  std::sort(folders.begin(), folders.end());
  std::vector<Lab> labs;
  const auto load = [&](const fs::path& directory) {
    const fs::path file = directory / "lab.json";
    labs.push_back(
        parse_lab(read_file(tree.root / file), directory.filename().string(), file.string()));
  };
  for (const std::string& folder : folders) load(fs::path("labs") / folder);
  if (fs::exists(tree.root / "ftp" / "lab.json")) load("ftp");
  return labs;
}

const Lab& find_lab(const std::vector<Lab>& labs, const std::string& asked) {
  const std::string number = asked.size() == 1 ? "0" + asked : asked;
  for (const Lab& lab : labs)
    if (lab.number == number || lab.name == asked || lab.identifier() == asked ||
        lab.folder() == asked)
      return lab;
  throw UsageFailure(tr("there is no lab '" + asked + "'; the labs are: " + names_of(labs),
                        "没有实验 '" + asked + "'；现有的实验：" + names_of(labs)));
}

std::string page_to_read(const Tree& tree, const Lab& lab) {
  const std::string code(tr("en", "zh"));
  for (const std::string& page : lab.notes) {
    std::string name = "notes_" + page + ".html";  // as Doxygen names the page's file
    std::replace(name.begin(), name.end(), '-', '_');
    const fs::path built = tree.build / "site" / code / name;
    if (fs::exists(built)) return tree.shown(built);
    const fs::path note = fs::path("notes") / code / (page + ".md");
    if (fs::exists(tree.root / note)) return note.string();
  }
  return (lab.directory() / "README.md").string();
}

}  // namespace dialtone
