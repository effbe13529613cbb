// Whether a picture or a page that we wrote is well-formed.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// How often `what` stands in the text.
inline std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

/// What is wrong with a text as XML, as far as our pictures use it: tags that close what was
/// opened, attributes in quotes and once each, only known references. Empty when nothing is.
class XmlCheck {
 public:
  explicit XmlCheck(std::string_view text) : rest_(text) {}

  std::string complaint() {
    while (!rest_.empty()) {
      const std::string wrong = rest_.front() == '<' ? tag() : content();
      if (!wrong.empty()) return wrong + " before: " + std::string(rest_.substr(0, 60));
    }
    return open_.empty() ? "" : "never closed: " + open_.back();
  }

 private:
  std::string content() {
    const std::string_view text = take(std::min(rest_.find('<'), rest_.size()));
    if (open_.empty() && text.find_first_not_of(" \n") != std::string_view::npos)
      return "text outside the root";
    return text_complaint(text);
  }

  static std::string text_complaint(std::string_view text) {
    if (text.find("]]>") != std::string_view::npos) return "]]> in a text";
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (static_cast<unsigned char>(text[at]) < 0x20 && text[at] != '\n') return "control";
      if (text[at] != '&') continue;
      const std::string_view name = text.substr(at, text.find(';', at) - at + 1);
      if (name != "&amp;" && name != "&lt;" && name != "&gt;" && name != "&quot;")
        return "unknown reference";
    }
    return {};
  }

  std::string tag() {
    take(1);
    const bool closes = !rest_.empty() && rest_.front() == '/';
    if (closes) take(1);
    const std::string name(take(std::min(rest_.find_first_of(" />\n"), rest_.size())));
    if (name.empty()) return "a tag without a name";
    std::set<std::string> attributes;
    for (;;) {
      take(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
      if (rest_.empty()) return "a tag without an end";
      if (rest_.front() == '>' || rest_.front() == '/') break;
      const std::string attribute(take(std::min(rest_.find('='), rest_.size())));
      if (!attributes.insert(attribute).second) return "twice: " + attribute;
      if (rest_.substr(0, 2) != "=\"") return "no quotes";
      take(2);
      const std::string_view value = take(std::min(rest_.find('"'), rest_.size()));
      if (value.find('<') != std::string_view::npos) return "< in an attribute";
      if (std::string wrong = text_complaint(value); !wrong.empty()) return wrong;
      take(1);
    }
    const bool empty = rest_.front() == '/';
    take(empty ? 2 : 1);
    if (closes) {
      if (open_.empty() || open_.back() != name) return "closes what was not open: " + name;
      open_.pop_back();
    } else if (!empty) {
      open_.push_back(name);
    }
    return {};
  }

  std::string_view take(std::size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  std::vector<std::string> open_;
};

}  // namespace dialtone
