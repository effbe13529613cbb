#include "session.hpp"

#include <iostream>

#include "language.hpp"

namespace ftp::client {

using dialtone::tr;
using nlohmann::json;

Session::Session(const Server& server) : server_(server) {
  redial();
}

void Session::redial() {
  two_.reset();
  connection_.emplace(server_);
  one_.emplace(*connection_);
  two_.emplace(*connection_);
  if (!two_->hello()) two_.reset();
}

Report::Report(std::string command, bool as_json)
    : command_(std::move(command)), as_json_(as_json), progress_(true) {}

void Report::print(const json& fields) {
  std::cout << fields.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

void Report::done(const json& fields, const std::string& line) {
  progress_.clear();
  if (as_json_)
    print(fields);
  else if (!line.empty())
    std::cout << line << std::endl;
}

void Report::failed(const std::string& file, const Trouble& trouble) {
  progress_.clear();
  any_failed_ = true;
  if (as_json_)
    print({{"file", file},
           {"error", {{"code", spelling(trouble.code())}, {"message", trouble.what()}}}});
  std::cout.flush();
  std::cerr << "ftp-client: " << command_ << (file.empty() ? "" : " ") << visible(file)
            << tr(": ", "：") << trouble.what() << '\n';
}

void Report::lost(const ConnectionLost& loss, std::vector<std::string> files) {
  failed(files.empty() ? "" : files.front(), loss);
  if (files.size() <= 1) return;
  files.erase(files.begin());
  const std::string why = tr("the connection was lost before", "此前连接已断开");
  if (as_json_)
    for (const std::string& file : files)
      print({{"file", file},
             {"error", {{"code", spelling(Error::Code::disconnected)}, {"message", why}}}});
  std::cerr << "ftp-client: " << command_
            << tr(": files that were not tried any more: ", "：未再尝试的文件数：") << files.size()
            << '\n';
}

void Report::note(const std::string& line) {
  progress_.clear();
  std::cout.flush();
  std::cerr << "ftp-client: " << line << '\n';
}

int Report::exit_code() const {
  return any_failed_ ? dialtone::exit_failure : dialtone::exit_success;
}

}  // namespace ftp::client
