// Reads the pages of a built site and finds links that lead nowhere. It knows as much HTML as
// Doxygen writes: tags with quoted attributes, comments, scripts. It runs no scripts.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace site {

/// What a page says about itself and about others.
struct Page {
  std::string language;            ///< the lang attribute of <html>; empty where there is none
  std::set<std::string> anchors;   ///< the values of id and name: where a #fragment can lead
  std::vector<std::string> links;  ///< the values of href, src and <object data>, entities decoded
  std::string text;                ///< what is read, without tags, scripts and code
};

Page read_page(std::string_view html);

/// The page in this file. A file that cannot be read is an empty page.
Page read_page_file(const std::filesystem::path& file);

/// Every page below the folder, by its path.
std::map<std::filesystem::path, Page> read_site(const std::filesystem::path& folder);

/// One line for each link from a page to a file of the site that is not there, or to a place in a
/// page that is not there. Links that leave the site (https:, mailto:) are not followed.
std::vector<std::string> broken_links(const std::map<std::filesystem::path, Page>& pages);

/// Whether one of the page's links leads to the file of this name, wherever in it.
bool links_to(const Page& page, std::string_view file_name);

}  // namespace site
