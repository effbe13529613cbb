#include "options.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>
#include <utility>

namespace simulation::ostep {
namespace {

using Written = tl::expected<void, Message>;

/// Digits of one radix that fit 64 bits; nothing else may stand there.
std::optional<std::int64_t> parse_digits(std::string_view digits, unsigned radix, bool negative) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    unsigned digit = radix;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= radix || value > (most - digit) / radix) return std::nullopt;
    value = value * radix + digit;
  }
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

/// As optparse reads an option's whole number: 0x and 0b are prefixes, and a leading 0 is octal.
std::optional<std::int64_t> parse_option_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') {
    if (text[1] == 'x' || text[1] == 'X') return parse_digits(text.substr(2), 16, false);
    if (text[1] == 'b' || text[1] == 'B') return parse_digits(text.substr(2), 2, false);
    return parse_digits(text, 8, false);
  }
  return parse_whole(text);
}

std::string spelled(const Option& option) {
  return std::string{'-', option.letter};
}

Written check_range(const Option& option, std::string_view text, double number) {
  if (number < static_cast<double>(option.least))
    return bad_value(spelled(option), text, "must be at least " + std::to_string(option.least),
                     "至少为 " + std::to_string(option.least));
  if (number > static_cast<double>(option.greatest))
    return bad_value(spelled(option), text, "must be at most " + std::to_string(option.greatest),
                     "至多为 " + std::to_string(option.greatest));
  return {};
}

Written set_value(const Option& option, std::string_view text) {
  if (auto* const* words = std::get_if<std::string*>(&option.value)) {
    **words = text;
    return {};
  }
  const std::optional<std::int64_t> number = parse_option_number(text);
  if (auto* const* real = std::get_if<double*>(&option.value)) {
    const std::optional<double> fraction =
        number ? std::optional(static_cast<double>(*number)) : parse_real(text);
    if (!fraction) return bad_value(spelled(option), text, "give a number", "应为一个数");
    **real = *fraction;
    return check_range(option, text, *fraction);
  }
  if (!number) return bad_value(spelled(option), text, "give a whole number", "应为整数");
  if (auto* const* whole = std::get_if<std::int64_t*>(&option.value)) **whole = *number;
  return check_range(option, text, static_cast<double>(*number));
}

bool is_flag(const Option& option) {
  return std::holds_alternative<bool*>(option.value);
}

tl::unexpected<Message> unknown(const std::vector<Option>& options, std::string_view word) {
  std::string known;
  for (const Option& option : options) {
    known += " " + spelled(option);
    if (!option.name.empty()) known.append(" --").append(option.name);
  }
  return refuse("unknown option " + std::string(word) + "; the tool takes" + known,
                "未知选项 " + std::string(word) + "；该工具接受" + known);
}

/// Reads the words in order; an option's value may be the next word, whatever it looks like.
class Reader {
 public:
  Reader(const std::vector<Option>& options, const std::vector<std::string>& words)
      : options_(options), words_(words) {}

  Written read() {
    for (; at_ < words_.size(); ++at_) {
      const std::string_view word = words_[at_];
      Written done;
      if (word.size() > 2 && word.substr(0, 2) == "--")
        done = read_long(word);
      else if (word.size() > 1 && word[0] == '-' && word != "--")
        done = read_short(word);
      else
        done = refuse("unexpected word '" + std::string(word) + "': only options are taken",
                      "多余的词“" + std::string(word) + "”：只接受选项");
      if (!done) return done;
    }
    return {};
  }

 private:
  Written read_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals).substr(2);
    const Option* found = nullptr;
    std::size_t matches = 0;
    for (const Option& option : options_) {
      if (option.name.empty() || option.name.substr(0, name.size()) != name) continue;
      found = &option;
      matches = option.name == name ? 1 : matches + 1;
      if (option.name == name) break;
    }
    if (matches > 1)
      return refuse("option " + std::string(word) + " may mean several: write its whole name",
                    "选项 " + std::string(word) + " 有多种可能：请写全名");
    if (found == nullptr) return unknown(options_, word.substr(0, equals));
    if (is_flag(*found) && equals != std::string_view::npos)
      return refuse("option --" + std::string(found->name) + " takes no value",
                    "选项 --" + std::string(found->name) + " 不带值");
    return take(*found, equals == std::string_view::npos ? std::nullopt
                                                         : std::optional(word.substr(equals + 1)));
  }

  Written read_short(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Option* found = nullptr;
      for (const Option& option : options_)
        if (option.letter == word[i]) found = &option;
      if (found == nullptr) return unknown(options_, std::string{'-', word[i]});
      if (is_flag(*found)) {
        if (Written done = take(*found, std::nullopt); !done) return done;
        continue;
      }
      std::string_view rest = word.substr(i + 1);
      if (rest.empty()) return take(*found, std::nullopt);
      if (rest[0] == '=') rest.remove_prefix(1);
      return take(*found, rest);
    }
    return {};
  }

  Written take(const Option& option, std::optional<std::string_view> value) {
    if (auto* const* flag = std::get_if<bool*>(&option.value)) {
      **flag = true;
      return {};
    }
    if (!value) {
      if (at_ + 1 == words_.size())
        return refuse("option " + spelled(option) + " needs a value",
                      "选项 " + spelled(option) + " 需要一个值");
      value = words_[++at_];
    }
    return set_value(option, *value);
  }

  const std::vector<Option>& options_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
};

}  // namespace

Written read_options(const std::vector<Option>& options, const std::vector<std::string>& words) {
  return Reader(options, words).read();
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  return parse_digits(text, 10, negative);
}

std::optional<double> parse_real(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());  // a comma is never a decimal point here
  double value = 0;
  in >> value;
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

tl::unexpected<Message> bad_value(std::string_view option, std::string_view value,
                                  std::string_view english, std::string_view chinese) {
  constexpr std::size_t shown = 60;
  std::size_t end = std::min(shown, value.size());
  while (end < value.size() && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  std::string start = std::string(option) + " " + std::string(value.substr(0, end));
  if (end < value.size()) start += "...";
  return refuse(start + ": " + std::string(english), start + "：" + std::string(chinese));
}

tl::unexpected<Message> refuse(std::string_view english, std::string_view chinese) {
  Message message{std::string(english), std::string(chinese)};
  for (std::string* text : {&message.english, &message.chinese})
    for (char& c : *text)  // the words of a command line may hold anything; a message is one line
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return tl::unexpected<Message>(std::move(message));
}

}  // namespace simulation::ostep
