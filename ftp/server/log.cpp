#include "log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "failure.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace ftp::server {

Log::Log(std::string file) : file_(std::move(file)) {
  try {
    logger_ = open();
  } catch (const spdlog::spdlog_ex& error) {
    throw dialtone::Failure(dialtone::tr("cannot open the log: ", "无法打开日志：") + error.what());
  }
}

std::shared_ptr<spdlog::logger> Log::open() {
  std::shared_ptr<spdlog::logger> made;
  if (file_.empty()) {
    made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("ftp-server: %v");
  } else {
    made = std::make_shared<spdlog::logger>(
        "", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file_));
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  }
  made->flush_on(spdlog::level::info);  // who follows the log sees it grow
  // A full disk under the log must not end the server.
  made->set_error_handler([](const std::string&) {});
  return made;
}

void Log::reopen() {
  std::shared_ptr<spdlog::logger> made;
  try {
    made = open();
  } catch (const spdlog::spdlog_ex& error) {
    warn("reopen the log: {}", error.what());
    return;
  }
  const std::lock_guard lock(mutex_);
  logger_->flush();
  logger_ = std::move(made);
}

std::shared_ptr<spdlog::logger> Log::logger() {
  const std::lock_guard lock(mutex_);
  return logger_;
}

std::string for_log(std::string_view text) {
  return dialtone::printable(text, 300);
}

}  // namespace ftp::server
