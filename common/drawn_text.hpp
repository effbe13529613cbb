// Text in drawings: clean, cut to the room there is, and as it stands in a picture (SVG) or a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// The text as it may stand in a line of a terminal and in XML: what is not UTF-8 becomes U+FFFD,
/// a control character (also one that turns the direction of writing) a space.
std::string clean(std::string_view text);

/// The characters of clean text, each with the marks that are put on it.
std::vector<std::string_view> characters(std::string_view clean_text);

/// The longest beginning of clean text that fits in `columns`, ending in `ellipsis` (one column)
/// when it was cut.
std::string cut(std::string_view clean_text, std::size_t columns, std::string_view ellipsis);

/// Clean text as it stands in XML, also in an attribute in double quotes.
std::string escaped(std::string_view clean_text);

/// A number with two decimals at most, and always a point.
std::string figure(double value);

/// A guess of how wide a text of `size` pixels is in the reader's font, rather too wide than too
/// narrow.
double text_width(std::string_view clean_text, double size);

/// The text, or its beginning and an ellipsis, in `room` pixels.
std::string fitted(std::string_view clean_text, double room, double size);

}  // namespace dialtone
