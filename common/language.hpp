// The two languages of every message that a person reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dialtone {

enum class Language { english, chinese };

/// "en" or "zh" (also "zh_CN.UTF-8" and the like); nothing for any other text.
std::optional<Language> parse_language(std::string_view text);

/// The language that LC_ALL, LC_MESSAGES or LANG ask for; English when they say nothing known.
Language language_of_locale();

/// The language of this process; `language_of_locale()` until it is set.
Language language();
void set_language(Language chosen);

/// The value of a --lang among the arguments takes effect before any help text is made.
void choose_language(int argc, char** argv);

/// The text in the language of this process.
inline std::string tr(std::string_view english, std::string_view chinese) {
  return std::string(language() == Language::chinese ? chinese : english);
}

}  // namespace dialtone
