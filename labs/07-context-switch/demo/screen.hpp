// What the parts of the demo share in how they speak to a person.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulation/timeline.hpp"

namespace switch_demo {

/// A line in bold.
void heading(const std::string& text);

/// Text in lines that fit the terminal.
void say(const std::string& text);

/// "1,234,567"
std::string grouped(std::int64_t number);

/// A time in nanoseconds with three figures or so: "4.6 ns", "2.9 µs", "310 ms".
std::string spoken(double nanoseconds);

/// A bar of so many eighths of a column; whole columns where there is no Unicode.
std::string bar(std::size_t eighths);

/// How timelines are drawn on this terminal.
simulation::TextStyle text_style();

/// What is red when it is wrong and green when it is right.
std::string verdict(bool right);

}  // namespace switch_demo
