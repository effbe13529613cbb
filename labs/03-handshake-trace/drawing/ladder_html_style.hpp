// The style of lab 03's page. Used by ladder_html.cpp alone.
#pragma once

#include <string_view>

namespace tracing {

extern const std::string_view page_style;

}  // namespace tracing
