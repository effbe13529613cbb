#include "one_shot.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <map>

#include "fetch.hpp"
#include "language.hpp"
#include "local_file.hpp"
#include "offer.hpp"
#include "remote_name.hpp"
#include "terminal.hpp"

namespace ftp::client {

namespace fs = std::filesystem;
using dialtone::tr;
using dialtone::UsageFailure;
using nlohmann::json;

namespace {

std::string time_text(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  std::array<char, 64> text{};
  if (::localtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts) == 0)
    return "-";
  return text.data();
}

std::string digest_text(const RemoteFile& file) {
  return file.digest ? tagged(file.digest->kind, file.digest->digits) : "";
}

json fields_of(const RemoteFile& file) {
  json fields{{"file", shown(file.target)},
              {"type", folder_of(file.target.type)},
              {"name", file.target.name}};
  if (file.size) {
    fields["size"] = *file.size;
    fields["time"] = file.time;
  }
  if (file.digest) fields["digest"] = digest_text(file);
  if (file.partial)
    fields["partial"] = {{"length", file.partial->length},
                         {"digest", tagged(DigestKind::xxh3_128, file.partial->digest)}};
  return fields;
}

void print_table(const std::vector<RemoteFile>& files, bool digest, Report& report) {
  if (files.empty()) return report.done({}, tr("no files", "没有文件"));
  std::vector<std::string> head{tr("type", "类型"), tr("size", "大小"), tr("time", "时间")};
  if (digest) head.push_back(tr("digest", "摘要"));
  head.push_back(tr("name", "名称"));
  dialtone::Table table(head, {1});
  for (const RemoteFile& file : files) {
    std::vector<std::string> row{std::string(folder_of(file.target.type)),
                                 file.size ? std::to_string(*file.size) : "-",
                                 file.size ? time_text(file.time) : "-"};
    if (digest) row.push_back(file.digest ? digest_text(file) : "-");
    row.push_back(visible(file.target.name));
    table.add(std::move(row));
  }
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  std::string text = table.text(terminal ? dialtone::terminal_columns() : 100'000);
  text.pop_back();
  report.done({}, text);
}

/// Carries out `act` for each name that is a file's, and reports what fails.
template <class Act>
void for_each_file(Session& session, Report& report, const std::vector<std::string>& names,
                   const Act& act) {
  for (const Target& target : resolve(session, report, names)) {
    try {
      act(target);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Trouble& trouble) {
      report.failed(shown(target), trouble);
    }
  }
}

/// Under which names files are kept here.
fs::path place_for(const Target& target, const std::string& output, bool folder) {
  if (output == "-") return output;
  if (folder) return fs::path(output) / target.name;
  if (!output.empty()) return output;
  return target.name == "-" ? "./-" : target.name;
}

}  // namespace

void need_version_2(const Session& session) {
  if (!session.version_2())
    throw Trouble(Error::Code::unknown_command,
                  tr("the server speaks version 1 only, which has no such command; ls, get and put "
                     "work with it",
                     "服务端只支持第 1 版协议，没有这个命令；可用的是 ls、get 和 put"));
}

void run_list(Session& session, Report& report, const ListOptions& options) {
  std::vector<Type> types = types_of(session);
  std::string pattern;
  std::vector<std::string> words = options.words;
  bool type_given = false;
  if (!words.empty() && type_spelt(words.front())) {
    types = {*type_spelt(words.front())};
    type_given = true;
    words.erase(words.begin());
  }
  if (words.size() > 1)
    throw UsageFailure(tr("ls: give a type (img, video, file), a pattern, or both",
                          "ls：请给出类型（img、video、file）、匹配式，或两者"));
  if (!words.empty()) {
    const RemoteName remote = parse_remote_name(words.front());
    if (remote.type) types = {*remote.type};
    type_given = type_given || remote.type;
    pattern = remote.name;
  }
  if (!session.version_2()) {
    if (options.digest)
      report.note(tr("the server speaks version 1 only, which tells no digests",
                     "服务端只支持第 1 版协议，不提供摘要"));
    if (!type_given)
      report.note(tr("the server speaks version 1 only: img and video are listed, plain files not",
                     "服务端只支持第 1 版协议：仅列出 img 和 video，不含普通文件"));
  }
  const auto files = listed(session, types, pattern,
                            options.digest ? std::optional(DigestKind::xxh3_128) : std::nullopt);
  if (!report.as_json()) return print_table(files, options.digest && session.version_2(), report);
  for (const RemoteFile& file : files) report.done(fields_of(file), "");
}

void run_get(Session& session, Report& report, const GetOptions& options) {
  const std::vector<Target> targets = resolve(session, report, options.names);
  const bool several = options.names.size() > 1 || targets.size() > 1 ||
                       options.names.front().find_first_of("*?[") != std::string::npos;
  const bool to_stdout = options.output == "-";
  const bool folder = !options.output.empty() && !to_stdout &&
                      (several || options.output.back() == '/' || fs::is_directory(options.output));
  if (folder) make_folders(options.output);
  std::vector<Fetch> files;
  std::map<fs::path, Target> taken;
  for (const Target& target : targets) {
    const fs::path to = place_for(target, options.output, folder);
    const auto [other, fresh] = taken.emplace(to, target);
    if (!fresh && !to_stdout)
      report.failed(shown(target),
                    LocalTrouble(tr("would replace ", "会覆盖 ") + visible(shown(other->second)) +
                                 tr(", of the same name; get them one by one, with -o",
                                    "（同名）；请用 -o 分别下载")));
    else
      files.push_back({target, to, to_stdout ? to : partial_beside(to)});
  }
  fetch_all(session, report, files);
}

void check(const PutOptions& options) {
  const bool from_stdin =
      std::find(options.files.begin(), options.files.end(), "-") != options.files.end();
  if (from_stdin && options.as.empty())
    throw UsageFailure(tr("put -: what comes from standard input needs --as NAME",
                          "put -：从标准输入读取时需要 --as NAME"));
  if (!options.as.empty() && options.files.size() > 1)
    throw UsageFailure(tr("put --as: one name for several files; give one file",
                          "put --as：一个名称不能用于多个文件；请只给一个文件"));
}

void run_put(Session& session, Report& report, const PutOptions& options) {
  std::vector<Offer> files;
  for (const std::string& path : options.files) {
    try {
      const std::string name = options.as.empty() ? fs::path(path).filename().string() : options.as;
      const RemoteName remote = parse_remote_name(name);
      Target target = remote.target();
      if (!options.type.empty()) target.type = type_named(options.type);
      files.push_back({path, target});
    } catch (const Trouble& trouble) {
      report.failed(path, trouble);
    }
  }
  offer_all(session, report, files, options.sha256 ? DigestKind::sha_256 : DigestKind::xxh3_128);
}

void run_remove(Session& session, Report& report, const std::vector<std::string>& names) {
  need_version_2(session);
  for_each_file(session, report, names, [&](const Target& target) {
    session.two().remove(target);
    report.done({{"file", shown(target)}, {"action", "removed"}},
                tr("removed ", "已删除 ") + visible(shown(target)));
  });
}

void run_stat(Session& session, Report& report, const std::vector<std::string>& names) {
  need_version_2(session);
  for_each_file(session, report, names, [&](const Target& target) {
    const RemoteFile file = session.two().stat(target, DigestKind::xxh3_128);
    std::string text = visible(shown(target));
    const auto row = [&](const std::string& name, const std::string& value) {
      text += "\n  " + dialtone::pad(name, 8) + value;
    };
    if (file.size) {
      row(tr("size", "大小"), std::to_string(*file.size) + " (" + size_text(*file.size) + ")");
      row(tr("time", "时间"), time_text(file.time));
    }
    if (file.digest) row(tr("digest", "摘要"), digest_text(file));
    if (file.partial)
      row(tr("partial", "未完成"),
          std::to_string(file.partial->length) +
              tr(" bytes of an upload; put goes on from there", " 字节已上传；put 会从此处继续"));
    report.done(fields_of(file), text);
  });
}

void run_rename(Session& session, Report& report, const std::string& from, const std::string& to,
                bool replace) {
  need_version_2(session);
  try {
    const Target old_target = parse_remote_name(from).target();
    const RemoteName new_name = parse_remote_name(to);
    const Target new_target{new_name.type ? *new_name.type : old_target.type, new_name.name};
    session.two().rename(old_target, new_target, replace);
    report.done({{"file", shown(old_target)}, {"action", "renamed"}, {"to", shown(new_target)}},
                visible(shown(old_target)) + " -> " + visible(shown(new_target)));
  } catch (const ConnectionLost&) {
    throw;
  } catch (const Trouble& trouble) {
    report.failed(from, trouble);
  }
}

}  // namespace ftp::client
