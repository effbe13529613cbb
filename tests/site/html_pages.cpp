#include "html_pages.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace site {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

struct Tag {
  std::string name;  ///< in small letters; "/div" closes a div
  Attributes attributes;
};

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return small;
}

std::string decoded(std::string text) {
  constexpr std::array<std::pair<std::string_view, char>, 4> entities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}}};
  for (const auto& [entity, character] : entities)
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1))
      text.replace(at, entity.size(), 1, character);
  return text;
}

/// "%20" and its kin, as they stand in links to files.
std::string without_percents(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                       std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    if (coded) {
      plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Reads the tag whose '<' stands at `at`; `at` is moved behind its '>'.
Tag read_tag(std::string_view html, std::size_t& at) {
  Tag tag;
  const auto skip_spaces = [&] {
    while (at < html.size() && is_space(html[at])) ++at;
  };
  const auto read_until = [&](std::string_view stops) {
    const std::size_t start = at;
    while (at < html.size() && !is_space(html[at]) &&
           stops.find(html[at]) == std::string_view::npos)
      ++at;
    return html.substr(start, at - start);
  };

  ++at;
  const std::string slash = at < html.size() && html[at] == '/' ? "/" : "";
  at += slash.size();
  tag.name = slash + lower(read_until("/>"));
  for (skip_spaces(); at < html.size() && html[at] != '>'; skip_spaces()) {
    if (html[at] == '/') {
      ++at;
      continue;
    }
    std::string name = lower(read_until("=/>"));
    std::string value;
    if (at < html.size() && html[at] == '=') {
      ++at;
      if (at < html.size() && (html[at] == '"' || html[at] == '\'')) {
        const std::size_t end = std::min(html.find(html[at], at + 1), html.size());
        value = html.substr(at + 1, end - at - 1);
        at = std::min(end + 1, html.size());
      } else {
        value = read_until(">");
      }
    }
    tag.attributes.emplace_back(std::move(name), decoded(std::move(value)));
  }
  at = std::min(at + 1, html.size());
  return tag;
}

bool leaves_the_site(std::string_view link) {
  const std::size_t colon = link.find(':');
  return link.starts_with("//") ||
         (colon != std::string_view::npos && link.find_first_of("/?#") > colon);
}

}  // namespace

Page read_page(std::string_view html) {
  Page page;
  int code_depth = 0;  // inside <code> and <div class="fragment"> nothing is prose
  for (std::size_t at = 0; at < html.size();) {
    if (html[at] != '<') {
      if (code_depth == 0) page.text += html[at];
      ++at;
      continue;
    }
    if (html.substr(at, 4) == "<!--") {
      at = std::min(html.find("-->", at), html.size() - 3) + 3;
      continue;
    }
    const Tag tag = read_tag(html, at);
    if (tag.name == "script" || tag.name == "style")
      at = std::min(html.find("</" + tag.name, at), html.size());
    if (tag.name == "code" || tag.name == "pre") ++code_depth;
    if (tag.name == "/code" || tag.name == "/pre") code_depth = std::max(0, code_depth - 1);
    bool is_code_line = false;
    for (const auto& [name, value] : tag.attributes) {
      if (name == "lang" && tag.name == "html") page.language = value;
      if (name == "id" || name == "name") page.anchors.insert(value);
      if (name == "href" || name == "src" || (name == "data" && tag.name == "object"))
        page.links.push_back(value);
      if (name == "class" && value == "line") is_code_line = true;
    }
    if (is_code_line) {  // a line of a snippet: one <div>, with links but no divs inside
      const std::size_t end = std::min(html.find("</div>", at), html.size());
      const Page line = read_page(html.substr(at, end - at));
      page.links.insert(page.links.end(), line.links.begin(), line.links.end());
      page.anchors.insert(line.anchors.begin(), line.anchors.end());
      at = end;
    }
  }
  return page;
}

Page read_page_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string html{std::istreambuf_iterator<char>(in), {}};
  return read_page(html);
}

std::map<std::filesystem::path, Page> read_site(const std::filesystem::path& folder) {
  std::map<std::filesystem::path, Page> pages;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".html")
      pages.emplace(entry.path().lexically_normal(), read_page_file(entry.path()));
  return pages;
}

std::vector<std::string> broken_links(const std::map<std::filesystem::path, Page>& pages) {
  std::vector<std::string> broken;
  for (const auto& [file, page] : pages) {
    for (const std::string& link : page.links) {
      if (link.empty() || leaves_the_site(link)) continue;
      const std::size_t hash = std::min(link.find('#'), link.size());
      const std::string path =
          without_percents(std::string_view(link).substr(0, std::min(link.find('?'), hash)));
      const std::string fragment = without_percents(std::string_view(link).substr(hash));
      const auto target = path.empty() ? file : (file.parent_path() / path).lexically_normal();
      if (!std::filesystem::exists(target)) {
        broken.push_back(file.string() + ": " + link + " leads to no file");
      } else if (fragment.size() > 1) {
        const auto other = pages.find(target);
        if (other != pages.end() && !other->second.anchors.contains(fragment.substr(1)))
          broken.push_back(file.string() + ": " + link + " leads to no place in that page");
      }
    }
  }
  return broken;
}

bool links_to(const Page& page, std::string_view file_name) {
  return std::ranges::any_of(page.links, [&](const std::string& link) {
    return link.substr(0, link.find('#')) == file_name;
  });
}

}  // namespace site
