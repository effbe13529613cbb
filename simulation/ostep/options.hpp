// The published tools' command lines: short and long options, as Python's optparse takes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace simulation::ostep {

/// One line for a person, in both languages.
struct Message {
  std::string english;
  std::string chinese;
};

/// Numbers of jobs, bytes or ticks beyond this are taken for a mistake.
inline constexpr std::int64_t largest_number = std::int64_t{1} << 31U;

/// An option, the variable that it sets, and the least and greatest value of a number.
struct Option {
  char letter;
  std::string_view name;  ///< The long name; empty where there is none.
  std::variant<bool*, std::int64_t*, double*, std::string*> value;
  std::int64_t least = -largest_number;
  std::int64_t greatest = largest_number;
};

/// Sets the variables from the words of a command line. Taken are -q 3, -q3, -q=3, --quantum 3,
/// --quantum=3, unique beginnings of long names, and flags in one word (-cp). The last one wins.
tl::expected<void, Message> read_options(const std::vector<Option>& options,
                                         const std::vector<std::string>& words);

/// A whole number in decimal, with or without a sign, that fits 64 bits.
std::optional<std::int64_t> parse_whole(std::string_view text);

/// A finite number: digits with or without a sign, a point and an exponent.
std::optional<double> parse_real(std::string_view text);

/// The parts between separators; one more than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);

/// "-l 3,x: x is not a number"; the second text says what is wrong in each language.
tl::unexpected<Message> bad_value(std::string_view option, std::string_view value,
                                  std::string_view english, std::string_view chinese);

tl::unexpected<Message> refuse(std::string_view english, std::string_view chinese);

}  // namespace simulation::ostep
