// Runs build/bin/ftp-client for the tests.
#pragma once

#include <fcntl.h>

#include <string>
#include <vector>

#include "played_server.hpp"
#include "practice.hpp"
#include "process.hpp"

namespace ftp_test {

namespace fs = std::filesystem;

/// A folder to work in, and the program at work in it.
class ClientRun {
 public:
  /// The program's arguments after --host and --port.
  dialtone::Command command(std::uint16_t port, const std::vector<std::string>& arguments) const {
    dialtone::Command command;
    command.arguments = {FTP_CLIENT_PROGRAM, "--port", std::to_string(port)};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.directory = folder_.path();
    command.environment = std::vector<std::string>{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"};
    return command;
  }

  /// What it did with this on its standard input.
  dialtone::Outcome run(std::uint16_t port, const std::vector<std::string>& arguments,
                        const std::string& input = "") const {
    const dialtone::TemporaryFolder elsewhere;
    dialtone::write_file(elsewhere.path() / "input", input);
    const dialtone::FileDescriptor opened(
        ::open((elsewhere.path() / "input").c_str(), O_RDONLY | O_CLOEXEC));
    dialtone::Command with_input = command(port, arguments);
    with_input.descriptors = {{0, opened.get()}};
    return dialtone::run(with_input, std::chrono::seconds(60), std::size_t{64} << 20U);
  }

  fs::path path(const std::string& name) const { return folder_.path() / name; }
  std::string read(const std::string& name) const {
    return fs::exists(path(name)) ? dialtone::read_file(path(name)) : "(no file)";
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(path(name).parent_path());
    dialtone::write_file(path(name), text);
  }
  /// Every file below the folder.
  std::vector<std::string> all() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
      if (!entry.is_directory())
        names.push_back(entry.path().lexically_relative(folder_.path()).string());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  dialtone::TemporaryFolder folder_;
};

inline bool is_one_line(const std::string& text) {
  return !text.empty() && text.find('\n') == text.size() - 1;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ftp_test
