// The course's interactive menu, over version 1: the same questions in the same order and words.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "version1.hpp"

namespace ftp::client {

/// Asks on `out` and reads from `in` until `q` or the end of input, in this process's language.
/// What fails is told there, and the menu comes again; ConnectionLost alone is thrown.
class Menu {
 public:
  Menu(Version1& server, std::istream& in, std::ostream& out)
      : server_(server), in_(in), out_(out) {}

  void run();

 private:
  /// The line that is typed at this prompt, without white space around it.
  std::string ask(const std::string& prompt);
  void say(const std::string& line);
  void download();
  void upload();

  Version1& server_;
  std::istream& in_;
  std::ostream& out_;
};

/// The id of the n-th file, as the course counts: 0000, 0001, ... 0009, 00010.
std::string file_id(std::size_t index);

/// What a downloaded file is called: what was typed, and the extension of the remote name, if any.
std::string saved_name(const std::string& typed, const std::string& remote);

/// The path in "upload PATH", or nothing where the line is no such command. Spaces belong to the
/// path. Where there is no such file, quotes around the path and backslashes in it, as a shell or a
/// terminal's drag-and-drop writes them, are taken away.
std::string path_in(std::string_view command);

}  // namespace ftp::client
