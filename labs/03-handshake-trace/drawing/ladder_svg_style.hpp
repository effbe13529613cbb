// The style of lab 03's pictures. Used by ladder_svg.cpp alone.
#pragma once

#include <string_view>

namespace tracing {

/// The <style>, light and dark. An arrow and its label have the class of their kind: syn, data,
/// fin, rst, again (what was seen before, or late), ack.
extern const std::string_view ladder_style;

}  // namespace tracing
