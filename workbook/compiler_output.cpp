#include "compiler_output.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "language.hpp"
#include "words.hpp"

namespace dialtone {
namespace {

constexpr std::size_t widest_line = 300;

/// One error: the lines that lead to it in the student's file, its own, and its source lines.
struct Diagnostic {
  std::vector<std::string> lines;
};

bool contains(const std::string& line, std::string_view text) {
  return line.find(text) != std::string::npos;
}

/// Whether a line belongs to the build tool rather than to a compiler.
bool is_noise(const std::string& line) {
  const bool progress = line.size() > 1 && line[0] == '[' && line[1] >= '0' && line[1] <= '9';
  return progress || line.rfind("FAILED: ", 0) == 0 || line.rfind("ninja: ", 0) == 0 ||
         line.rfind(": && ", 0) == 0 || line.rfind("/usr/bin/c++ ", 0) == 0 ||
         contains(line, "collect2: error") || contains(line, " -o labs/") ||
         contains(line, "compilation terminated.");
}

/// "   12 |   text" and "      |   ^~~"
bool is_source_line(const std::string& line) {
  const auto bar = line.find(" |");
  return bar != std::string::npos && line.find_first_not_of(" 0123456789+") == line.find('|', bar);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) return;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The compiler's errors in order. Lines before an error that point into the student's file
/// ("required from here") are kept: a template's error lies in someone else's header.
std::vector<Diagnostic> compiler_errors(const std::vector<std::string>& lines,
                                        const std::string& source) {
  std::vector<Diagnostic> found;
  std::vector<std::string> leading;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool fatal = contains(line, ": fatal error: ");
    const bool linker = line.rfind("collect2", 0) == 0;
    if (fatal || (contains(line, ": error: ") && !linker)) {
      Diagnostic one;
      if (!contains(line, source)) one.lines = leading;
      one.lines.push_back(line);
      while (i + 1 < lines.size() && is_source_line(lines[i + 1])) one.lines.push_back(lines[++i]);
      found.push_back(std::move(one));
      leading.clear();
    } else if (contains(line, ": warning: ") || contains(line, ": note: ")) {
      leading.clear();
    } else if (contains(line, source + ":") && contains(line, "required from")) {
      leading.push_back(line);
    }
  }
  return found;
}

/// Each symbol that the linker misses, or has twice, once.
std::vector<Diagnostic> linker_errors(const std::vector<std::string>& lines) {
  std::vector<Diagnostic> found;
  std::set<std::string> told;
  for (const std::string& line : lines) {
    for (const std::string_view what : {"undefined reference to ", "multiple definition of "}) {
      const auto at = line.find(what);
      if (at == std::string::npos) continue;
      std::string symbol = line.substr(at + what.size());
      symbol.resize(std::min(symbol.size(), symbol.find("; ")));
      if (!told.insert(symbol).second) continue;
      found.push_back({{what[0] == 'u' ? tr("missing: the file must define ", "缺少定义：") + symbol
                                       : tr("defined twice: ", "重复定义：") + symbol}});
    }
  }
  return found;
}

}  // namespace

std::string trim_errors(const std::string& output, const std::filesystem::path& source,
                        const std::filesystem::path& root, const std::string& shown_as,
                        std::size_t most_lines) {
  const std::vector<std::string> lines = lines_of(output);
  std::vector<Diagnostic> errors = compiler_errors(lines, source.string());
  if (errors.empty()) errors = linker_errors(lines);
  if (errors.empty()) return build_excerpt(output);
  // The student's own file first; an error in someone else's usually follows from it.
  std::stable_partition(errors.begin(), errors.end(), [&source](const Diagnostic& one) {
    return std::any_of(one.lines.begin(), one.lines.end(), [&source](const std::string& line) {
      return contains(line, source.string());
    });
  });
  std::string text;
  std::size_t used = 0;
  std::size_t told = 0;
  for (const Diagnostic& one : errors) {
    if (told > 0 && used + one.lines.size() > most_lines) break;
    for (std::size_t i = 0; i < std::min(one.lines.size(), most_lines); ++i) {
      std::string line = one.lines[i];
      replace_all(line, source.string(), shown_as);
      replace_all(line, root.string() + "/", "");
      if (line.size() > widest_line) {
        line.resize(widest_line);
        line += "...";
      }
      text += line + '\n';
    }
    used += one.lines.size();
    ++told;
  }
  if (told < errors.size())
    text += tr("and " + std::to_string(errors.size() - told) + " more errors\n",
               "还有 " + std::to_string(errors.size() - told) + " 处错误\n");
  return text;
}

std::string build_excerpt(const std::string& output, std::size_t most_lines) {
  std::vector<std::string> kept;
  for (std::string& line : lines_of(output))
    if (!is_noise(line)) kept.push_back(line.substr(0, widest_line));
  if (kept.size() > most_lines)
    kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(most_lines));
  return kept.empty() ? "" : join(kept, "\n") + "\n";
}

}  // namespace dialtone
