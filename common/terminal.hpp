// What a person sees: widths of text in columns, colours, tables.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// Columns that UTF-8 text takes on a terminal: East Asian wide characters take two, combining
/// marks none (Unicode UAX #11). Bytes that are not UTF-8 take one each.
std::size_t display_width(std::string_view text);

/// The text, followed by spaces up to `columns`; longer text is left as it is.
std::string pad(std::string_view text, std::size_t columns);

/// The longest beginning of the text that fits in `columns`, with an ellipsis when it was cut.
std::string clip(std::string_view text, std::size_t columns);

/// The text in lines of at most `columns`; breaks at spaces, and between wide characters, but not
/// before a closing punctuation mark nor after an opening one.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

/// Bytes as a quoted text: printable UTF-8 as it is, the rest as \n, \t, \\, \" or \xNN.
/// Beyond `limit` bytes only the beginning, followed by the number of bytes in all.
std::string printable(std::string_view bytes, std::size_t limit = 64);

/// Whether the locale's character set is UTF-8; where it is not, drawings use ASCII.
bool locale_is_utf8();

/// One of the two spellings of a drawing, by `locale_is_utf8()`.
inline std::string_view glyph(std::string_view unicode, std::string_view ascii) {
  return locale_is_utf8() ? unicode : ascii;
}

/// Columns of the terminal on stdout; COLUMNS where it is set; 80 when there is neither.
std::size_t terminal_columns();

enum class Colour { red, green, yellow, blue, cyan, bold, dim };

/// The text in a colour when stdout is a terminal and NO_COLOR is not set; else as it is.
std::string coloured(Colour colour, std::string_view text);

/// Whether stdout is a terminal that may show colours and live progress.
bool stdout_is_lively();

/// Rows of cells with aligned columns: the first row is the head, ruled off from the rest.
class Table {
 public:
  /// Columns whose index is in `right_aligned` are set flush right (figures).
  explicit Table(std::vector<std::string> head,
                 std::initializer_list<std::size_t> right_aligned = {});

  /// Precondition: as many cells as the head has.
  void add(std::vector<std::string> row);

  /// The table as lines that end in a newline; wide cells are clipped to fit `columns`.
  std::string text(std::size_t columns = terminal_columns()) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_aligned_;
};

}  // namespace dialtone
