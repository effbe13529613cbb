// A switchboard in a process of its own, started as a person would start it, and looked at from
// outside: a part of the demo and of the bench.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "process.hpp"
#include "switchboard.hpp"

namespace switchboard_demo {

using dialtone::Failure;
using dialtone::tr;
using socket_basics::Address;
using socket_basics::Deadline;
using socket_basics::Descriptor;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// The value, or the end of the program with the error's message.
template <class T>
T need(socket_basics::Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct Variant {
  const char* name;  ///< as --variant takes it
  const char* english;
  const char* chinese;
  switchboard::Serve serve;

  std::string title() const { return tr(english, chinese); }
};

/// In the order in which each answers what was wrong with the one before.
extern const std::array<Variant, 4> variants;
std::vector<std::string> variant_names();
const Variant& variant_named(const std::string& name);

/// Descriptors that this process may open, raised as far as the system lets it (setrlimit(2)).
std::size_t raise_descriptor_limit();

/// What a process takes, as /proc tells it. Memory that the kernel keeps for it (socket buffers,
/// stacks of threads) is not in it.
struct Footprint {
  std::size_t threads = 0;
  double anonymous_kib = 0;  ///< resident and its own: statm's resident without shared
};

Footprint footprint_of(pid_t process);

/// A program that serves: it says "listening on ADDRESS" first, and ends in order on SIGTERM.
/// It is killed with this process, whatever ends it.
class ServerProcess {
 public:
  /// Starts it and waits until it listens. `name` is what messages call it.
  ServerProcess(std::string name, std::vector<std::string> command);

  const Address& address() const { return address_; }
  pid_t pid() const { return child_->pid(); }
  Footprint footprint() const { return footprint_of(child_->pid()); }

  /// Asks it to end. What its callers still hear is the caller's business; then `ended`.
  void ask_to_end() const;

  /// Waits for its end; what it said by then, "listening on" left out. Throws where it failed, with
  /// its last words.
  std::string ended(Deadline deadline);

  /// Throws its last words where it has ended by itself.
  void expect_alive();

 private:
  std::string read_line(Deadline deadline);
  [[noreturn]] void fail(const std::string& what);

  std::string name_;
  dialtone::FileDescriptor output_;
  std::unique_ptr<dialtone::Child> child_;  ///< destroyed first: it is killed where it still runs
  std::string said_;
  Address address_;
};

/// This program's `serve`, with one variant.
std::vector<std::string> serve_command(const std::string& program, const std::string& variant,
                                       std::size_t callers);

/// The file that this process runs.
std::string own_program();

}  // namespace switchboard_demo
