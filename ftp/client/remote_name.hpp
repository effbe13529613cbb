// Files of the server as a person names them: "img/a.png", "a.png", "img/*.png", "*".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session.hpp"

namespace ftp::client {

struct RemoteName {
  std::optional<Type> type;  ///< where the text begins with "img/", "video/" or "file/"
  std::string name;

  /// Whether it stands for what a list holds, rather than for one file.
  bool is_pattern() const { return name.find_first_of("*?[") != std::string::npos; }
  /// The one file; its type is by the name's extension where it was not given.
  Target target() const { return {type ? *type : type_of_name(name), name}; }
};

/// bad_name where the text has another '/', or a name that no file can have.
RemoteName parse_remote_name(std::string_view text);

/// Whether a name is of this pattern, as a shell's (glob(7)): a first dot is matched by a dot only.
bool matches(const std::string& pattern, const std::string& name);

/// The server's files of these types that match the pattern, or all where it is empty. In version 1
/// only their names are known.
std::vector<RemoteFile> listed(Session& session, const std::vector<Type>& types,
                               const std::string& pattern, std::optional<DigestKind> digest);

/// The types that a list without a type asks for: the course's server knows two, and ends when it
/// is asked for another.
std::vector<Type> types_of(const Session& session);

/// What the texts name, patterns looked up in the server's list; failures are reported. Names that
/// a list gives and no file may have are failures, too: these come from the server.
std::vector<Target> resolve(Session& session, Report& report,
                            const std::vector<std::string>& texts);

}  // namespace ftp::client
