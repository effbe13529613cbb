// The course's conversation, as a client has it: three commands, strictly in turn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"

namespace ftp::client {

/// Everything throws Refused where the server says no or a digest does not fit.
class Version1 {
 public:
  explicit Version1(Connection& connection) : connection_(connection) {}

  /// The names as the server told them, in its order. They are a stranger's: look at them with
  /// check_name before a file is called so.
  std::vector<std::string> list(std::string_view file_type);

  /// The file's bytes go into `sink`; that they are damaged is known only behind the last one. What
  /// `sink` throws is thrown when the rest has come, so that the conversation can go on.
  /// `begins` is told the length before the first.
  void download(std::string_view file_type, const std::string& name, const Sink& sink,
                const std::function<void(std::uint64_t)>& begins = {});

  /// What is sent, read twice: first for its digest, which stands in front of it.
  struct Upload {
    std::string file_type;  ///< "img", "video", or "" for a plain file
    std::string name;
    std::string folder;  ///< where the file lay here; the course's client tells it
    std::uint64_t length = 0;
    std::function<void(const Sink&)>
        read;  ///< gives exactly `length` bytes; the same every time.
               ///< What it throws at the second time ends the connection
  };
  /// The server's words about where it is stored now.
  std::string upload(const Upload& upload);

 private:
  /// The header of the reply to this command; an error's words are thrown.
  framing::Header reply_to(std::string_view command);
  std::string text_reply(std::string_view command, std::size_t at_most);

  Connection& connection_;
};

}  // namespace ftp::client
