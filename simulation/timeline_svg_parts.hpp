// What the picture of a timeline is made of beside its bars: its style. Used by
// simulation/timeline_svg.cpp alone.
#pragma once

#include <string_view>

#include "drawn_text.hpp"

namespace simulation::drawing {

/// The <style> and the patterns, light and dark. Classes h0 to h7 fill with a colour, e0 to e7 draw
/// an edge of it.
extern const std::string_view svg_style;

using dialtone::escaped;
using dialtone::figure;
using dialtone::fitted;
using dialtone::text_width;

}  // namespace simulation::drawing
