#include "language.hpp"

#include <cstdlib>

namespace dialtone {
namespace {

std::optional<Language> chosen_language;

}  // namespace

std::optional<Language> parse_language(std::string_view text) {
  const auto is = [text](std::string_view code) {
    return text.substr(0, 2) == code &&
           (text.size() == 2 || text[2] == '_' || text[2] == '-' || text[2] == '.');
  };
  if (is("en")) return Language::english;
  if (is("zh")) return Language::chinese;
  return std::nullopt;
}

Language language_of_locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0')
      return parse_language(value).value_or(Language::english);
  }
  return Language::english;
}

Language language() {
  if (!chosen_language) chosen_language = language_of_locale();
  return *chosen_language;
}

void set_language(Language chosen) {
  chosen_language = chosen;
}

void choose_language(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::optional<Language> asked;
    if (argument == "--") return;
    if (argument == "--lang" && i + 1 < argc) asked = parse_language(argv[i + 1]);
    if (argument.substr(0, 7) == "--lang=") asked = parse_language(argument.substr(7));
    if (asked) set_language(*asked);
  }
}

}  // namespace dialtone
