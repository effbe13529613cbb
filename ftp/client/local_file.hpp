// Files of this machine: what is sent, and what comes in, which is never half under its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "connection.hpp"
#include "file_descriptor.hpp"

namespace ftp::client {

/// A file, a pipe or standard input that is read to be sent. Failures are LocalTrouble.
class Source {
 public:
  /// "-" is standard input.
  explicit Source(const std::string& path);

  /// Bytes in all; nothing for what is read as a stream.
  std::optional<std::uint64_t> size() const { return size_; }
  /// At most `most` bytes from where reading stands; empty at the end.
  std::string read(std::size_t most);
  /// Reading goes on from there; only for a Source with a size.
  void go_to(std::uint64_t offset);
  /// The first `length` bytes into `sink`; a file that has fewer now was changed meanwhile.
  void read_to(std::uint64_t length, const Sink& sink);
  /// A stream as a file without a name, so that it can be measured and read twice.
  void spool();
  [[noreturn]] void changed_meanwhile() const;

 private:
  std::string path_;
  dialtone::FileDescriptor owned_;
  int fd_ = -1;
  std::optional<std::uint64_t> size_;
};

/// A file on its way in: its bytes lie in another file until they are whole, and get the name then.
/// Failures are LocalTrouble.
class Incoming {
 public:
  /// Into a temporary beside the target, which goes when this object, or the program, ends early.
  static Incoming temporary(const std::filesystem::path& target);
  /// Into `partial`, which stays for a resume. What it holds already counts; reading it back is
  /// `length` and `read_back`. Another program at work on the same partial is a failure.
  static Incoming resumable(const std::filesystem::path& target,
                            const std::filesystem::path& partial);
  /// To standard output, where nothing can be taken back.
  static Incoming to_standard_output();

  Incoming(Incoming&&) noexcept;
  Incoming& operator=(Incoming&&) = delete;
  ~Incoming();

  std::uint64_t length() const { return length_; }
  void read_back(const Sink& sink) const;
  void start_anew();
  void write(std::span<const std::byte> bytes);
  /// The name holds the new file from now on.
  void commit();
  /// The bytes are of no use: nothing of them stays.
  void discard();

 private:
  Incoming() = default;
  /// Opens the partial, and makes it where it is not there.
  void open();

  enum class Kind { temporary, resumable, standard_output } kind_ = Kind::temporary;
  std::filesystem::path target_;
  std::filesystem::path partial_;
  dialtone::FileDescriptor owned_;
  std::uint64_t length_ = 0;
  bool finished_ = false;
};

/// Where the part of `target` that came so far is kept: NAME.part beside it.
std::filesystem::path partial_beside(const std::filesystem::path& target);

/// The digest of a file's bytes.
std::string digest_of_file(const std::filesystem::path& path, DigestKind kind);

/// Makes folders; LocalTrouble where that cannot be.
void make_folders(const std::filesystem::path& folder);

/// What Ctrl-C, or a polite kill, leaves behind: neither a temporary nor a drawn progress bar. The
/// program still dies of the signal. Call it once, early. A pipe that nobody reads any more, and a
/// file above the limit of ulimit -f, are errors of write(2) from then on, not a silent death.
void prepare_for_signals();
/// Whether a progress bar is drawn on standard error.
void note_drawn_bar(bool drawn);

}  // namespace ftp::client
