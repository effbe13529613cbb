// The site as it was built, and the notes that it was built from: twins in both languages, links
// that lead somewhere, snippets that are compiled.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "html_pages.hpp"
#include "practice.hpp"

namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

const fs::path site_folder = SITE_FOLDER;
const fs::path source_folder = SOURCE_FOLDER;

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Fails with one problem a line, where there are any.
void require_none(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += problem + '\n';
  if (!text.empty()) FAIL(text);
}

const std::map<fs::path, site::Page>& built_site() {
  if (!fs::exists(site_folder / "index.html"))
    FAIL("there is no " + (site_folder / "index.html").string() + ": build the target site first");
  static const auto pages = site::read_site(site_folder);
  return pages;
}

/// What both twins of a notes page must have, in the same order.
struct Outline {
  std::vector<std::string> headings;  ///< "## notes_01_layer": level and id
  std::vector<std::string> snippets;  ///< "labs/…/socket_basics.cpp send_all"
  std::vector<std::string> figures;   ///< file names without their language
  int questions = 0;
  bool operator==(const Outline&) const = default;
};

Outline outline_of(const fs::path& file) {
  static const std::regex heading(R"(^(#+) .*\{#(\w+)\}\s*$)");
  static const std::regex bare_heading(R"(^#+ .*$)");
  static const std::regex snippet(R"(^\\snippet(?:\{[^}]*\})? +(\S+ +\S+)\s*$)");
  static const std::regex figure(R"(figures/([^)]*)\.(?:en|zh)\.svg\))");
  Outline outline;
  bool fenced = false;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) fenced = !fenced;
    if (fenced) continue;
    std::smatch match;
    if (std::regex_match(line, match, heading))
      outline.headings.push_back(match[1].str() + " " + match[2].str());
    else if (std::regex_match(line, bare_heading))
      outline.headings.push_back(line + ": a heading without an id");
    if (std::regex_match(line, match, snippet)) outline.snippets.push_back(match[1]);
    if (std::regex_search(line, match, figure)) outline.figures.push_back(match[1]);
    if (line.starts_with("<details>")) ++outline.questions;
  }
  return outline;
}

std::set<std::string> notes_in(std::string_view language) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(source_folder / "notes" / language))
    if (entry.path().extension() == ".md") names.insert(entry.path().filename().string());
  return names;
}

/// "01-sockets.md" -> "notes_01_sockets.html", the name that its page's id gives it.
std::string page_name(std::string_view prefix, std::string name) {
  name = name.substr(0, name.find('.'));
  std::ranges::replace(name, '-', '_');
  return std::string(prefix) + name + ".html";
}

/// A lab that has a page, and the notes pages that its lab.json names.
struct LabPage {
  std::string name;                ///< "lab_01_socket_basics.html"
  std::vector<std::string> notes;  ///< "01-sockets.md"
};

std::vector<LabPage> lab_pages() {
  std::vector<LabPage> pages;
  for (const auto& entry : fs::directory_iterator(source_folder / "labs")) {
    if (!fs::exists(entry.path() / "README.md")) continue;
    LabPage page{page_name("lab_", entry.path().filename().string()), {}};
    const auto lab = nlohmann::json::parse(read_text(entry.path() / "lab.json"));
    for (const std::string notes : lab.at("notes")) page.notes.push_back(notes + ".md");
    pages.push_back(std::move(page));
  }
  return pages;
}

/// A folder for one test, gone after it.
struct ScratchFolder {
  fs::path path = fs::temp_directory_path() / ("dialtone-site-" + std::to_string(::getpid()));
  ScratchFolder() { fs::create_directories(path); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { fs::remove_all(path); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
};

}  // namespace

// --- the checker itself: what it must find ---

TEST_CASE("the_checker_finds_broken_links_and_fragments") {
  const ScratchFolder folder;
  folder.write("a.html", R"(<html lang="en"><!-- <a href="commented.html"> -->
    <script>var x = '<a href="scripted.html">';</script>
    <a href="sub/b.html#there">fine</a> <a href='#here' id=here>fine</a>
    <a href="https://example.org/nowhere">not followed</a> <img src="p%20q.svg"/>
    <a href="gone.html">no file</a> <a href="sub/b.html#nowhere">no place</a>
    <object type="image/svg+xml" data="gone.svg"></object></html>)");
  folder.write("sub/b.html", R"(<html lang="zh-CN"><a name="there" href="../a.html"></a></html>)");
  folder.write("p q.svg", "<svg/>");
  const auto pages = site::read_site(folder.path);
  const std::string a = (folder.path / "a.html").string();
  CHECK(site::broken_links(pages) ==
        std::vector<std::string>{a + ": gone.html leads to no file",
                                 a + ": sub/b.html#nowhere leads to no place in that page",
                                 a + ": gone.svg leads to no file"});
  CHECK(pages.at(folder.path / "a.html").language == "en");
  CHECK(pages.at(folder.path / "sub/b.html").language == "zh-CN");
}

TEST_CASE("the_checker_sees_a_twin_that_lacks_something") {
  const ScratchFolder folder;
  const std::string page =
      "# A {#a}\n## B {#b}\n\\snippet x.cpp y\n![f](../figures/f.en.svg)\n<details>\n";
  folder.write("en.md", page);
  folder.write("zh.md", std::regex_replace(page, std::regex("f\\.en"), "f.zh"));
  CHECK(outline_of(folder.path / "en.md") == outline_of(folder.path / "zh.md"));
  for (const auto* part : {"## B {#b}\n", "\\\\snippet x.cpp y\n", "<details>\n"}) {
    const std::string pattern = std::regex_replace(part, std::regex(R"([{}.])"), R"(\$&)");
    folder.write("zh.md", std::regex_replace(page, std::regex(pattern), ""));
    INFO("without " << part);
    CHECK_FALSE(outline_of(folder.path / "en.md") == outline_of(folder.path / "zh.md"));
  }
}

// --- the notes ---

TEST_CASE("every_notes_page_has_its_twin") {
  std::vector<std::string> problems;
  const auto english = notes_in("en");
  const auto chinese = notes_in("zh");
  std::vector<std::string> alone;
  std::ranges::set_symmetric_difference(english, chinese, std::back_inserter(alone));
  for (const std::string& name : alone) problems.push_back(name + ": in one language only");
  for (const std::string& name : english) {
    const Outline en = outline_of(source_folder / "notes/en" / name);
    const Outline zh = outline_of(source_folder / "notes/zh" / name);
    if (en.headings != zh.headings) problems.push_back(name + ": headings or their ids differ");
    if (en.snippets != zh.snippets) problems.push_back(name + ": snippets differ");
    if (en.figures != zh.figures) problems.push_back(name + ": figures differ");
    if (en.questions != zh.questions) problems.push_back(name + ": questions differ");
    for (const std::string& heading : en.headings)
      if (heading.ends_with("without an id")) problems.push_back(name + ": " + heading);
  }
  require_none(problems);
}

TEST_CASE("every_snippet_comes_from_a_compiled_file") {
  std::string commands = read_text(COMPILE_COMMANDS);
  // Files that are compiled as one are named in that one.
  for (const auto& entry : nlohmann::json::parse(commands))
    if (const auto file = entry.at("file").get<fs::path>();
        file.parent_path().filename() == "Unity")
      commands += read_text(file);
  std::vector<std::string> problems;
  int seen = 0;
  for (const std::string& name : notes_in("en")) {
    for (const std::string& snippet : outline_of(source_folder / "notes/en" / name).snippets) {
      const std::string file = snippet.substr(0, snippet.find(' '));
      ++seen;
      if (commands.find((source_folder / file).string() + "\"") == std::string::npos)
        problems.push_back(name + ": " + file + " is not compiled");
    }
  }
  require_none(problems);
  CHECK(seen > 0);
}

TEST_CASE("every_test_that_the_notes_name_is_there") {
  static const std::regex definition(R"re(TEST_CASE\("(\w+)")re");
  std::set<std::string> tests;
  for (const auto& entry : fs::directory_iterator(source_folder / "tests/ftp")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = read_text(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), definition), end; at != end; ++at)
      tests.insert((*at)[1]);
  }
  // A paragraph that begins with this word; the names stand in backquotes.
  const auto named_in = [](const fs::path& file, const std::string& word) {
    static const std::regex name(R"(`([a-z0-9_]{12,})`)");
    std::vector<std::string> names;
    bool inside = false;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      inside = line.starts_with(word) || (inside && !line.empty());
      if (!inside) continue;
      for (std::sregex_iterator at(line.begin(), line.end(), name), end; at != end; ++at)
        names.push_back((*at)[1]);
    }
    return names;
  };
  const auto english = named_in(source_folder / "notes/en/19-post-mortem.md", "Test:");
  CHECK(english == named_in(source_folder / "notes/zh/19-post-mortem.md", "测试："));
  CHECK(english.size() > 20);
  std::vector<std::string> problems;
  for (const std::string& name : english)
    if (!tests.contains(name)) problems.push_back(name + ": there is no such test");
  require_none(problems);
}

// --- the built site ---

TEST_CASE("every_link_leads_somewhere") {
  CHECK(built_site().size() > 4);
  require_none(site::broken_links(built_site()));
}

TEST_CASE("every_page_names_its_language_and_links_its_twin") {
  std::vector<std::string> problems;
  for (const auto& [file, page] : built_site()) {
    const std::string folder = file.parent_path().filename().string();
    const std::string name = file.filename().string();
    if (folder != "en" && folder != "zh") continue;  // the landing page, the search's own frames
    const bool english = folder == "en";
    if (page.language != (english ? "en" : "zh-CN"))
      problems.push_back(file.string() + ": lang is '" + page.language + "'");
    const std::string other = english ? "../zh/"s : "../en/"s;
    const bool has_twin = fs::exists(file.parent_path() / (other + name));
    if (!site::links_to(page, other + (has_twin ? name : "index.html")))
      problems.push_back(file.string() + ": no link to the other language");
    if (!has_twin && (name.starts_with("notes_") || name.starts_with("lab_")))
      problems.push_back(file.string() + ": no twin in the other language");
  }
  require_none(problems);
}

TEST_CASE("notes_and_labs_link_each_other") {
  const auto labs = lab_pages();
  const auto& pages = built_site();
  std::vector<std::string> problems;
  for (const fs::path language : {"en", "zh"}) {
    std::set<std::string> without_lab = notes_in(language.string());
    without_lab.erase("index.md");
    // The capstone has notes, and no page of its own here.
    const auto capstone = nlohmann::json::parse(read_text(source_folder / "ftp/lab.json"));
    for (const std::string notes : capstone.at("notes")) without_lab.erase(notes + ".md");
    for (const LabPage& lab : labs) {
      if (lab.notes.empty()) problems.push_back(lab.name + ": no notes page belongs to it");
      for (const std::string& file : lab.notes) {
        without_lab.erase(file);
        const std::string notes = page_name("notes_", file);
        for (const auto& [from, to] : {std::pair(notes, lab.name), std::pair(lab.name, notes)}) {
          const auto page = pages.find(site_folder / language / from);
          if (page == pages.end())
            problems.push_back((language / from).string() + ": there is no such page");
          else if (!site::links_to(page->second, to))
            problems.push_back((language / from).string() + ": no link to " + to);
        }
      }
    }
    for (const std::string& file : without_lab)
      problems.push_back((language / file).string() + ": belongs to no lab");
  }
  require_none(problems);
}

TEST_CASE("no_percent_sign_of_the_notes_is_lost") {
  std::vector<std::string> problems;
  for (const std::string language : {"en", "zh"}) {
    for (const std::string& name : notes_in(language)) {
      const auto page = built_site().find(site_folder / language / page_name("notes_", name));
      if (page == built_site().end()) continue;  // index.md
      const auto written =
          std::ranges::count(read_text(source_folder / "notes" / language / name), '%');
      const auto shown = std::ranges::count(page->second.text, '%');
      if (shown < written)
        problems.push_back(language + "/" + name + ": " + std::to_string(written) + " written, " +
                           std::to_string(shown) + " shown");
    }
  }
  require_none(problems);
}

TEST_CASE("no_page_shows_its_markup") {
  std::vector<std::string> problems;
  for (const auto& [file, page] : built_site()) {
    const std::string name = file.filename().string();
    if (!name.starts_with("notes_") && !name.starts_with("lab_") && name != "index.html") continue;
    for (const std::string_view markup : {"**", "\\ref", "\\snippet", "](", "{#", "[TOC]"})
      if (const auto at = page.text.find(markup); at != std::string::npos)
        problems.push_back(file.string() + ": shows " + page.text.substr(at, 60));
  }
  require_none(problems);
}
