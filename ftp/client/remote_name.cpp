#include "remote_name.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "language.hpp"

namespace ftp::client {

using dialtone::tr;

RemoteName parse_remote_name(std::string_view text) {
  RemoteName remote;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    remote.type = type_spelt(text.substr(0, slash));
    if (!remote.type)
      throw Trouble(Error::Code::bad_name,
                    tr("a name on the server is NAME, img/NAME, video/NAME or file/NAME",
                       "服务端的文件名写作 NAME、img/NAME、video/NAME 或 file/NAME"));
    text.remove_prefix(slash + 1);
  }
  if (const auto good = check_name(text); !good) throw Refused(good.error());
  remote.name = text;
  return remote;
}

bool matches(const std::string& pattern, const std::string& name) {
  return pattern.empty() || pattern == name ||
         ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

std::vector<Type> types_of(const Session& session) {
  if (session.version_2()) return {Type::img, Type::video, Type::file};
  return {Type::img, Type::video};
}

std::vector<RemoteFile> listed(Session& session, const std::vector<Type>& types,
                               const std::string& pattern, std::optional<DigestKind> digest) {
  std::vector<RemoteFile> files;
  for (const Type type : types) {
    if (session.version_2()) {
      for (RemoteFile& file : session.two().list(type, digest))
        if (matches(pattern, file.target.name)) files.push_back(std::move(file));
      continue;
    }
    for (std::string& name : session.one().list(folder_of(type))) {
      if (!matches(pattern, name)) continue;
      files.emplace_back();
      files.back().target = {type, std::move(name)};
    }
  }
  return files;
}

std::vector<Target> resolve(Session& session, Report& report,
                            const std::vector<std::string>& texts) {
  std::vector<Target> targets;
  const auto add = [&](const Target& target) {
    if (std::find(targets.begin(), targets.end(), target) == targets.end())
      targets.push_back(target);
  };
  for (const std::string& text : texts) {
    try {
      const RemoteName remote = parse_remote_name(text);
      if (!remote.is_pattern()) {
        add(remote.target());
        continue;
      }
      const auto types = remote.type ? std::vector<Type>{*remote.type} : types_of(session);
      const auto files = listed(session, types, remote.name, std::nullopt);
      if (files.empty())
        throw Trouble(Error::Code::not_found,
                      tr("no file on the server matches; ls shows what there is",
                         "服务端没有匹配的文件；用 ls 查看有哪些文件"));
      for (const RemoteFile& file : files) {
        if (const auto good = check_name(file.target.name); !good)
          report.failed(shown(file.target), Refused(good.error()));
        else
          add(file.target);
      }
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Trouble& trouble) {
      report.failed(text, trouble);
    }
  }
  return targets;
}

}  // namespace ftp::client
