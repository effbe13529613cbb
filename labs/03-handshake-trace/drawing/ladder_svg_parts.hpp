// What lab 03's pictures are made of: their style, texts and lines, and the arrows. Used by
// ladder_svg*.cpp alone.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ladder.hpp"

namespace tracing::picture {

/// The <style>, light and dark. An arrow and its label have the class of their segment
/// (class_for() in words.hpp).
extern const std::string_view style;

// All in pixels.
inline constexpr double slant = 14;       ///< of an arrow whose delay is not known: time goes down
inline constexpr double least_fall = 36;  ///< of one that is known to be late

/// "12 34.5"
std::string point(double x, double y);

std::string text_at(double x, double y, std::string_view classes, std::string_view raw);

std::string path(std::string_view classes, const std::string& steps);

/// A segment's arrow.
struct Flight {
  const LadderRow* row = nullptr;
  bool right = true;
  double from = 0;                ///< y
  double to = 0;                  ///< y, where it would arrive
  std::vector<double> crossings;  ///< with others, in parts of its way
};

/// Fills in `crossings`. Takes the square of their number.
void find_crossings(std::vector<Flight>& flights);

/// The arrow between the ends' lines at `x`, with its labels and, where one points at it, all that
/// the segment says. Labels stand where nothing crosses.
std::string arrow(const Flight& flight, const std::array<double, 2>& x, const std::string& tooltip);

}  // namespace tracing::picture
