// How the tour says things: endings, sizes, states, bars, and the sections of its text.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "program_and_process.hpp"
#include "terminal.hpp"

namespace process_tour {

/// "exited 0", "killed by SIGSEGV, core dumped".
std::string how_it_ended(const program_and_process::Ending& ending);

/// "SIGPIPE"; "signal 34" where it has no name.
std::string signal_name(int number);

/// What a letter of /proc/PID/stat means, in a few words.
std::string state_words(char state);

/// "640 kB", "12.3 MB" (of 1024 each, as the kernel counts); "-" for none.
std::string size_text(std::optional<std::uint64_t> bytes);

/// "123456", "12.3M" where it would be longer than seven digits; "-" for none.
std::string count_text(std::optional<std::uint64_t> count);

/// "12.3 ms"
std::string time_text(double milliseconds);

/// A name as it may stand on this terminal: clean, and plain ASCII where the locale has no more.
std::string safe(std::string_view name);

/// A bar of `share` (0 to 1) of `columns`; at least a sliver where the share is not 0.
std::string bar(double share, std::size_t columns);

/// Writes to standard output at once. Where its reader has gone the program ends as SIGPIPE ends
/// one, quietly; so nobody may be on stage.
void put(std::string_view text);

/// Text of a section, cut to the width of the terminal.
class Page {
 public:
  explicit Page(bool brief, std::size_t columns = dialtone::terminal_columns())
      : brief_(brief), columns_(columns) {}

  void heading(const std::string& title);
  /// An explanation; left out where the tour is brief.
  void explain(const std::string& text);
  /// Cut.
  void line(const std::string& text);
  /// In as many lines as it takes.
  void wrapped(const std::string& text);
  /// The words of `first`, then the items, in as many lines as it takes; no item is broken.
  void items(const std::string& first, const std::vector<std::string>& items,
             std::string_view between);
  /// Rows of as many cells as the head has, in columns, those of `right_aligned` flush right. Where
  /// it is too narrow for them: a line for each cell.
  void table(const std::vector<std::string>& head,
             const std::vector<std::vector<std::string>>& rows,
             std::initializer_list<std::size_t> right_aligned = {});
  void gap() { text_ += '\n'; }

  std::size_t columns() const { return columns_ > indent ? columns_ - indent : 1; }
  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t indent = 3;

  bool brief_;
  std::size_t columns_;
  std::string text_;
};

}  // namespace process_tour
