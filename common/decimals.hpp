// Figures for tables.
#pragma once

#include <cstdio>
#include <string>

namespace dialtone {

/// "3.40" for 3.4 and 2.
inline std::string with_decimals(double value, int decimals) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
  return digits;
}

}  // namespace dialtone
