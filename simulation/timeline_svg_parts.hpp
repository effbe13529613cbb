// What the picture of a timeline is made of beside its bars: its style and texts. Used by
// simulation/timeline_svg.cpp alone.
#pragma once

#include <string>
#include <string_view>

namespace simulation::drawing {

/// The <style> and the patterns, light and dark. Classes h0 to h7 fill with a colour, e0 to e7 draw
/// an edge of it.
extern const std::string_view svg_style;

/// Clean text as it stands in XML, also in an attribute in double quotes.
std::string escaped(std::string_view clean_text);

/// A number with two decimals at most, and always a point.
std::string figure(double value);

/// A guess of how wide a text of `size` pixels is in the reader's font, rather too wide than too
/// narrow.
double text_width(std::string_view clean_text, double size);

/// The text, or its beginning and an ellipsis, in `room` pixels.
std::string fitted(std::string_view clean_text, double room, double size);

}  // namespace simulation::drawing
