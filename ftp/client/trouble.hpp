// What went wrong, as the one line that a person is told. The layers below (sockets, frames, names)
// give values; from here on everything ends in such a line, so it travels as an exception.
#pragma once

#include <string>
#include <string_view>

#include "error.hpp"
#include "failure.hpp"

namespace ftp::client {

/// One thing failed; others may still succeed. what() says why and what to do; whoever reports it
/// puts in front what was tried: "get img/a.png: ".
class Trouble : public dialtone::Failure {
 public:
  Trouble(Error::Code code, const std::string& reason) : Failure(reason), code_(code) {}
  Error::Code code() const { return code_; }

 private:
  Error::Code code_;
};

/// The server's answer was no.
class Refused : public Trouble {
 public:
  explicit Refused(const Error& error);
  /// In the server's own words (version 1).
  Refused(Error::Code code, const std::string& words);
  const std::string& words() const { return words_; }

 private:
  std::string words_;  ///< empty in version 2
};

/// This machine failed: `tried` is "write /tmp/a.png", `code` is errno.
class LocalTrouble : public Trouble {
 public:
  LocalTrouble(std::string_view tried, int code);
  explicit LocalTrouble(const std::string& reason) : Trouble(Error::Code::system, reason) {}
};

/// Nothing more can be said over this connection: it is gone, or what came is not the protocol.
class ConnectionLost : public Trouble {
 public:
  using Trouble::Trouble;
};

/// A text of a stranger's as a terminal may show it: control and format characters, and bytes that
/// are not UTF-8, as \xNN; everything else as it is.
std::string visible(std::string_view text);

/// The same, cut at 200 columns.
std::string excerpt(std::string_view words);

}  // namespace ftp::client
