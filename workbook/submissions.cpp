#include "submissions.hpp"

#include <algorithm>

#include "failure.hpp"
#include "language.hpp"
#include "process.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 20U;

bool lies_in(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// Why the file is not taken; empty where it may be.
std::string objection(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error) return error.message();
  if (!lies_in(real, fs::canonical(folder)))
    return tr("a link leads out of the folder", "链接指向了文件夹之外");
  if (!fs::is_regular_file(real)) return tr("is not a regular file", "不是普通文件");
  if (fs::file_size(real) > largest_file) return tr("is larger than 1 MiB", "超过 1 MiB");
  return "";
}

}  // namespace

std::vector<Submission> find_submissions(const std::vector<std::string>& paths,
                                         const fs::path& left_out,
                                         std::vector<std::string>& notes) {
  std::vector<Submission> found;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error))
      throw UsageFailure(tr("there is no folder ", "没有这个目录：") + path);
    if (!fs::is_directory(path, error))
      throw UsageFailure(path + tr(" is a file: give a folder that holds one folder per student",
                                   " 是文件：请给出每个学生一个文件夹的提交目录"));
    for (const auto& entry : fs::directory_iterator(path)) {
      const std::string name = entry.path().filename().string();
      if (name[0] == '.' || fs::equivalent(entry.path(), left_out, error)) continue;
      if (entry.is_symlink() || !entry.is_directory())
        notes.push_back(entry.path().string() +
                        tr(" is not a folder: left out", " 不是文件夹：已跳过"));
      else
        found.push_back({name, entry.path()});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Submission& a, const Submission& b) { return a.student < b.student; });
  const auto twice = std::adjacent_find(
      found.begin(), found.end(),
      [](const Submission& a, const Submission& b) { return a.student == b.student; });
  if (twice != found.end())
    throw Failure(tr("the student '" + twice->student + "' is there twice: ",
                     "学生 '" + twice->student + "' 出现了两次：") +
                  twice->folder.string() + ", " + std::next(twice)->folder.string());
  if (found.empty())
    throw Failure(tr("there is no submission in ", "没有任何提交：") + join(paths, ", ") +
                  tr(": it should hold one folder per student", "：其中应有每个学生一个文件夹"));
  return found;
}

HandedIn take_file(const Submission& submission, const Lab& lab) {
  for (const fs::path& place :
       {lab.starter(), fs::path(lab.folder()) / lab.file_name(), fs::path(lab.file_name())}) {
    const fs::path file = submission.folder / place;
    std::error_code error;
    if (!fs::exists(fs::symlink_status(file, error))) continue;
    const std::string why_not = objection(file, submission.folder);
    if (!why_not.empty()) return {std::nullopt, place.string() + ": " + why_not};
    try {
      return {read_file(file), ""};
    } catch (const std::runtime_error& failure) {
      return {std::nullopt, failure.what()};
    }
  }
  return {std::nullopt, tr("missing: ", "缺少：") + lab.file_name()};
}

}  // namespace dialtone
