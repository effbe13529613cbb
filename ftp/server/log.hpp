// The server's log: one line an event, in a file that can be reopened (SIGHUP, after a rotation).
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>

namespace ftp::server {

class Log {
 public:
  /// Lines go to the end of this file; without one, warnings alone to standard error.
  /// Throws dialtone::Failure where the file cannot be opened.
  explicit Log(std::string file);

  /// Opens the file of that name anew. What cannot be opened is told in the old one.
  void reopen();

  template <class... Values>
  void info(fmt::format_string<Values...> text, Values&&... values) {
    logger()->info(text, std::forward<Values>(values)...);
  }
  template <class... Values>
  void warn(fmt::format_string<Values...> text, Values&&... values) {
    logger()->warn(text, std::forward<Values>(values)...);
  }
  bool tells_info() const { return !file_.empty(); }

 private:
  std::shared_ptr<spdlog::logger> logger();
  std::shared_ptr<spdlog::logger> open();

  const std::string file_;
  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;  ///< under mutex_
};

/// Text from outside, on one line and without control characters.
std::string for_log(std::string_view text);

}  // namespace ftp::server
