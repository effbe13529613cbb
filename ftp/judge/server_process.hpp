// The server under judgement: a process on a folder of its own, looked at from outside alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "caller.hpp"
#include "process.hpp"

namespace ftp_judge {

using dialtone::Subject;
using dialtone::SubjectCase;

/// A file of the server's folder: "img", "a.png", its bytes.
struct File {
  std::string type;
  std::string name;
  std::string bytes;
};

class Server {
 public:
  /// Puts the files into a fresh folder, starts the server on it and waits until it listens.
  /// `options` are for a student's program. Who listens must be that very program, in a process
  /// group of its own that holds nobody else.
  Server(Input& trial, const Subject& subject, const std::vector<File>& files = {},
         const std::vector<std::string>& options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Where a story has failed, what became of the server is kept for it: see end_of_last().
  ~Server();

  Caller dial();
  /// Whether a call gets as far as the kernel's queue.
  bool can_be_dialled() const;

  const std::filesystem::path& root() const { return root_; }
  /// A stored file's bytes; nothing where there is no such file.
  std::optional<std::string> stored(const std::string& type, const std::string& name) const;
  /// The file is there, with these bytes, now or after a moment: that it is there at once is the
  /// matter of one case alone.
  void expect_stored(const File& file, const std::string& what,
                     milliseconds moment = milliseconds(1500)) const;
  /// Every file below the folder around its root, by path: temporaries too. Of a command, files
  /// below a hidden folder of its root are its own business.
  std::vector<std::string> files() const;

  std::uint64_t memory(const std::string& field) const;
  std::vector<std::string> descriptors() const;
  std::size_t threads() const;

  /// Until it has done all that it can for now.
  void wait_until_asleep() const;

  void expect_running();
  void terminate();  ///< SIGTERM
  std::optional<dialtone::Ending> ending_within(milliseconds time);

  struct End {
    bool ended = false;  ///< by itself, before the judge ended it
    std::string how;
    std::string todo;  ///< "TODO(lab ftp): serve", where it said so
  };
  static End& end_of_last();

 private:
  void start(const Subject& subject, std::vector<std::string> options);
  void await_listening();
  void expect_to_be_the_listener();
  void note_end();
  std::string output() const;

  Input& trial_;
  dialtone::TemporaryFolder folder_;
  std::filesystem::path root_;
  FileDescriptor sink_;
  std::filesystem::path program_;  ///< a student's; empty for a command
  std::optional<dialtone::Child> child_;
  std::uint16_t port_ = 0;
  std::size_t dialled_ = 0;
  int exceptions_before_;
};

/// A case whose story, where it fails, tells what became of the server.
SubjectCase rule(std::string id, std::size_t inputs, void (*play)(Input&, const Subject&),
                 bool students_only = false);

}  // namespace ftp_judge
