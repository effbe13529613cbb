// Milestone 1: the list of a type.
#include <algorithm>
#include <sstream>

#include "cases.hpp"
#include "language.hpp"

namespace ftp_judge {
namespace {

using dialtone::tr;

/// The names of a list, sorted, as they are shown.
std::string sorted_lines(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

std::vector<std::string> split_at_commas(const std::string& payload) {
  std::vector<std::string> names;
  std::istringstream text(payload);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  if (payload.ends_with(',')) names.emplace_back();
  return names;
}

/// The reply names these files and no others, in any order.
void expect_names(Input& trial, const Frame& reply, const std::vector<std::string>& names) {
  expect_reply(trial, reply, "show_file_name_list", reply.payload);
  trial.expect_equal(
      tr("the names, sorted (joined by commas in the reply)", "文件名（已排序；回复中以逗号连接）"),
      sorted_lines(split_at_commas(reply.payload)), sorted_lines(names));
}

void list_joins_names_with_commas(Input& trial, const Subject& subject) {
  std::vector<File> files;
  for (const char* type : {"img", "video", "file"})
    for (std::size_t count = trial.index == 0 ? 0 : trial.random.between(0, 5); count > 0; --count)
      files.push_back({type, std::to_string(count) + draw_name(trial.random), "x"});
  Server server(trial, subject, files);
  for (const char* type : {"img", "video", "file"}) {
    std::vector<std::string> names;
    for (const File& file : files)
      if (file.type == type) names.push_back(file.name);
    Caller caller = server.dial();
    const Frame reply = caller.answer_to(list_request(trial.random, type));
    expect_names(trial, reply, names);
    expect_digest(trial, reply);
    trial.expect(tr("the reply's file_type, as it was asked", "回复的 file_type 与请求一致"),
                 reply.header.value("file_type", json()) == type, type,
                 reply.header.value("file_type", json()).dump());
  }
}

void list_keeps_names_as_they_are(Input& trial, const Subject& subject) {
  const std::vector<std::string> odd = {"雪中女孩.jpeg",
                                        "完美世界 清漪 同人美女4k电脑壁纸_彼岸图网.jpg",
                                        "two  spaces .txt",
                                        " begins with one",
                                        "it's.png",
                                        "say \"hi\".png",
                                        "back\\slash.jpg",
                                        "100%20.jpg",
                                        "no-ending",
                                        "a.b.c.tar.gz",
                                        "é.jpg"};
  std::vector<File> files;
  std::vector<std::string> names;
  for (const std::string& name : odd)
    if (trial.index == 0 || trial.random.chance(0.3)) {
      files.push_back({"img", name, "x"});
      names.push_back(name);
    }
  Server server(trial, subject, files);
  Caller caller = server.dial();
  expect_names(trial, caller.answer_to(list_request(trial.random, "img")), names);
}

void list_takes_other_types_as_plain_files(Input& trial, const Subject& subject) {
  Server server(trial, subject, {{"img", "an_image.jpg", "x"}, {"file", "plain.txt", "x"}});
  const std::vector<json> types = {json("audio"),  json(""),     json(),        json("IMG"),
                                   json("../img"), json("img/"), json("video ")};
  for (const json& type : types) {
    Caller caller = server.dial();
    const json fields = {{"file_type", type}};
    expect_names(trial, caller.answer_to(request(trial.random, "show_file_name_list", fields)),
                 {"plain.txt"});
  }
  Caller caller = server.dial();
  trial.step(tr("without a file_type", "不带 file_type"));
  expect_names(trial,
               caller.answer_to(request(trial.random, "show_file_name_list", json::object())),
               {"plain.txt"});
}

}  // namespace

std::vector<SubjectCase> list_cases() {
  return {rule("list_joins_names_with_commas", 6, list_joins_names_with_commas),
          rule("list_keeps_names_as_they_are", 4, list_keeps_names_as_they_are),
          rule("list_takes_other_types_as_plain_files", 1, list_takes_other_types_as_plain_files)};
}

}  // namespace ftp_judge
